"""What a call demands: the permissions that AWS asks for, each on one resource with its condition keys.

The tables follow the Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.sandbox.calls import Call

Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Demand:
    """One permission on one resource; `context` holds the keys that belong to this resource alone.

    `item` is the position of what it is about where a call names many things and each is answered by itself.
    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    item: int = 0


def request_tags(tags: Iterable[Mapping[str, str]] | None) -> dict[str, Any]:
    """Answer the condition keys of tags that a request sets: aws:RequestTag/* and aws:TagKeys."""
    named = {one["Key"]: one.get("Value", "") for one in tags or ()}
    if not named:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in named.items()} | {"aws:TagKeys": list(named)}


def resource_tags(tags: Mapping[str, str], service: str) -> dict[str, Any]:
    """Answer the condition keys of tags that a resource has: aws:ResourceTag/* and the service's own."""
    return {
        f"{prefix}:ResourceTag/{key}": value for prefix in ("aws", service) for key, value in tags.items()
    }


def common_context(call: Call) -> dict[str, Any]:
    """Answer the keys that AWS sets on every request. The sandbox counts as reached over TLS."""
    session = call.caller.session
    keys: dict[str, Any] = {
        "aws:PrincipalArn": call.caller.policy_arn,
        "aws:PrincipalAccount": call.account_id,
        "aws:PrincipalType": "AssumedRole" if session else "User",
        "aws:userid": call.caller.user_id,
        "aws:SecureTransport": True,
        "aws:ViaAWSService": False,
        "aws:PrincipalIsAWSService": False,
        "aws:RequestedRegion": call.region,
        "aws:CurrentTime": call.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": int(call.at.timestamp()),
        "aws:SourceIp": call.http.peer,
        "aws:UserAgent": call.http.headers.get("user-agent", ""),
    }
    if session:
        keys |= {f"aws:PrincipalTag/{key}": value for key, value in session.tags.items()}
        if session.source_identity:
            keys["aws:SourceIdentity"] = session.source_identity
    return keys


def pass_role(role_arn: str, service: str) -> Demand:
    """Answer the permission to hand a role to a service."""
    return Demand("iam:PassRole", role_arn, {"iam:PassedToService": service})
