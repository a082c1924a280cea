"""Policy documents that the tests here use again and again."""

from typing import Any

from tests.sandbox import PORTAL_ROLE

TAG = "raydock-cloud-id"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def trust(
    principal: Any = PORTAL_ROLE, *, external_id: str | None = None, actions: Any = "sts:AssumeRole"
) -> Any:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return policy(statement)


ENTER = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
EC2_TRUST = policy(
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
)
EVERYTHING = policy(allow("*"))


def tags(kind: str, cloud: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": TAG, "Value": cloud}]}]
