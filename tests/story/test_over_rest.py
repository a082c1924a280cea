"""The whole story over REST alone, as the customer's engineer and an attacker would try it."""

from typing import Any

import httpx
import pytest

from tests.stack import Stack, settle
from tests.story.clouds import REGION, connect, connected, delete, offered_role, reserve, set_up
from tests.story.customer import tagged


@pytest.fixture(scope="module")
def cloud(stack: Stack) -> dict[str, Any]:
    """A cloud whose role was made by the customer from the documents alone."""
    with stack.client() as api:
        return connected(api, stack, "story")


def test_nothing_to_verified_to_gone(stack: Stack, api: httpx.Client, cloud: dict[str, Any]) -> None:
    path = f"/clouds/{cloud['id']}"
    plan = api.get(f"{path}/plan", params={"operation": "setup"}).raise_for_status().json()
    ended = settle(api, set_up(api, cloud))
    assert ended["state"] == "succeeded", ended

    assert api.get(path).json()["state"] == "active"
    findings = api.get(f"{path}/findings").json()["results"]
    assert len(findings) > 30
    assert {item["status"] for item in findings if item["severity"] == "must"} == {"PASS"}
    there = tagged(stack, cloud["id"], REGION)
    planned = {item["logical_name"] for item in plan["resources"]}
    known = api.get(f"{path}/resources").json()["results"]
    assert {item["logical_name"] for item in known} == planned
    assert sum(line.startswith("subnet") for line in there) >= 2
    assert {line.split()[0] for line in there} == {
        "vpc", "subnet", "gateway", "routes", "endpoint", "group", "role", "profile", "bucket",
    }  # fmt: skip

    assert settle(api, delete(api, cloud))["state"] == "succeeded"
    assert tagged(stack, cloud["id"], REGION) == []
    assert api.get("/audit-events/integrity").json()["ok"] is True
    actions = [
        item["action"] for item in api.get("/audit-events", params={"target": cloud["id"]}).json()["results"]
    ]
    assert {"cloud.create", "cloud.connect", "cloud.setup", "cloud.delete"} <= set(actions)


def test_a_role_without_the_condition_is_refused_and_not_stored(stack: Stack, api: httpx.Client) -> None:
    cloud = reserve(api, stack, "careless")
    trust = cloud["trust"]["trust_policy"]
    bare = [{name: value for name, value in one.items() if name != "Condition"} for one in trust["Statement"]]
    ended = connect(api, cloud, offered_role(api, stack, cloud, document={**trust, "Statement": bare}))
    assert (ended["state"], ended["code"]) == ("failed", "external_id_not_required")
    assert api.get(f"/clouds/{cloud['id']}").json()["role_arn"] is None


def test_another_cloud_that_offers_the_same_role_learns_nothing(
    stack: Stack, api: httpx.Client, cloud: dict[str, Any]
) -> None:
    thief = reserve(api, stack, "thief", "eu-west-1")
    same = connect(api, thief, cloud["role_arn"], wait_seconds=1)
    absent = connect(api, thief, cloud["role_arn"] + "-that-is-not-there", wait_seconds=1)
    assert (
        (same["state"], same["code"]) == (absent["state"], absent["code"]) == ("failed", "role_not_assumable")
    )
    assert same["message"] == absent["message"].replace("-that-is-not-there", "")


@pytest.mark.parametrize(
    ("verb", "path"), [("POST", "/clouds"), ("PATCH", "/clouds/{id}"), ("POST", "/clouds/{id}/connect")]
)
def test_an_external_id_in_a_request_is_refused(
    api: httpx.Client, stack: Stack, verb: str, path: str
) -> None:
    cloud = reserve(api, stack, f"chosen-{verb}-{len(path)}".lower())
    answer = api.request(verb, path.format(**cloud), json={"external_id": "mine"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "external_id_not_accepted"
