"""Say whether an audit log holds: the live one, or an exported JSONL file without any database."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from iam import audit, chain, tenancy
from iam.chain import Head, Integrity, Link
from iam.models import Organization
from iam.signing import is_signed


class Command(BaseCommand):
    """`manage.py audit_verify [organization …]` or `manage.py audit_verify --file export.jsonl`."""

    help = "Say whether the audit log of each organization holds, or where it breaks."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take organizations, or a file and what it is held against."""
        parser.add_argument("organizations", nargs="*", help="organization ids; all of them by default")
        parser.add_argument("--file", type=Path, help="an unfiltered JSONL export to check instead")
        parser.add_argument("--head", type=Path, help="a signed head (JSON) that the log must pass through")
        parser.add_argument("--public-key", default="", help="the key the head must be signed with, in hex")

    def handle(self, *_: object, **options: Any) -> None:
        """Check and say the result; leave with an error where a log does not hold."""
        statement = signed_head(options["head"], options["public_key"]) if options["head"] else {}
        found = from_file(options["file"], statement) if options["file"] else live(options, statement)
        failed = 0
        for organization_id, integrity in found:
            self.stdout.write(sentence(organization_id, integrity))
            failed += not integrity.ok
        if failed:
            message = f"{failed} audit log(s) do not hold."
            raise CommandError(message)


def signed_head(path: Path, public_key: str) -> dict[str, Any]:
    """Return the statement in the file, if signed by this key (or, without one, by the key it names)."""
    statement: dict[str, Any] = json.loads(path.read_text())
    if not is_signed(statement, public_key or str(statement.get("public_key", ""))):
        message = f"The signature of {path} is not valid: take another copy of the head, or another key."
        raise CommandError(message)
    return statement


def expected_head(organization_id: str, statement: dict[str, Any]) -> Head | None:
    """Return the head that a log of this organization must pass through, as the statement says."""
    if not statement:
        return None
    if statement["organization_id"] != organization_id:
        message = (
            f"The head is of {statement['organization_id']}, the log of {organization_id}: they must match."
        )
        raise CommandError(message)
    return Head(int(statement["seq"]), str(statement["hash"]))


def live(options: dict[str, Any], statement: dict[str, Any]) -> Iterator[tuple[str, Integrity]]:
    """Yield the answer for each organization of this database."""
    signed = [str(statement["organization_id"])] if statement else all_organizations()
    for organization_id in options["organizations"] or signed:
        yield organization_id, audit.verify(organization_id, expected_head(organization_id, statement))


def all_organizations() -> list[str]:
    """Return the ids of all organizations."""
    with tenancy.everyone():
        return list(Organization.objects.order_by("id").values_list("id", flat=True))


def from_file(path: Path, statement: dict[str, Any]) -> Iterator[tuple[str, Integrity]]:
    """Yield the answer for an exported file, which holds one organization's events, oldest first."""
    with path.open(encoding="utf-8") as lines:
        first = lines.readline()
        lines.seek(0)
        try:
            organization_id = str(json.loads(first)["organization_id"])
            expected = expected_head(organization_id, statement)
            yield organization_id, chain.walk(organization_id, links(lines), expected)
        except (ValueError, KeyError, TypeError) as unreadable:
            message = f"{path} is not an export of an audit log: a line cannot be read ({unreadable})."
            raise CommandError(message) from None


def links(lines: Iterator[str]) -> Iterator[Link]:
    """Yield the chain's links from the lines of an export."""
    return (chain.from_record(json.loads(line)) for line in lines if line.strip())


def sentence(organization_id: str, found: Integrity) -> str:
    """Say the answer in one line."""
    if found.ok:
        return f"{organization_id}: {found.events} events, the chain holds up to {found.head.hash}"
    return f"{organization_id}: BROKEN at event {found.broken_at}: {found.reason}"
