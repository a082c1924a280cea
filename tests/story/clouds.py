"""Clouds as the stories make them: over REST, with the customer's part played by plain boto3."""

from typing import Any

import httpx

from tests.stack import Stack, settle
from tests.story.customer import create_role

REGION = "eu-central-1"


def reserve(api: httpx.Client, stack: Stack, name: str, region: str = REGION) -> dict[str, Any]:
    """A new cloud, with its trust documents under `trust`."""
    wish = {"name": name, "provider": "aws", "region": region, "account_id": stack.run["sandbox_account_id"]}
    answer = api.post("/clouds", json=wish)
    assert answer.status_code == 201, answer.text
    cloud: dict[str, Any] = answer.json()
    return {**cloud, "trust": api.get(f"/clouds/{cloud['id']}/trust").raise_for_status().json()}


def policy_of(api: httpx.Client, cloud: dict[str, Any], role_name: str) -> dict[str, Any]:
    """The document that the portal asks the customer to attach to the cross-account role."""
    path = f"/clouds/{cloud['id']}/policies/control-plane"
    answer = api.get(path, params={"role_name": role_name}).raise_for_status().json()
    document: dict[str, Any] = answer["document"]
    return document


def offered_role(api: httpx.Client, stack: Stack, cloud: dict[str, Any], **other: Any) -> str:
    """The ARN of a role of the customer's own naming; `other` may replace the trust `document`."""
    document = other.get("document", cloud["trust"]["trust_policy"])
    name = f"role-{cloud['name']}"
    return create_role(stack, name=name, document=document, policy=policy_of(api, cloud, name))


def connect(api: httpx.Client, cloud: dict[str, Any], arn: str, **more: Any) -> dict[str, Any]:
    """The connect operation, ended."""
    answer = api.post(f"/clouds/{cloud['id']}/connect", json={"role_arn": arn, **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"].endswith(answer.json()["id"])
    return settle(api, answer.json())


def connected(api: httpx.Client, stack: Stack, name: str, region: str = REGION) -> dict[str, Any]:
    """A connected cloud, with `role_arn`."""
    cloud = reserve(api, stack, name, region)
    arn = offered_role(api, stack, cloud)
    ended = connect(api, cloud, arn)
    assert ended["state"] == "succeeded", ended
    return {**cloud, "role_arn": arn}


def set_up(api: httpx.Client, cloud: dict[str, Any]) -> dict[str, Any]:
    """The set-up operation as it was accepted."""
    answer = api.post(f"/clouds/{cloud['id']}/setup", json={})
    assert answer.status_code == 202, answer.text
    operation: dict[str, Any] = answer.json()
    return operation


def delete(api: httpx.Client, cloud: dict[str, Any], *, bucket: str = "delete") -> dict[str, Any]:
    """The delete operation as it was accepted."""
    body = {"confirm_name": cloud["name"], "bucket": bucket, "reason": "the story ends"}
    answer = api.request("DELETE", f"/clouds/{cloud['id']}", json=body)
    assert answer.status_code == 202, answer.text
    operation: dict[str, Any] = answer.json()
    return operation
