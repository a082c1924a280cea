"""The hash chain that makes the audit log tamper-evident: how an event is hashed, and whether a chain holds.

An event's hash is the SHA-256 of its fields, in the order of FIELDS, joined by U+001F; the last field is the
hash of the event before. The first event follows `genesis(organization)`. No more is needed to check
a log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from iam.canonical import canonical

SEPARATOR = "\x1f"
FIELDS = (
    "id",
    "organization_id",
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "actor_role",
    "token_id",
    "action",
    "entity",
    "target_id",
    "target_name",
    "cloud_id",
    "before",
    "after",
    "outcome",
    "reason",
    "source_ip",
    "request_id",
    "operation_id",
    "previous_hash",
)
_SEQ, _PREVIOUS = FIELDS.index("seq"), FIELDS.index("previous_hash")


@dataclass(frozen=True)
class Link:
    """One event as the chain sees it: its place, its own hash, the hash before it, and its fields as text."""

    seq: int
    previous: str
    hash: str
    content: str


@dataclass(frozen=True)
class Head:
    """Where a chain ends: number and hash of its last event. (0, genesis) is a chain without events."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Integrity:
    """Whether a chain holds. `broken_at` is the first event that does not fit, or is missing."""

    ok: bool
    events: int
    head: Head
    broken_at: int | None = None
    reason: str = ""


def genesis(organization_id: str) -> str:
    """Return what the first event of an organization follows."""
    return sha256(f"raydock audit log of {organization_id}".encode()).hexdigest()


def moment(at: datetime) -> str:
    """Return a time as it is hashed and exported: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def content(values: Iterable[str]) -> str:
    """Return the text that is hashed, from the fields' texts in the order of FIELDS."""
    return SEPARATOR.join(values)


def digest(text: str) -> str:
    """Return the hash of an event's content."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def from_record(record: Mapping[str, Any]) -> Link:
    """Return the link of an exported event (one line of a JSONL export, parsed)."""
    texts = [_text(name, record[name]) for name in FIELDS]
    return Link(int(record["seq"]), str(record["previous_hash"]), str(record["hash"]), content(texts))


def _text(name: str, value: object) -> str:
    if name in {"before", "after"}:
        return "" if value is None else canonical(value)
    return str(value)


def walk(organization_id: str, links: Iterable[Link], expected: Head | None = None) -> Integrity:
    """Follow a chain from its first event; say whether it holds and, where given, passes `expected`."""
    head = Head(0, genesis(organization_id))
    passed = head if expected is not None and expected.seq == 0 else None
    for link in links:
        wrong = _misfit(head, link)
        if wrong:
            return broken(head, head.seq + 1, wrong)
        head = Head(link.seq, link.hash)
        passed = head if expected is not None and expected.seq == head.seq else passed
    if expected is None or passed == expected:
        return Integrity(ok=True, events=head.seq, head=head)
    if passed is None:
        return broken(head, head.seq + 1, f"events {head.seq + 1} to {expected.seq} are missing")
    return broken(head, expected.seq, "the event is not the one that the head of the chain names")


def broken(head: Head, at: int, reason: str) -> Integrity:
    """Return the answer for a chain that held up to `head` and does not at event number `at`."""
    return Integrity(ok=False, events=head.seq, head=head, broken_at=at, reason=reason)


def _misfit(head: Head, link: Link) -> str:
    if link.seq != head.seq + 1:
        return f"event {head.seq + 1} is missing: event {link.seq} stands in its place"
    if link.previous != head.hash:
        return "the event does not follow the one before it: one of the two was changed or put in"
    if link.content.count(SEPARATOR) != len(FIELDS) - 1 or digest(link.content) != link.hash:
        return "the content of the event was changed"
    return ""
