"""What states, results and kinds are called in the console, with the tone and the icon they are shown in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Word(NamedTuple):
    """How one value is shown. `tone` is a class of the look: good, warn, bad, busy, idle or empty."""

    label: str
    tone: str
    icon: str


_GOOD, _WARN, _BAD, _BUSY, _IDLE = "good", "warn", "bad", "busy", "idle"

WORDS: Mapping[str, Word] = MappingProxyType(
    {
        # clouds
        "reserved": Word("Reserved", _IDLE, "circle-dashed"),
        "connecting": Word("Connecting", _BUSY, "loader-circle"),
        "connected": Word("Connected", "", "link"),
        "setting_up": Word("Setting up", _BUSY, "loader-circle"),
        "setup_failed": Word("Set-up failed", _BAD, "circle-x"),
        "registered": Word("Registered, not active", _WARN, "triangle-alert"),
        "active": Word("Ready", _GOOD, "circle-check"),
        "attention": Word("Needs attention", _WARN, "triangle-alert"),
        "suspended": Word("Suspended", _BAD, "ban"),
        "deleting": Word("Deleting", _BUSY, "loader-circle"),
        "delete_failed": Word("Delete failed", _BAD, "circle-x"),
        "deleted": Word("Deleted", _IDLE, "trash-2"),
        "recorded": Word("Record", "", "bookmark"),
        # operations and their steps
        "queued": Word("Queued", _IDLE, "clock"),
        "running": Word("Running", _BUSY, "loader-circle"),
        "waiting": Word("Waiting", _BUSY, "clock"),
        "succeeded": Word("Succeeded", _GOOD, "circle-check"),
        "failed": Word("Failed", _BAD, "circle-x"),
        "cancelled": Word("Cancelled", _IDLE, "ban"),
        "planned": Word("Planned", _IDLE, "circle-dashed"),
        "done": Word("Done", _GOOD, "circle-check"),
        "info": Word("Note", "", "info"),
        "unknown": Word("Not known", _WARN, "circle-question-mark"),
        # findings
        "PASS": Word("Passed", _GOOD, "circle-check"),
        "WARN": Word("Warning", _WARN, "triangle-alert"),
        "FAIL": Word("Failed", _BAD, "circle-x"),
        "UNKNOWN": Word("Not known", _WARN, "circle-question-mark"),
        # audit outcomes
        "denied": Word("Denied", _BAD, "shield-alert"),
        # roles and their trust
        "behind": Word("Behind this release", _WARN, "history"),
        "permissions_missing": Word("Permissions missing", _BAD, "shield-x"),
        "rotating": Word("Rotating", _BUSY, "rotate-cw"),
        # resources
        "present": Word("Present", _GOOD, "circle-check"),
        "created": Word("Present", _GOOD, "circle-check"),
        "missing": Word("Missing", _WARN, "circle-dashed"),
        "kept": Word("Kept", "", "archive"),
        # tokens and invitations
        "revoked": Word("Revoked", _IDLE, "ban"),
        "expired": Word("Expired", _IDLE, "clock"),
        "open": Word("Open", _BUSY, "mail"),
        "accepted": Word("Accepted", _GOOD, "circle-check"),
        "live": Word("Live", _GOOD, "circle-check"),
    },
)

OPERATION_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "connect": "Connect",
        "setup": "Set-up",
        "verify": "Verification",
        "delete": "Delete",
        "takedown": "Take down",
        "rotate": "Rotation",
        "register": "Registration",
    },
)

# The areas of the check catalogue in the order one looks at them when something is wrong.
AREAS: Mapping[str, str] = MappingProxyType(
    {
        "trust": "Trust",
        "role": "Cross-account role",
        "vpc": "Network",
        "subnets": "Subnets",
        "sg": "Security group",
        "cluster_role": "Cluster role",
        "mapping": "Mapped roles",
        "bucket": "Bucket",
        "quotas": "Quotas",
        "region": "Region",
        "partition": "Partition",
        "tags": "Tags",
    },
)


def word(value: object) -> Word:
    """Return how a value is shown; one that has no entry is shown as it is, without a tone."""
    text = str(value)
    return WORDS.get(text) or Word(text.replace("_", " ").capitalize(), "", "circle-dashed")
