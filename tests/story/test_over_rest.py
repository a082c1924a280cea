"""The whole story over REST alone, as the customer's engineer and an attacker would try it."""

from typing import Any

import httpx
import pytest

from tests.stack import Stack, settle
from tests.story.customer import create_role, tagged

REGION = "eu-central-1"


def reserve(api: httpx.Client, stack: Stack, name: str, region: str = REGION) -> dict[str, Any]:
    """A new cloud and its trust documents."""
    wish = {"name": name, "provider": "aws", "region": region, "account_id": stack.run["sandbox_account_id"]}
    answer = api.post("/clouds", json=wish)
    assert answer.status_code == 201, answer.text
    cloud: dict[str, Any] = answer.json()
    return {**cloud, "trust": api.get(f"/clouds/{cloud['id']}/trust").raise_for_status().json()}


def policy_of(api: httpx.Client, cloud: dict[str, Any]) -> dict[str, Any]:
    """The document that the portal asks the customer to attach to the cross-account role."""
    answer = api.get(f"/clouds/{cloud['id']}/policies/control-plane").raise_for_status().json()
    document: dict[str, Any] = answer["document"]
    return document


def connect(api: httpx.Client, cloud: dict[str, Any], arn: str, **more: Any) -> dict[str, Any]:
    """The connect operation, ended."""
    answer = api.post(f"/clouds/{cloud['id']}/connect", json={"role_arn": arn, **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"].endswith(answer.json()["id"])
    return settle(api, answer.json())


@pytest.fixture(scope="module")
def connected(stack: Stack) -> dict[str, Any]:
    """A cloud whose role was made by the customer from the documents alone."""
    with stack.client() as api:
        cloud = reserve(api, stack, "story")
        role = {"document": cloud["trust"]["trust_policy"], "policy": policy_of(api, cloud)}
        arn = create_role(stack, cloud["trust"], name="story-role", **role)
        assert connect(api, cloud, arn)["state"] == "succeeded"
        return {**cloud, "role_arn": arn}


def test_nothing_to_verified_to_gone(stack: Stack, api: httpx.Client, connected: dict[str, Any]) -> None:
    path = f"/clouds/{connected['id']}"
    plan = api.get(f"{path}/plan", params={"operation": "setup"}).raise_for_status().json()
    started = api.post(f"{path}/setup", json={})
    assert started.status_code == 202, started.text
    ended = settle(api, started.json())
    assert ended["state"] == "succeeded", ended

    cloud = api.get(path).json()
    assert cloud["state"] == "active"
    findings = api.get(f"{path}/findings").json()["results"]
    assert len(findings) > 30
    assert {item["status"] for item in findings if item["severity"] == "must"} == {"PASS"}
    there = tagged(stack, connected["id"], REGION)
    planned = {item["logical_name"] for item in plan["resources"]}
    known = api.get(f"{path}/resources").json()["results"]
    assert {item["logical_name"] for item in known} == planned
    assert sum(line.startswith("subnet") for line in there) >= 2
    assert {line.split()[0] for line in there} == {
        "vpc", "subnet", "gateway", "routes", "endpoint", "group", "role", "profile", "bucket",
    }  # fmt: skip

    body = {"confirm_name": "story", "bucket": "delete", "reason": "the story ends"}
    removed = api.request("DELETE", path, json=body)
    assert removed.status_code == 202, removed.text
    assert settle(api, removed.json())["state"] == "succeeded"
    assert tagged(stack, connected["id"], REGION) == []
    assert api.get("/audit-events/integrity").json()["ok"] is True
    actions = [
        item["action"]
        for item in api.get("/audit-events", params={"target": connected["id"]}).json()["results"]
    ]
    assert {"cloud.reserve", "cloud.connect", "cloud.setup", "cloud.delete"} <= set(actions)


def test_a_role_without_the_condition_is_refused_and_not_stored(stack: Stack, api: httpx.Client) -> None:
    cloud = reserve(api, stack, "careless")
    trust = cloud["trust"]["trust_policy"]
    careless = {
        **trust,
        "Statement": [{k: v for k, v in one.items() if k != "Condition"} for one in trust["Statement"]],
    }
    arn = create_role(stack, trust, name="careless", document=careless, policy=policy_of(api, cloud))
    ended = connect(api, cloud, arn)
    assert (ended["state"], ended["code"]) == ("failed", "external_id_not_required")
    assert api.get(f"/clouds/{cloud['id']}").json()["role_arn"] is None


def test_another_cloud_that_offers_the_same_role_learns_nothing(
    stack: Stack, api: httpx.Client, connected: dict[str, Any]
) -> None:
    thief = reserve(api, stack, "thief", "eu-west-1")
    same = connect(api, thief, connected["role_arn"], wait_seconds=1)
    absent = connect(api, thief, connected["role_arn"] + "-that-is-not-there", wait_seconds=1)
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
