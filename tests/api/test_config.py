"""/clouds/{id}/config: JSON and YAML, comments, versions, and nobody overwriting anybody."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from clouds.models import Cloud
from clouds.states import CloudState
from clouds.versions import ConfigVersion
from portal.api.negotiation import wanted
from tests import factories
from tests.api.test_hostile import problem
from tests.api.world import JOBS, PREFIX, VISION, mapping
from tests.people import People, client, people

YAML = "application/yaml"


@pytest.fixture
def cloud(us: People) -> Cloud:
    return factories.cloud(us.organization.id, CloudState.ACTIVE)


def address(cloud: Cloud, rest: str = "") -> str:
    return f"{PREFIX}clouds/{cloud.id}/config{rest}"


def document(cloud: Cloud, *rules: tuple[str, str]) -> dict[str, Any]:
    return {
        "cloud_deployment_id": cloud.deployment_id,
        "cloud_provider": "AWS",
        "compute_stack": "VM",
        "dataplane_iam_mapping": mapping(*rules) if rules else {},
    }


def text(cloud: Cloud) -> str:
    return f"""\
# Owned by the platform team
cloud_deployment_id: {cloud.deployment_id}
cloud_provider: AWS
compute_stack: VM
dataplane_iam_mapping:
  mode: CUSTOMER_MANAGED
  rules:
    # notebooks
    - selector: workload-type in (workspace),user=user1@example.com
      value: role_name1
    - selector: workload-type in (job, service),user=user2@example.com
      value: role_name2   # by ticket
  default_rule: CLOUD_DEFAULT
"""


def put(api: Any, cloud: Cloud, body: Any, *, kind: str = "application/json", **headers: str) -> Any:
    sent = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {"If-Match": "*", **headers}
    return api.generic("PUT", address(cloud), sent, content_type=kind, headers=headers)


# Reading and writing


def test_a_new_cloud_has_the_empty_configuration_of_the_documentation(us: People, cloud: Cloud) -> None:
    reply = us.owner.api.get(address(cloud))
    assert reply.json() == document(cloud)
    assert list(reply.json()) == [
        "cloud_deployment_id", "cloud_provider", "compute_stack", "dataplane_iam_mapping",
    ]  # fmt: skip
    assert reply["ETag"] == '"v0-json"'


def test_yaml_comes_back_to_the_letter_with_its_comments(us: People, cloud: Cloud) -> None:
    api = us.owner.api
    made = put(api, cloud, text(cloud), kind=YAML, Accept=YAML)
    assert (made.status_code, made.content.decode()) == (200, text(cloud))
    assert made["Content-Type"] == "application/yaml; charset=utf-8"
    read = api.get(address(cloud), headers={"Accept": YAML})
    assert read.content.decode() == text(cloud)
    assert (read["ETag"], read["Vary"]) == ('"v1-yaml"', "Accept")
    assert api.get(address(cloud)).json()["dataplane_iam_mapping"]["rules"][1] == {
        "selector": "workload-type in (job, service),user=user2@example.com",
        "value": "role_name2",
    }


def test_comments_survive_a_change_sent_as_json(us: People, cloud: Cloud) -> None:
    api = us.owner.api
    put(api, cloud, text(cloud), kind=YAML)
    data = api.get(address(cloud)).json()
    data["dataplane_iam_mapping"]["rules"].reverse()
    data["dataplane_iam_mapping"]["rules"][1]["value"] = "other"
    assert put(api, cloud, data).json() == data
    source = api.get(f"{address(cloud)}?format=yaml").content.decode()
    assert "    # notebooks\n    - selector: workload-type in (workspace),user=user1@example.com\n" in source
    assert "      value: role_name2   # by ticket\n" in source
    assert "value: other" in source


@pytest.mark.parametrize(
    ("accept", "query", "form"),
    [
        ("", "", "json"),
        ("*/*", "", "json"),
        ("application/json", "", "json"),
        (YAML, "", "yaml"),
        ("text/yaml, */*;q=0.1", "", "yaml"),
        ("application/yaml;q=0.5, application/json", "", "json"),
        ("application/x-yaml, application/json;q=0.9", "", "yaml"),
        ("application/yaml;q=0", "", "json"),
        ("application/yaml;q=nan, ;;;,=", "", "json"),
        ("application/yaml;q=²", "", "json"),
        ("text/html", "", "json"),
        (YAML, "json", "json"),
        ("application/json", "yaml", "yaml"),
    ],
)
def test_the_form_is_negotiated(accept: str, query: str, form: str) -> None:
    assert wanted(accept, query) == form


def test_a_form_that_is_none_is_refused(us: People, cloud: Cloud) -> None:
    reply = us.owner.api.get(f"{address(cloud)}?format=xml")
    assert "format" in problem(reply, 400, "invalid")["fields"]


def test_what_a_client_has_already_is_not_sent_again(us: People, cloud: Cloud) -> None:
    headers = {"If-None-Match": '"v0-json"'}
    assert us.owner.api.get(address(cloud), headers=headers).status_code == 304
    put(us.owner.api, cloud, document(cloud, VISION))
    assert us.owner.api.get(address(cloud), headers=headers).status_code == 200


# Nobody overwrites anybody


def test_a_write_says_what_it_changes(us: People, cloud: Cloud) -> None:
    reply = put(us.owner.api, cloud, document(cloud, VISION), **{"If-Match": ""})
    assert "If-Match" in problem(reply, 428, "precondition_required")["detail"]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_stale_write_is_refused_and_told_which_version_counts(us: People, cloud: Cloud, form: str) -> None:
    api = us.owner.api
    first = api.get(f"{address(cloud)}?format={form}")["ETag"]
    assert put(api, cloud, document(cloud, VISION), **{"If-Match": first})["ETag"] == '"v1-json"'
    late = put(api, cloud, document(cloud, JOBS), **{"If-Match": first})
    assert "version 1 counts now" in problem(late, 412, "precondition_failed")["detail"]
    again = put(api, cloud, document(cloud, JOBS), **{"If-Match": f'"v1-{form}"'})
    assert again.status_code == 200


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_of_writes_at_once_one_is_made(now: datetime) -> None:
    us = people(now)
    cloud = factories.cloud(us.organization.id, CloudState.ACTIVE)

    def send(number: int) -> int:
        try:
            body = document(cloud, (f"project=p{number}", "role"))
            reply: Any = put(us.owner.api, cloud, body, **{"If-Match": '"v0-json"'})
            return int(reply.status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [200, *[412] * 5]


def test_a_repeated_write_is_done_once_and_gets_the_same_bytes(us: People, cloud: Cloud) -> None:
    api, headers = us.owner.api, {"Idempotency-Key": "k1", "If-Match": '"v0-json"', "Accept": YAML}
    replies = [put(api, cloud, text(cloud), kind=YAML, **headers) for _ in range(2)]
    assert {(one.status_code, one.content, one["ETag"], one["Content-Type"]) for one in replies} == {
        (200, text(cloud).encode(), '"v1-yaml"', "application/yaml; charset=utf-8")
    }
    other = put(api, cloud, text(cloud) + "# more\n", kind=YAML, **headers)
    problem(other, 422, "idempotency_key_reused")
    with us.owner.here:
        assert ConfigVersion.objects.count() == 1


def test_what_changes_nothing_makes_no_version(us: People, cloud: Cloud) -> None:
    api = us.owner.api
    assert put(api, cloud, document(cloud))["ETag"] == '"v0-json"'
    put(api, cloud, text(cloud), kind=YAML)
    assert put(api, cloud, text(cloud), kind=YAML)["ETag"] == '"v1-json"'


# Versions


def test_versions_say_who_when_why_and_what_changed(us: People, cloud: Cloud) -> None:
    api = us.owner.api
    put(api, cloud, document(cloud, VISION))
    reason = us.admin.api.generic(
        "PUT",
        f"{address(cloud)}?reason=jobs+asked",
        json.dumps(document(cloud, JOBS, VISION)),
        content_type="application/json",
        headers={"If-Match": '"v1-json"'},
    )
    assert reason.status_code == 200
    listed = api.get(address(cloud, "/versions")).json()["results"]
    assert [(one["number"], one["reason"]) for one in listed] == [(2, "jobs asked"), (1, "")]
    second = us.auditor.api.get(address(cloud, "/versions/2")).json()
    assert second["author"] == us.admin.actor.label
    assert second["document"] == document(cloud, JOBS, VISION)
    assert second["yaml"].startswith("cloud_deployment_id:")
    assert second["resolved"][0]["arn"] == f"arn:aws:iam::{cloud.account_id}:role/jobs"
    assert second["resolved"][0]["basis"] == "assumed"
    change = {"path": "dataplane_iam_mapping.rules[0]", "what": "added", "before": None}
    after = {"selector": JOBS[0], "value": JOBS[1]}
    assert second["difference"]["changes"] == [{**change, "after": after}]
    assert "+    - selector: workload-type=job\n" in second["difference"]["text"]


def test_any_two_versions_are_compared(us: People, cloud: Cloud) -> None:
    api = us.owner.api
    for rules in ([VISION], [JOBS], [VISION]):
        put(api, cloud, document(cloud, *rules))
    same = api.get(address(cloud, "/versions/3/diff?against=1")).json()
    assert (same["from"], same["to"], same["same"], same["changes"]) == (1, 3, True, [])
    before = api.get(address(cloud, "/versions/2/diff")).json()
    assert (before["from"], [one["what"] for one in before["changes"]]) == (1, ["changed"])
    start = api.get(address(cloud, "/versions/1/diff?against=0")).json()
    assert {one["what"] for one in start["changes"]} == {"added"}


@pytest.mark.parametrize("number", ["0", "7", "2147483648", "9" * 40])
def test_versions_that_are_not_there_are_not_found(us: People, cloud: Cloud, number: str) -> None:
    for rest in (f"/versions/{number}", f"/versions/{number}/diff"):
        problem(us.owner.api.get(address(cloud, rest)), 404, "not_found")


def test_versions_of_other_clouds_are_not_found(us: People, cloud: Cloud) -> None:
    other = factories.cloud(us.organization.id, CloudState.ACTIVE)
    put(us.owner.api, cloud, document(cloud, VISION))
    problem(us.owner.api.get(address(other, "/versions/1")), 404, "not_found")
    reply = us.owner.api.post(address(other, "/rollback"), {"version": 1})
    problem(reply, 404, "not_found")


def test_going_back_is_a_new_version(us: People, cloud: Cloud) -> None:
    api = us.owner.api
    put(api, cloud, text(cloud), kind=YAML)
    put(api, cloud, document(cloud, VISION))
    stale = api.post(address(cloud, "/rollback"), {"version": 1}, headers={"If-Match": '"v1-json"'})
    problem(stale, 412, "precondition_failed")
    made = api.post(address(cloud, "/rollback"), {"version": 1, "reason": "wrong"})
    assert (made.status_code, made["Location"]) == (201, address(cloud, "/versions/3"))
    assert (made.json()["restored_from"], made.json()["reason"]) == (1, "wrong")
    assert api.get(f"{address(cloud)}?format=yaml").content.decode() == text(cloud)
    problem(api.post(address(cloud, "/rollback"), {"version": 3}), 409, "already_current")


# What is refused


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"cloud_deployment_id": "cldrsrc_other"}, "cloud_deployment_id", "belongs to another cloud"),
        ({"cloud_provider": "GCP"}, "cloud_provider", "of this one is AWS"),
        ({"compute_stack": "K8S"}, "compute_stack", "must be VM"),
        ({"colour": "blue"}, "colour", "There is no such field"),
        ({"dataplane_iam_mapping": {"rule": []}}, "dataplane_iam_mapping.rule", "no such field"),
        (
            {"dataplane_iam_mapping": mapping(("project in (a", "x"))},
            "dataplane_iam_mapping.rules[0].selector",
            "should stand here",
        ),
        (
            {"dataplane_iam_mapping": mapping(("project=a", "no role"))},
            "dataplane_iam_mapping.rules[0].value",
            "neither the name nor the ARN",
        ),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_saved(
    us: People, cloud: Cloud, change: dict[str, Any], field: str, said: str
) -> None:
    found = problem(put(us.owner.api, cloud, {**document(cloud), **change}), 400, "config_invalid")
    assert said in found["fields"][field][0]
    assert us.owner.api.get(address(cloud))["ETag"] == '"v0-json"'


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ("a: &x [1]\nb: *x\n", "Line 15, column 4"),
        ("a: 1\na: 2\n", "Line 16, column 1"),
        ("a: !!python/object/apply:os.system [ls]\n", "Line 15, column 4"),
        ("a: [\n", "Line 16, column 1"),
        ("---\na: 1\n", "Line 15, column 1"),
        ("\ta: 1\n", "Line 15, column 1"),
        (f"a: {'[' * 30}\n", "Line 15, column 13"),
        ("cloud_provider: AWS\n", "Line 15, column 1"),
        ("colour: blue\n", "Line 15, column 9"),
    ],
)
def test_hostile_yaml_is_refused_with_line_and_column(
    us: People, cloud: Cloud, broken: str, place: str
) -> None:
    source = text(cloud) + "\n" + broken
    found = problem(put(us.owner.api, cloud, source, kind=YAML), 400, "config_invalid")
    assert place in found["detail"]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"", b"- a", b"text", b"null", b"a: \x00", b"# nothing\n", b"x" * 300_000]
)
def test_a_body_that_is_no_configuration_is_a_bad_request(us: People, cloud: Cloud, body: bytes) -> None:
    for kind in (YAML, "application/json"):
        reply = put(us.owner.api, cloud, body, kind=kind)
        assert reply.status_code == 400, reply.content


def test_a_field_that_stands_twice_in_json_is_refused(us: People, cloud: Cloud) -> None:
    body = json.dumps(document(cloud))[:-1] + ', "cloud_provider": "AWS"}'
    assert "stands twice" in problem(put(us.owner.api, cloud, body), 400, "parse_error")["detail"]


def test_many_fields_of_which_the_last_stands_twice_are_refused_at_once(us: People, cloud: Cloud) -> None:
    fields = ",".join(f'"f{number}":1' for number in [*range(60_000), 59_999])
    began = time.process_time()
    problem(put(us.owner.api, cloud, f"{{{fields}}}"), 400, "parse_error")
    assert time.process_time() - began < 4


def test_an_external_id_in_yaml_is_refused(us: People, cloud: Cloud) -> None:
    reply = put(us.owner.api, cloud, text(cloud) + "external_id: mine\n", kind=YAML)
    problem(reply, 400, "external_id_not_accepted")


def test_half_a_character_in_yaml_is_refused(us: People, cloud: Cloud) -> None:
    reply = put(us.owner.api, cloud, text(cloud) + 'a: "\\ud800"\n', kind=YAML)
    problem(reply, 400, "text_invalid")


@pytest.mark.parametrize("kind", ["text/plain", "application/toml", "multipart/form-data; boundary=x"])
def test_other_forms_are_not_read(us: People, cloud: Cloud, kind: str) -> None:
    problem(put(us.owner.api, cloud, text(cloud), kind=kind), 415, "unsupported_media_type")


def test_a_token_that_only_reads_does_not_write(us: People, cloud: Cloud) -> None:
    made = us.owner.api.post(f"{PREFIX}tokens", {"name": "reader", "scopes": ["read"]}).json()
    reply = put(client(made["secret"]), cloud, document(cloud, VISION))
    problem(reply, 403, "permission_denied")
