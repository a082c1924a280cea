#!/usr/bin/env python
"""Write the documents that are drawn from the code: states, checks and policies in docs, and .env.example.

`--check` writes nothing and fails when one of them is not what the code says.
"""

import difflib
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from clouds.checks import CATALOGUE  # noqa: E402 - the checkout must be importable first
from clouds.export.policies import Group, PolicyDocument, policy_documents  # noqa: E402
from clouds.specs import CloudSpec  # noqa: E402
from clouds.states import CLOUD_MOVES, FINAL, LOOKS, OPERATION_MOVES, CloudState, Kind  # noqa: E402
from portal.configuration import Configuration, Mode, is_secret, variable  # noqa: E402

NOTE = "<!-- Drawn from the code by tools/write_docs.py: change the code, then run `make docs`. -->"
# Where the value that a field has in an embedded Raydock would mislead in a real one.
EXAMPLES = {
    "mode": Mode.PRODUCTION.value,
    "secret_key": "change-me-to-the-output-of-the-command-in-docs-operations",
    "data_dir": "/var/lib/raydock",
    "static_root": "/app/build/static",
    "base_url": "https://raydock.example.com",
    "allowed_hosts": "raydock.example.com",
    "trusted_proxies": "1",
    "log_format": "json",
    "database_url": "postgresql://raydock:change-me@postgres:5432/raydock",
    "redis_url": "redis://redis:6379/0",
    "portal_role_arn": "arn:aws:iam::123456789012:role/raydock-portal",
}
# Set only where the sandbox runs, or derived from another setting.
LEFT_EMPTY = {"sandbox_token", "sandbox_account_id", "portal_account_id", "metrics_token", "aws_endpoint_url"}


def states() -> Iterator[str]:
    """docs/states.md: the moves of operations, and how clouds follow them."""
    yield from ("# States", "", NOTE, "")
    yield from ("## Operations", "", "An operation is a row; only these moves are legal, whoever asks.", "")
    yield from ("```mermaid", "stateDiagram-v2", "    [*] --> queued")
    for before, afters in OPERATION_MOVES.items():
        yield from (f"    {before} --> {after}" for after in sorted(afters))
    yield from (f"    {state} --> [*]" for state in sorted(FINAL))
    yield from ("```", "", "## Clouds", "")
    yield "What an operation may start on, and where the cloud is meanwhile and afterwards."
    yield "A set-up or verification that ends well but finds failed must-checks leaves the cloud in"
    yield "`attention`. Whatever finds the role open to others suspends the cloud, whatever else moves it;"
    yield "then only a verification of everything, asked for afterwards, makes it active again."
    yield ("Kinds that only look run beside others: " + ", ".join(sorted(LOOKS)) + ".")
    yield from ("", "| operation | starts on | meanwhile | done | failed |", "|---|---|---|---|---|")
    for kind in Kind:
        for state in CloudState:
            if course := CLOUD_MOVES[kind].get(state):
                yield f"| {kind} | {state} | {course.during} | {course.done} | {course.failed} |"


def checks() -> Iterator[str]:
    """docs/checks.md: every check by area, with what it needs to look at."""
    yield from ("# Checks", "", NOTE, "")
    yield "A failed *must* keeps a cloud from working; a *should* is advice. A check that was denied its look"
    yield "answers UNKNOWN and names the missing permission."
    ordered = sorted(CATALOGUE.values(), key=lambda check: (check.area, check.id))
    for area, members in groupby(ordered, key=lambda check: check.area):
        yield from ("", f"## {area}", "")
        yield from ("| check | severity | it asks | AWS actions |", "|---|---|---|---|")
        for check in members:
            actions = ", ".join(f"`{action}`" for action in check.actions) or "none"
            yield f"| `{check.id}` | {check.severity} | {check.title} | {actions} |"


EXAMPLE = CloudSpec(
    cloud_id="cld_01h455vb4pex5vsknk084sn02q",
    organization_id="org_01h455vb4pex5vsknk084sn02q",
    name="example",
    region="eu-central-1",
    account_id="222222222222",
    console_origin="https://raydock.example.com",
    portal_role_arn="arn:aws:iam::111111111111:role/raydock-portal",
)


def policies() -> Iterator[str]:
    """docs/policies.md: every document, which feature needs what, each difference and its reason."""
    yield from ("# Policies", "", NOTE, "")
    yield "Every document of a cloud, as its Policies page and `/clouds/{id}/policies` give it with its ids."
    yield "Where platforms of this kind usually hand out a policy for the same purpose, ours is held against"
    yield "it action by action: same, added, narrowed, changed (allowed where the usual policy never could)"
    yield "or left out. What this version of Raydock does not call itself is *yours to use*."
    documents = policy_documents(EXAMPLE, "an-external-id")
    for group in Group:
        yield from ("", f"## {group}")
        for one in documents:
            if one.group is group:
                yield from _policy(one)


def _policy(one: PolicyDocument) -> Iterator[str]:
    where = one.attach_to.replace(EXAMPLE.cloud_id.partition("_")[2], "…")
    yield from ("", f"### {one.name}", "", one.purpose, "", f"*{where}.*", "")
    yield from ("| needed for | actions |", "|---|---|")
    for use in one.features:
        mark = "" if use.called else " *Yours to use.*"
        yield f"| {use.feature}{mark} | {', '.join(f'`{action}`' for action in use.actions)} |"
    if one.managed_policies:
        yield from ("", f"Managed policies: {', '.join(f'`{arn}`' for arn in one.managed_policies)}.")
    if one.differences:
        yield from ("", "| action | against the usual policy | why |", "|---|---|---|")
        yield from (f"| `{row.action}` | {row.change} | {row.reason} |" for row in one.differences)


def environment() -> Iterator[str]:
    """.env.example: every setting there is, with what it means."""
    yield "# Every setting of Raydock. Drawn from portal/configuration.py: run `make docs`."
    yield "# Commented lines show the default. A secret can also be a file: put its path in NAME_FILE."
    for name, field in Configuration.model_fields.items():
        yield from ("", f"# {field.description}.")
        if name in EXAMPLES:
            yield f"{variable(name)}={EXAMPLES[name]}"
        elif name in LEFT_EMPTY or is_secret(field):
            yield f"#{variable(name)}="
        else:
            yield f"#{variable(name)}={_shown(field.default)}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main(*, check_only: bool) -> int:
    """Write, or compare; the exit code."""
    wanted: dict[str, Iterable[str]] = {
        "docs/states.md": states(),
        "docs/checks.md": checks(),
        "docs/policies.md": policies(),
        ".env.example": environment(),
    }
    stale = 0
    for name, lines in wanted.items():
        path, text = ROOT / name, "\n".join(lines) + "\n"
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        if kept == text:
            continue
        stale += 1
        if check_only:
            before, after = kept.splitlines(keepends=True), text.splitlines(keepends=True)
            sys.stdout.writelines(difflib.unified_diff(before, after, name, "code"))
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    if check_only and stale:
        print("The documents are not what the code says. Run `make docs`.")
    return 1 if check_only and stale else 0


if __name__ == "__main__":
    sys.exit(main(check_only="--check" in sys.argv))
