"""The audit log only grows, and shows where anybody meddled with it."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from iam import audit, chain, tenancy
from iam.audit import AuditFilters
from iam.canonical import canonical
from iam.chain import Head, Link
from iam.errors import Denied
from iam.models import AuditEvent, AuditHead
from iam.organizations import organization_rename
from iam.paging import Page
from iam.signing import is_signed
from tests.domain.iam.fullness import refuse_new_events
from tests.people import People, Person

LENGTH = 60
ORGANIZATION = "org_chain"


def write(us: People, now: datetime, count: int = 3) -> None:
    for number in range(count):
        audit.append(
            actor=us.owner.actor,
            action="cloud.create",
            entity="cloud",
            target_id=f"cld_{number}",
            after={"number": number, "share": 0.1, "text": "Zürich \x00 \U0001f600"},
            now=now,
        )


def listed(who: Person, **more: Any) -> Page[dict[str, Any]]:
    with who.here:
        return audit.events(actor=who.actor, **more)


def rows() -> list[dict[str, Any]]:
    with tenancy.everyone():
        return [dict(row) for row in AuditEvent.objects.order_by("organization_id", "seq").values()]


def test_a_fresh_chain_holds_and_names_its_head(us: People, now: datetime) -> None:
    write(us, now)
    found = audit.verify(us.organization.id)
    assert (found.ok, found.broken_at) == (True, None)
    assert found.head == audit.head(us.organization.id)
    assert found.events == found.head.seq >= 3


def test_secrets_are_never_written(us: People, now: datetime) -> None:
    event = audit.append(
        actor=us.owner.actor,
        action="token.create",
        entity="token",
        target_id="tok_1",
        after={"password": "hunter2", "nested": [{"Client-Secret": "hunter2"}], "external_id": "shown"},
        now=now,
    )
    stored = canonical(event.after)
    assert "hunter2" not in stored
    assert "shown" in stored


@pytest.mark.services
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE iam_auditevent SET reason = 'nothing to see'",
        "DELETE FROM iam_auditevent",
        "UPDATE iam_audithead SET seq = 0",
        "DELETE FROM iam_audithead",
    ],
)
def test_the_database_refuses_to_rewrite_the_log(us: People, now: datetime, statement: str) -> None:
    write(us, now)
    before = rows()
    with (
        pytest.raises(DatabaseError, match="only grows"),
        tenancy.everyone(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert rows() == before


@pytest.mark.services
def test_the_database_refuses_the_back_door_of_its_kind(us: People, now: datetime) -> None:
    write(us, now)
    back_door = {
        "postgresql": "TRUNCATE iam_auditevent",
        "sqlite": "INSERT OR REPLACE INTO iam_auditevent SELECT * FROM iam_auditevent",
    }[connection.vendor]
    with (
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(back_door)


@pytest.mark.services
def test_without_its_audit_event_a_change_does_not_happen(us: People, now: datetime) -> None:
    refuse_new_events()
    with pytest.raises(DatabaseError, match="disk full"):
        organization_rename(actor=us.owner.actor, name="renamed", now=now)
    with tenancy.scope(us.organization.id):
        us.organization.refresh_from_db()
    assert us.organization.name == "ours"


def test_a_denied_attempt_is_written_with_what_was_wanted(us: People, now: datetime) -> None:
    audit.append_denied(
        actor=us.auditor.actor,
        denied=Denied("cloud.delete", "cloud.delete", target_kind="cloud", target_id="cld_9"),
        now=now,
    )
    last = listed(us.auditor).results[0]
    assert (last["outcome"], last["action"], last["target_id"]) == ("denied", "cloud.delete", "cld_9")
    assert last["actor_id"] == us.auditor.actor.id


def test_filters_find_what_they_say(us: People, now: datetime) -> None:
    write(us, now)
    filters: dict[str, Any] = {
        "actor": us.owner.actor.label.upper(),
        "action": "cloud.create",
        "entity": "cloud",
        "target": "cld_1",
        "outcome": "succeeded",
        "source_ip": "192.0.2.7",
        "q": "LD_1",
        "start": now,
    }
    for name, value in filters.items():
        alone = listed(us.owner, filters=AuditFilters(**{name: value})).results
        assert any(event["target_id"] == "cld_1" for event in alone), name
    together = listed(us.owner, filters=AuditFilters(**filters)).results
    assert [event["target_id"] for event in together] == ["cld_1"]
    assert listed(us.owner, filters=AuditFilters(end=now)).results == []


def test_pages_follow_one_another_without_gap_or_repeat(us: People, now: datetime) -> None:
    write(us, now, 10)
    seen: list[int] = []
    cursor = ""
    while True:
        found = listed(us.owner, cursor=cursor, limit=3)
        seen += [event["seq"] for event in found.results]
        cursor = found.next
        if not cursor:
            break
    assert seen == list(range(audit.head(us.organization.id).seq, 0, -1))


def test_each_organization_has_its_own_chain(us: People, now: datetime) -> None:
    write(us, now)
    ours, theirs = us.organization.id, us.others.id
    assert audit.verify(theirs).ok
    assert audit.head(ours) != audit.head(theirs)
    foreign = [chain.from_record(record) for record in audit.records(theirs)]
    assert chain.walk(ours, foreign).broken_at == 1


# An exported log, checked without a database


def export(us: People, path: Path) -> Path:
    path.write_text("".join(canonical(record) + "\n" for record in audit.records(us.organization.id)))
    return path


def verify_file(path: Path, *more: object) -> str:
    said = StringIO()
    call_command("audit_verify", "--file", str(path), *map(str, more), stdout=said)
    return said.getvalue()


def test_the_offline_verifier_accepts_an_export_and_finds_a_change(
    us: People, now: datetime, tmp_path: Path
) -> None:
    write(us, now)
    path = export(us, tmp_path / "log.jsonl")
    assert "the chain holds" in verify_file(path)
    path.write_text(path.read_text().replace('"target_id":"cld_1"', '"target_id":"cld_7"'))
    with pytest.raises(CommandError, match="do not hold"):
        verify_file(path)


def test_a_shortened_export_fails_against_a_signed_head(us: People, now: datetime, tmp_path: Path) -> None:
    write(us, now)
    statement = audit.signed_head(us.organization.id, now)
    head = tmp_path / "head.json"
    head.write_text(json.dumps(statement))
    path = export(us, tmp_path / "log.jsonl")
    key = statement["public_key"]
    assert "the chain holds" in verify_file(path, "--head", head, "--public-key", key)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert "the chain holds" in verify_file(path)
    with pytest.raises(CommandError, match="do not hold"):
        verify_file(path, "--head", head)


def test_a_head_signed_by_another_key_is_refused(us: People, now: datetime, tmp_path: Path) -> None:
    write(us, now)
    statement = audit.signed_head(us.organization.id, now)
    assert is_signed(statement, statement["public_key"])
    assert not is_signed({**statement, "seq": statement["seq"] - 1}, statement["public_key"])
    assert not is_signed(statement, "00" * 32)
    head = tmp_path / "head.json"
    head.write_text(json.dumps(statement))
    with pytest.raises(CommandError, match="signature"):
        verify_file(export(us, tmp_path / "log.jsonl"), "--head", head, "--public-key", "11" * 32)


def test_the_signing_key_is_for_its_owner_only(us: People, now: datetime) -> None:
    audit.signed_head(us.organization.id, now)
    mode = (settings.RAYDOCK.data_dir / "audit-signing.key").stat().st_mode & 0o777
    assert mode == 0o600


def test_the_command_checks_the_live_chains(us: People, now: datetime) -> None:
    write(us, now)
    said = StringIO()
    call_command("audit_verify", stdout=said)
    assert {line.split(":")[0] for line in said.getvalue().splitlines()} == {
        us.organization.id,
        us.others.id,
    }


# A thousand ways to meddle, each found where it happened


def links(count: int) -> list[Link]:
    made: list[Link] = []
    previous = chain.genesis(ORGANIZATION)
    for seq in range(1, count + 1):
        made.append(sealed(seq, previous, f"reason {seq}"))
        previous = made[-1].hash
    return made


def sealed(seq: int, previous: str, reason: str) -> Link:
    values = {name: f"{name} {seq}" for name in chain.FIELDS}
    values |= {"seq": str(seq), "reason": reason, "previous_hash": previous}
    content = chain.content(values.values())
    return Link(seq, previous, chain.digest(content), content)


def edit(log: list[Link], at: int) -> None:
    old = log[at]
    log[at] = Link(old.seq, old.previous, old.hash, old.content.replace("reason", "Reason"))


def edit_and_rehash(log: list[Link], at: int) -> None:
    log[at] = sealed(log[at].seq, log[at].previous, "rewritten")


def move_a_boundary(log: list[Link], at: int) -> None:
    old = log[at]
    content = old.content.replace(chain.SEPARATOR, "", 1)
    log[at] = Link(old.seq, old.previous, chain.digest(content), content)


def delete(log: list[Link], at: int) -> None:
    del log[at]


def delete_and_renumber(log: list[Link], at: int) -> None:
    del log[at]
    for place in range(at, len(log)):
        old = log[place]
        log[place] = Link(old.seq - 1, old.previous, old.hash, old.content)


def insert(log: list[Link], at: int) -> None:
    log.insert(at, sealed(log[at].seq, log[at].previous, "put in"))


def swap(log: list[Link], at: int) -> None:
    other = at + 1 if at + 1 < len(log) else at - 1
    log[at], log[other] = log[other], log[at]


def cut_the_tail(log: list[Link], at: int) -> None:
    del log[at:]


MEDDLERS: tuple[Callable[[list[Link], int], None], ...] = (
    edit,
    edit_and_rehash,
    move_a_boundary,
    delete,
    delete_and_renumber,
    insert,
    swap,
    cut_the_tail,
)


def test_a_thousand_tamperings_are_all_found_where_they_happened() -> None:
    whole = links(LENGTH)
    head = Head(whole[-1].seq, whole[-1].hash)
    assert chain.walk(ORGANIZATION, whole, head).ok
    chance = random.Random(2)
    for turn in range(1_000):
        meddle = MEDDLERS[turn % len(MEDDLERS)]
        at = chance.randrange(LENGTH)
        log = list(whole)
        meddle(log, at)
        found = chain.walk(ORGANIZATION, log, head)
        assert not found.ok, meddle.__name__
        assert found.broken_at is not None
        # Events count from 1; a rewritten event with a fresh hash shows where the next one fails to follow.
        assert -1 <= found.broken_at - (at + 1) <= 1, (meddle.__name__, at, found)


@pytest.mark.services
def test_a_rewritten_row_in_the_database_is_found(us: People, now: datetime) -> None:
    write(us, now)
    head = audit.head(us.organization.id)
    put_triggers_aside()
    with tenancy.everyone():
        AuditEvent.objects.filter(organization_id=us.organization.id, seq=head.seq - 1).update(reason="x")
    assert audit.verify(us.organization.id).broken_at == head.seq - 1
    with tenancy.everyone():
        AuditEvent.objects.filter(organization_id=us.organization.id, seq=head.seq).delete()
        AuditEvent.objects.filter(organization_id=us.organization.id, seq=head.seq - 1).update(reason="")
    found = audit.verify(us.organization.id)
    assert (found.broken_at, "missing" in found.reason) == (head.seq, True)
    with tenancy.everyone():
        earlier = AuditEvent.objects.get(organization_id=us.organization.id, seq=head.seq - 2)
        AuditHead.objects.filter(pk=us.organization.id).update(seq=earlier.seq, hash=earlier.hash)
    assert "put in" in audit.verify(us.organization.id).reason


def put_triggers_aside() -> None:
    """What an administrator of the database can do, and what the chain is for."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE iam_auditevent DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE iam_audithead DISABLE TRIGGER USER")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'iam_audit%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')
