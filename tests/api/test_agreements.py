"""What a client can rely on: pages, ETags, idempotency keys, few queries, exports, a full description."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clouds.models import Cloud, Operation
from clouds.states import CloudState
from iam import tenancy
from iam.models import ApiToken, ServiceAccount
from tests import factories
from tests.api.world import PREFIX, Call, build, calls
from tests.people import PASSWORD, People, client, people

LISTS = [
    call
    for call in calls()
    if call.method == "GET" and call.view.__name__.endswith("s") and "integrity" not in call.route
]


def clouds(us: People, count: int, **more: Any) -> None:
    for _ in range(count):
        factories.cloud(us.organization.id, **more)


# Pages


def test_the_lists_are_all_here() -> None:
    assert len(LISTS) >= 14


def test_pages_are_followed_by_their_next_link(us: People) -> None:
    clouds(us, 7)
    api, seen = us.owner.api, []
    link: str | None = f"{PREFIX}clouds?limit=3&region=eu-central-1"
    while link:
        page = api.get(link).json()
        seen += [cloud["id"] for cloud in page["results"]]
        link = page["next"]
        assert link is None or "region=eu-central-1" in urlsplit(link).query
    with us.owner.here:
        assert seen == list(Cloud.objects.order_by("-id").values_list("id", flat=True))


def test_a_page_stays_where_it_is_while_the_list_grows(us: People) -> None:
    clouds(us, 4)
    api = us.owner.api
    first = api.get(f"{PREFIX}clouds?limit=2").json()
    clouds(us, 3)
    second = api.get(first["next"]).json()
    ids = [cloud["id"] for cloud in first["results"] + second["results"]]
    assert len(set(ids)) == 4
    assert second["next"] is None


@pytest.mark.services
@pytest.mark.parametrize("call", LISTS, ids=str)
def test_a_list_takes_few_queries_however_long_it_is(us: People, now: datetime, call: Call) -> None:
    world = build(us, now, call.example)
    few = queries(world.us, call.path(world))
    clouds(us, 20, state=CloudState.ACTIVE)
    with us.owner.here:
        for cloud in Cloud.objects.filter(organization_id=us.organization.id).exclude(pk=world.cloud.pk):
            factories.operation(cloud)
    assert queries(world.us, call.path(world)) == few
    assert 2 <= few <= 4  # one of them for the token


def queries(us: People, path: str) -> int:
    api = us.owner.api
    assert api.get(path).status_code == 200  # the token's last use is written once a minute
    with CaptureQueriesContext(connection) as seen:
        assert b"".join(api.get(path))
    if connection.vendor == "sqlite":
        assert not [one for one in seen if "SAVEPOINT" in one["sql"]], "a read must not take the write lock"
    return sum(one["sql"].startswith("SELECT") and "set_config" not in one["sql"] for one in seen)


# ETags


def test_what_a_client_has_already_is_not_sent_again(us: People) -> None:
    clouds(us, 1)
    first = us.owner.api.get(f"{PREFIX}clouds")
    again = us.owner.api.get(f"{PREFIX}clouds", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    clouds(us, 1)
    changed = us.owner.api.get(f"{PREFIX}clouds", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def test_head_answers_like_get_without_a_body(us: People) -> None:
    reply = us.owner.api.head(f"{PREFIX}clouds")
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply["ETag"] == us.owner.api.get(f"{PREFIX}clouds")["ETag"]


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("clouds/{cloud}", {"name": "one"}, {"name": "other"}),
        ("members/{member}", {"role": "auditor"}, {"role": "member"}),
        ("organizations/{organization}", {"name": "one"}, {"name": "other"}),
    ],
)
def test_a_change_of_what_was_changed_since_is_refused(
    us: People, path: str, one: dict[str, str], other: dict[str, str]
) -> None:
    cloud = factories.cloud(us.organization.id)
    address = PREFIX + path.format(cloud=cloud.id, member=us.member.place_id, organization=us.organization.id)
    api = us.owner.api
    read = {"If-Match": api.get(address)["ETag"]}
    changed = api.patch(address, one, headers=read)
    assert changed.status_code == 200
    late = api.patch(address, other, headers=read)
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert api.get(address).json() == changed.json()
    assert api.patch(address, other, headers={"If-Match": api.get(address)["ETag"]}).status_code == 200


# Idempotency keys


def test_a_repeated_request_gets_the_same_bytes_and_is_done_once(us: People) -> None:
    api, body = us.owner.api, {"name": "laptop", "scopes": ["read"]}
    replies = [api.post(f"{PREFIX}tokens", body, headers={"Idempotency-Key": "k1"}) for _ in range(3)]
    assert {reply.status_code for reply in replies} == {201}
    assert len({(reply.content, reply["Location"]) for reply in replies}) == 1
    with us.owner.here:
        assert ApiToken.objects.filter(name="laptop").count() == 1
    other = api.post(f"{PREFIX}tokens", {**body, "name": "x"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_new_token_is_nowhere_in_the_database_though_its_reply_is_kept(us: People) -> None:
    made = us.owner.api.post(
        f"{PREFIX}tokens", {"name": "laptop", "scopes": ["read"]}, headers={"Idempotency-Key": "k1"}
    ).json()
    body = made["secret"].split("_")[2].encode()
    with tenancy.everyone(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                assert all(body not in cell(value) for value in row), table


def cell(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def test_a_key_does_not_carry_over_to_who_may_not(us: People) -> None:
    headers = {"Idempotency-Key": "k1"}
    body = {"name": "bot", "role": "member"}
    assert us.owner.api.post(f"{PREFIX}service-accounts", body, headers=headers).status_code == 201
    assert us.member.api.post(f"{PREFIX}service-accounts", body, headers=headers).status_code == 403


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_of_changes_at_once_to_what_all_have_read_one_is_made(now: datetime) -> None:
    us = people(now)
    addresses = (f"{PREFIX}organizations/{us.organization.id}", f"{PREFIX}members/{us.member.place_id}")
    bodies = ([{"name": f"name {n}"} for n in range(8)], [{"role": "auditor"}, {"role": "admin"}] * 4)
    for address, changes in zip(addresses, bodies, strict=True):
        read = {"If-Match": us.owner.api.get(address)["ETag"]}

        def send(body: dict[str, str], address: str = address, read: dict[str, str] = read) -> int:
            try:
                return us.owner.api.patch(address, body, headers=read).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(send, changes)) == [200, *[412] * 7]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_who_accepts_two_invitations_at_once_comes_in_once(now: datetime) -> None:
    api = people(now).owner.api
    guest = {"email": "guest@example.com", "role": "member"}
    secrets = [api.post(f"{PREFIX}invitations", guest).json()["secret"] for _ in range(6)]

    def accept(secret: str) -> int:
        try:
            answer = {"secret": secret, "name": "Gert Guest", "password": PASSWORD}
            return client().post(f"{PREFIX}invitations/accept", answer).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(accept, secrets)) == [201, *[409] * 5]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_twenty_copies_of_a_setup_at_once_are_one_operation(now: datetime) -> None:
    us = people(now)
    cloud = factories.cloud(us.organization.id, CloudState.CONNECTED)

    def send(_: int) -> tuple[int, bytes]:
        try:
            reply = us.owner.api.post(
                f"{PREFIX}clouds/{cloud.id}/setup", {}, headers={"Idempotency-Key": "one"}
            )
            return reply.status_code, reply.content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        replies = set(pool.map(send, range(20)))
    assert [status for status, _ in replies] == [202]
    with us.owner.here:
        assert Operation.objects.count() == 1


# The audit log


def test_an_export_is_complete_verifiable_and_itself_on_record(us: People, tmp_path: Path) -> None:
    api = us.owner.api
    api.post(f"{PREFIX}service-accounts", {"name": "=cmd()", "role": "member"})
    reply = us.auditor.api.get(f"{PREFIX}audit-events/export")
    assert reply["Content-Type"] == "application/x-ndjson"
    assert reply["Content-Disposition"].startswith("attachment")
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(reply))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1]["action"] == "audit.export"
    head = tmp_path / "head.json"
    integrity = us.auditor.api.get(f"{PREFIX}audit-events/integrity").json()
    assert (integrity["ok"], integrity["events"]) == (True, len(lines))
    head.write_text(json.dumps(integrity["head"]))
    said = io.StringIO()
    call_command("audit_verify", "--file", str(path), "--head", str(head), stdout=said)
    assert "the chain holds" in said.getvalue()


def test_a_csv_export_opens_in_a_spreadsheet_without_running_anything(us: People) -> None:
    us.owner.api.post(f"{PREFIX}service-accounts", {"name": "=cmd()", "role": "member"})
    reply = us.auditor.api.get(f"{PREFIX}audit-events/export?format=csv&entity=service_account")
    rows = list(csv.DictReader(io.StringIO(b"".join(reply).decode())))
    assert [row["target_name"] for row in rows] == ["'=cmd()"]


def test_filters_by_time_and_person(us: People) -> None:
    us.admin.api.post(f"{PREFIX}service-accounts", {"name": "ci", "role": "member"})
    found = us.auditor.api.get(f"{PREFIX}audit-events?actor={us.admin.actor.label}").json()["results"]
    assert [event["action"] for event in found] == ["service_account.create"]
    at = datetime.fromisoformat(found[0]["at"])
    for start, count in ((at, 1), (at + timedelta(microseconds=1), 0)):
        query = {"actor": us.admin.actor.id, "from": start.isoformat()}
        assert len(us.auditor.api.get(f"{PREFIX}audit-events", query).json()["results"]) == count


# Names and descriptions


def test_removing_a_program_frees_its_name(us: People) -> None:
    api, wanted = us.owner.api, {"name": "robot", "role": "member"}
    assert api.post(f"{PREFIX}service-accounts", wanted).status_code == 409
    assert api.delete(f"{PREFIX}service-accounts/{us.program.place_id}").status_code == 204
    assert us.program.api.get(f"{PREFIX}clouds").status_code == 401
    assert api.post(f"{PREFIX}service-accounts", wanted).status_code == 201
    with us.owner.here:
        assert ServiceAccount.objects.filter(name="robot").count() == 2


def test_the_description_is_openapi_3_1_and_complete(us: People) -> None:
    document = us.owner.api.get(f"{PREFIX}schema?format=json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert "default" in operation["responses"]
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
