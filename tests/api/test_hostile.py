"""Whatever is sent, the API answers with a refusal that says why, never with a failure of its own."""

import json
import os
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.db import OperationalError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core import NotSet
from schemathesis.core.result import Ok

from portal.api.bodies import MOST_NAMED, refuse_external_id
from tests.api.world import PREFIX, Example, World, build
from tests.people import People, client

EXAMPLES = int(os.environ.get("RAYDOCK_HOSTILE_EXAMPLES", "6"))
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PROBLEM = {"type", "title", "status", "code", "detail", "fields", "request_id"}


@pytest.fixture
def world(us: People, now: datetime) -> World:
    return build(us, now, Example())


def problem(reply: Any, status: int, code: str) -> dict[str, Any]:
    found: dict[str, Any] = reply.json()
    assert (reply.status_code, found["code"]) == (status, code), found
    assert reply["Content-Type"] == "application/problem+json"
    assert set(found) == PROBLEM
    assert found["request_id"] == reply["X-Request-Id"]
    return found


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "parse_error"),
        (b"\xff\xfe", "parse_error"),
        (b"[" * 100_000, "parse_error"),
        (b'{"name": NaN}', "parse_error"),
        (b'{"name": ' + b"9" * 5_000 + b"}", "parse_error"),
        (b"[]", "invalid"),
        (b"null", "invalid"),
        (b'"text"', "invalid"),
        (b'{"name": "\\u0000", "role": "member"}', "text_invalid"),
        (b'{"name": "\\ud800", "role": "member"}', "text_invalid"),
        (b'{"\\ud800": 1}', "text_invalid"),
        (b'{"name": ' + b'{"a":' * 40 + b"1" + b"}" * 41, "body_too_deep"),
        (b'{"name": {"$gt": ""}, "role": 7}', "invalid"),
        (b'{"name": "", "role": "emperor"}', "invalid"),
        (b'{"name": "%s", "role": "member"}' % (b"x" * 121), "invalid"),
    ],
)
def test_a_malformed_body_is_a_bad_request(us: People, body: bytes, code: str) -> None:
    api: Any = us.owner.api
    reply = api.generic("POST", f"{PREFIX}service-accounts", body, content_type="application/json")
    problem(reply, 400, code)


def test_a_body_that_is_too_large_is_refused(us: People) -> None:
    body = json.dumps({"name": "x" * 1_100_000})
    reply = us.owner.api.generic("POST", f"{PREFIX}service-accounts", body, content_type="application/json")
    problem(reply, 413, "body_too_large")


def test_a_refusal_of_many_fields_stays_short(us: People) -> None:
    body = json.dumps({f"field{number}": 1 for number in range(50_000)})
    reply = us.owner.api.generic("POST", f"{PREFIX}service-accounts", body, content_type="application/json")
    assert len(problem(reply, 400, "invalid")["fields"]) == MOST_NAMED
    assert len(reply.content) < 10_000


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "what"])
def test_only_json_is_read(us: People, kind: str) -> None:
    reply = us.owner.api.generic("POST", f"{PREFIX}service-accounts", "name=x", content_type=kind)
    problem(reply, 415, "unsupported_media_type")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png;q=0.3", "", "?"])
def test_json_is_answered_whatever_is_accepted(us: People, accept: str) -> None:
    reply = us.owner.api.get(f"{PREFIX}clouds", headers={"Accept": accept})
    assert (reply.status_code, reply["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    "query",
    [
        "cursor=%00",
        "cursor='",
        "cursor=" + "9" * 40,
        "cursor=-1",
        "cursor=%F0%9F%98%80",
        "limit=0",
        "limit=201",
        "limit=1e3",
        "limit=99999999999999999999999",
        "from=yesterday",
        "from=0000-00-00T00:00:00Z",
        "to=9999-12-31T23:59:59-14:00",
        "q=%00",
        "outcome=maybe",
    ],
)
def test_a_malformed_query_is_a_bad_request(us: People, query: str) -> None:
    reply = us.owner.api.get(f"{PREFIX}audit-events?{query}")
    assert reply.status_code == 400, reply.content
    assert set(reply.json()) == PROBLEM


@pytest.mark.parametrize(
    "path",
    [
        "clouds/",
        "clouds/x",
        "clouds/cld_" + "z" * 26,
        "clouds/../members",
        "nothing",
        "",
        "clouds/cld_01k%ff",
        "clouds/CLD_00000000000000000000000000",
    ],
)
def test_what_is_nowhere_is_not_found(us: People, path: str) -> None:
    problem(us.owner.api.get(PREFIX + path), 404, "not_found")
    problem(us.owner.api.post(PREFIX + path, {}), 404, "not_found")


def test_a_nul_in_an_address_is_a_bad_request(us: People) -> None:
    problem(us.owner.api.get(f"{PREFIX}clouds/cld_%00"), 400, "request_invalid")


def test_a_wrong_method_is_told_which_ones_there_are(us: People) -> None:
    for method in ("PUT", "OPTIONS", "TRACE", "BREW"):
        reply = us.owner.api.generic(method, f"{PREFIX}clouds")
        problem(reply, 405, "method_not_allowed")
        assert reply["Allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize(
    "header", ["Basic abc", "Bearer", "Bearer ", "Bearer \xff", "rdk_x", "Bearer rdk_x y"]
)
def test_a_malformed_authorization_is_unauthorized(us: People, header: str) -> None:
    reply = client().get(f"{PREFIX}clouds", headers={"Authorization": header})
    assert reply.status_code == 401
    assert set(reply.json()) == PROBLEM
    assert reply["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "spelling", ["external_id", "ExternalId", "external-id", "EXTERNAL ID", "externalID"]
)
def test_t3_no_spelling_of_an_external_id_passes(spelling: str) -> None:
    with pytest.raises(Exception, match="made by Raydock"):
        refuse_external_id({"a": [{"b": {spelling: 1}}]})


def test_a_failure_of_ours_tells_nothing_but_its_id(us: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        message = "secret detail"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("portal.api.members.members", fail)
    reply = us.owner.api.get(f"{PREFIX}members", headers={"X-Request-Id": "given-by-client"})
    found = problem(reply, 500, "internal_error")
    assert found["request_id"] == "given-by-client"
    assert "secret" not in reply.content.decode()


def test_a_database_that_is_away_is_told_as_such(us: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr("portal.api.members.members", fail)
    reply = us.owner.api.get(f"{PREFIX}members")
    problem(reply, 503, "database_unavailable")
    assert reply["Retry-After"] == "2"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TARGETS = ["service-accounts", "tokens", "invitations", "invitations/accept", "clouds", "clouds/{id}/connect"]


@pytest.mark.parametrize("target", TARGETS)
def test_any_json_at_all_is_answered_with_a_refusal(world: World, target: str) -> None:
    api = world.us.owner.api
    address = PREFIX + target.format(id=world.cloud.id)
    fields = ["name", "role", "email", "region", "account_id", "options", "scopes", "secret", "role_arn"]
    body = st.dictionaries(st.sampled_from(fields) | st.text(), ANY_JSON, max_size=5) | ANY_JSON

    @QUICK
    @given(body)
    def send(data: object) -> None:
        reply = api.generic("POST", address, json.dumps(data), content_type="application/json")
        assert reply.status_code < 500, reply.content
        assert reply.status_code in {201, 202} or set(reply.json()) == PROBLEM

    send()


def test_what_the_description_allows_never_fails(world: World) -> None:
    described = schemathesis.openapi.from_dict(client().get(f"{PREFIX}schema?format=json").json())
    tried: Counter[str] = Counter()
    for found in described.get_all_operations():
        assert isinstance(found, Ok), found
        try_out(found.ok(), world, tried)
    assert tried.total() > 45 * EXAMPLES / 2
    assert set(tried) >= {"200", "201", "204", "400", "404", "409"}


def try_out(operation: Any, world: World, tried: Counter[str]) -> None:
    """Send some requests that the description allows, half of them to things that exist."""
    api, known = world.us.owner.api, world.ids()

    @QUICK
    @given(operation.as_strategy(), st.booleans())
    def send(case: Any, real: bool) -> None:  # noqa: FBT001 - drawn
        if real:
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        body = "" if isinstance(case.body, NotSet) else json.dumps(case.body)
        reply = api.generic(
            case.method,
            f"{case.formatted_path}?{urlencode(case.query or {}, doseq=True)}",
            body,
            content_type="application/json",
            headers={name: str(value) for name, value in (case.headers or {}).items()},
        )
        tried[str(reply.status_code)] += 1
        assert reply.status_code < 500, (case.as_curl_command(), reply.content)

    send()
