"""Every method of every address: the owner may, the auditor looks, a stranger and nobody get nowhere."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from iam import audit, tenancy
from iam.models import User
from iam.permissions import ROLES, MemberRole, Permission
from portal.api.view import PUBLIC, View
from tests.api.world import EXAMPLES, PREFIX, Call, World, build, calls, views
from tests.domain.iam.fullness import refuse_new_events
from tests.people import People, client

# What may change where a request is refused: that it was, and that a token was used.
UNTIED = {"iam_auditevent", "iam_audithead", "iam_apitoken", "iam_signinattempt"}
LOOKS = [call for call in calls() if call.method in call.view.looks]
WRITES = [call for call in calls() if call.method != "GET" and call not in LOOKS]
every_call = pytest.mark.parametrize("call", calls(), ids=str)


@pytest.fixture
def world(us: People, now: datetime, call: Call) -> World:
    return build(us, now, call.example)


def send(api: Any, call: Call, world: World, **headers: str) -> Any:
    body = call.body(world)
    return api.generic(
        call.method,
        call.path(world),
        data=b"" if body is None else json.dumps(body).encode(),
        content_type="application/json" if body is not None else "",
        headers={**call.example.headers, **headers},
    )


def content(reply: HttpResponse) -> bytes:
    return b"".join(reply) if reply.streaming else reply.content


def database() -> dict[str, list[Any]]:
    """All rows that a refused request must leave as they are."""
    ours = [model._meta for model in apps.get_models() if model._meta.app_label in {"iam", "clouds"}]
    with tenancy.everyone(), connection.cursor() as cursor:
        return {one.db_table: _rows(cursor, one.db_table) for one in ours if one.db_table not in UNTIED}


def _rows(cursor: Any, table: str) -> list[Any]:
    cursor.execute(f'SELECT * FROM "{table}"')
    return sorted(map(repr, cursor.fetchall()))


def test_no_example_is_left_of_an_address_that_is_gone() -> None:
    assert {(route, method) for route, found in EXAMPLES.items() for method in found} == {
        (route, method) for route, view in views().items() for method in view.needs
    }


def test_a_view_without_a_permission_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="declares no permission"):
        type("Open", (View,), {"get": lambda view, request: None})


def test_only_accepting_an_invitation_is_open_to_anyone() -> None:
    assert [str(call) for call in calls() if call.view.needs[call.method] == PUBLIC] == [
        "POST invitations/accept"
    ]


@every_call
def test_the_owner_may(call: Call, world: World) -> None:
    reply = send(world.us.owner.api, call, world)
    assert reply.status_code == call.example.status, content(reply)
    if reply.status_code == 202:
        assert reply["Location"] == f"{PREFIX}operations/{reply.json()['id']}"
    if reply.status_code == 201 and "accept" not in call.route:
        assert world.us.owner.api.get(reply["Location"]).status_code == 200


@every_call
def test_the_reply_is_what_the_description_says(call: Call, world: World, described: "Description") -> None:
    reply = send(world.us.owner.api, call, world)
    schema = described.reply(call, reply.status_code)
    if schema is None:
        assert reply.status_code == 204 or "export" in call.route
        return
    Draft202012Validator(schema).validate(reply.json())


@every_call
@pytest.mark.parametrize("role", ["admin", "member", "auditor"])
def test_the_others_may_what_their_role_holds_and_a_refusal_is_audited(
    call: Call, world: World, role: str
) -> None:
    need = call.view.needs[call.method]
    person = world.us.insiders[role]
    before = database()
    reply = send(person.api, call, world)
    allowed = need == PUBLIC or need in person.actor.permissions
    if allowed:
        # A member sees own tokens only, so that the owner's is not there for them.
        hidden = role == "member" and call.route.startswith("tokens/")
        assert reply.status_code == (404 if hidden else call.example.status), content(reply)
        return
    assert reply.status_code == 403
    assert reply.json()["code"] == "permission_denied"
    assert database() == before
    with world.us.owner.here:
        last = audit.events(actor=world.us.owner.actor, limit=1).results[0]
    assert (last["outcome"], last["action"], last["actor_id"]) == ("denied", need, person.actor.id)


def test_an_auditor_holds_nothing_that_changes_anything() -> None:
    writes = {
        need
        for view in views().values()
        for method, need in view.needs.items()
        if method not in {"GET", "HEAD", *view.looks} and isinstance(need, Permission)
    }
    assert not ROLES[MemberRole.AUDITOR] & writes


@pytest.mark.parametrize("call", LOOKS, ids=str)
def test_a_look_changes_nothing_and_takes_no_write_lock(call: Call, world: World) -> None:
    before = database()
    with CaptureQueriesContext(connection) as seen:
        reply = send(world.us.auditor.api, call, world, **{"Idempotency-Key": "k1"})
    assert reply.status_code == call.example.status, content(reply)
    assert database() == before
    if connection.vendor == "sqlite":
        # The token's last use is written, and that is all.
        assert [one["sql"] for one in seen if one["sql"].startswith(("BEGIN", "SAVEPOINT"))][1:] == []


@every_call
def test_a_stranger_gets_nothing_and_changes_nothing(call: Call, world: World) -> None:
    before = database()
    reply = send(world.us.stranger.api, call, world)
    if "_id>" in call.route:
        assert reply.status_code == 404, content(reply)
        assert reply["Content-Type"] == "application/problem+json"
        assert database() == before
        assert said(reply) == said(send(world.us.stranger.api, call, nowhere(world)))
        return
    text = content(reply).decode()
    for identity in {*world.ids().values(), world.us.organization.name, world.us.owner.actor.id} - {
        "control-plane",
        "2",
    }:
        assert identity not in text or "accept" in call.route


def said(reply: Any) -> dict[str, Any]:
    return {name: value for name, value in reply.json().items() if name != "request_id"}


def nowhere(world: World) -> World:
    """The same world, where every id leads nowhere."""

    class Elsewhere(World):
        def ids(self) -> dict[str, str]:
            return {
                name: value if name in {"name", "number"} else value.split("_")[0] + "_" + "0" * 26
                for name, value in world.ids().items()
            }

    return Elsewhere(**vars(world))


@pytest.mark.services
@pytest.mark.parametrize("call", WRITES, ids=str)
def test_what_cannot_be_audited_is_not_done(call: Call, world: World) -> None:
    refuse_new_events()
    before = database()
    reply = send(world.us.owner.api, call, world)
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert database() == before


@every_call
def test_nobody_is_asked_who_they_are(call: Call, world: World) -> None:
    before = database()
    reply = send(client(), call, world)
    if call.view.needs[call.method] == PUBLIC:
        return
    assert reply.status_code == 401
    assert reply.json()["code"] == "not_authenticated"
    assert reply["WWW-Authenticate"].startswith("Bearer")
    assert database() == before


@every_call
def test_a_session_writes_only_with_its_csrf_token(call: Call, world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    user = User.objects.get(pk=world.us.owner.actor.id)
    browser.force_login(user)
    reply = send(browser, call, world)
    if call.view.needs[call.method] == PUBLIC or call.method == "GET":
        assert reply.status_code == call.example.status, content(reply)
        return
    assert (reply.status_code, reply.json()["code"]) == (403, "csrf_failed")


@every_call
def test_t3_an_external_id_is_refused_on_every_address(call: Call, world: World) -> None:
    before = database()
    body = {**(call.body(world) or {}), "nested": [{"external_id": "mine"}]}
    in_body = world.us.owner.api.generic(
        call.method, call.path(world), json.dumps(body), content_type="application/json"
    )
    mark = "&" if "?" in call.path(world) else "?"
    in_query = world.us.owner.api.generic(call.method, f"{call.path(world)}{mark}external_id=mine")
    for reply in (in_body, in_query):
        assert (reply.status_code, reply.json()["code"]) == (400, "external_id_not_accepted")
    assert database() == before


@every_call
def test_unknown_fields_are_refused_not_ignored(call: Call, world: World) -> None:
    before = database()
    body = {**(call.body(world) or {}), "colour": "blue"}
    if call.method == "GET":
        mark = "&" if "?" in call.path(world) else "?"
        reply = world.us.owner.api.get(f"{call.path(world)}{mark}colour=blue")
    else:
        reply = world.us.owner.api.generic(
            call.method, call.path(world), json.dumps(body), content_type="application/json"
        )
    assert reply.status_code == 400, content(reply)
    assert list(reply.json()["fields"]) == ["colour"]
    assert database() == before


class Description:
    """The API's own description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def reply(self, call: Call, status: int) -> dict[str, Any] | None:
        """The schema of a reply; None where it has no JSON body."""
        path = PREFIX + call.route
        for name in ("organization_id", "member_id", "invitation_id", "service_account_id", "token_id"):
            path = path.replace(f"<typeid:{name}>", f"{{{name}}}")
        for name in ("cloud_id", "operation_id", "event_id"):
            path = path.replace(f"<typeid:{name}>", f"{{{name}}}")
        path = path.replace("<slug:name>", "{name}").replace("<int:number>", "{number}")
        answers = self.document["paths"][path][call.method.lower()]["responses"]
        found = answers[str(status)].get("content", {}).get("application/json")
        return found and {**found["schema"], "components": self.document["components"]}


@pytest.fixture(scope="session")
def described(django_db_setup: None) -> Description:
    document = Client().get(f"{PREFIX}schema", headers={"Accept": "application/json"})
    assert document.status_code == 200
    return Description(json.loads(document.content))
