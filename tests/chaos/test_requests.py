"""Every request that changes something, with the database failing at every statement and commit in turn.

Afterwards all is as before or all is done, never half; an answer of success only for what is written; and the
same request, sent again under its key, comes through.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from pydantic import SecretStr

from clouds import bell
from tests.api.world import Call, World, build, calls
from tests.chaos.goals import note
from tests.chaos.statements import Place, content, failing
from tests.people import People, client
from tests.stack import free_port

# Counters of attempts, which count whether or not the rest succeeds.
APART = frozenset({"iam_signinattempt"})
CHANGES = [call for call in calls() if call.method not in {"GET", *call.view.looks}]
MOST = 400
# What can be used once only: an invitation, and a token that was used to revoke itself.
USED_UP = {"POST invitations/accept": 404, "DELETE tokens/<typeid:token_id>": 401}
points: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def _figure() -> Iterator[None]:
    yield
    vendor = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    text = f"{len(points)} points: before or after, never between"
    note("R2", f"{len(CHANGES)} changing requests, {vendor}", text, "500 points", met=len(points) >= 500)


@pytest.fixture
def world(transactional_db: None, us: People, now: datetime, call: Call) -> World:
    """The request's world; the token was used a moment ago, so that its last use is not written again."""
    made = build(us, now, call.example)
    assert us.owner.api.get("/api/v1/tokens").status_code == 200
    return made


def send(call: Call, world: World) -> Any:
    """The request, always under the same key."""
    body = call.body(world)
    api = client(world.us.owner.token, raise_request_exception=False)
    return api.generic(
        call.method,
        call.path(world),
        data="" if body is None else json.dumps(body),
        content_type="application/json" if body is not None else "",
        headers={"Idempotency-Key": "the-same-each-time", **call.example.headers},
    )


@pytest.mark.parametrize("place", [Place.STATEMENT, Place.COMMIT])
@pytest.mark.parametrize("call", CHANGES, ids=str)
def test_a_request_is_carried_out_or_not_at_all(call: Call, world: World, place: Place) -> None:
    before = content(APART)
    for number in range(1, MOST):
        with failing(place, number) as one:
            answer = send(call, world)
        if not one.struck:
            break
        refused(answer)
        assert content(APART) == before, (place, number)
        points.append(number)
    assert answer.status_code == call.example.status
    done = content(APART)
    assert done != before
    repeated(call, world, done)


@pytest.mark.parametrize("call", CHANGES, ids=str)
def test_a_request_whose_commit_was_not_confirmed_is_done_once(call: Call, world: World) -> None:
    before = content(APART)
    for number in range(1, MOST):
        with failing(Place.REPLY, number) as one:
            answer = send(call, world)
        points.append(number)
        if content(APART) != before:
            break
        refused(answer)
    assert one.struck
    refused(answer)
    repeated(call, world, content(APART))


def repeated(call: Call, world: World, done: dict[str, list[str]]) -> None:
    """Sent again, a request changes nothing, and is answered as if it came for the first time."""
    again = send(call, world)
    assert again.status_code == USED_UP.get(str(call), call.example.status), again.content
    assert content(APART) == done


def refused(answer: Any) -> None:
    assert (answer.status_code, answer["Retry-After"]) == (503, "2"), answer.content
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("call", [one for one in CHANGES if one.example.status == 202], ids=str)
def test_a_request_for_work_is_accepted_although_nobody_hears_the_bell(
    call: Call, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = SecretStr(f"redis://127.0.0.1:{free_port()}/0")
    settings.RAYDOCK = settings.RAYDOCK.model_copy(update={"redis_url": address})
    monkeypatch.setattr(bell, "breaker", bell.Breaker(bell.SILENCE_SECONDS))
    bell._app.cache_clear()
    before = content(APART)
    assert send(call, world).status_code == 202
    bell._app.cache_clear()
    assert content(APART) != before
    points.append(1)
