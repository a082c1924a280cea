"""What IAM's actions demand.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workers.sandbox.backends import backend
from workers.sandbox.calls import Call
from workers.sandbox.demands import Demand, pass_role, request_tags, resource_tags

#: Tags given at creation want the tagging action too: "Tagging and access control for IAM" in its user guide.
_TAGGING: Mapping[str, str] = {
    "CreateRole": "iam:TagRole",
    "CreateInstanceProfile": "iam:TagInstanceProfile",
    "CreatePolicy": "iam:TagPolicy",
}
_CREATES: Mapping[str, tuple[str, str]] = {
    "CreateRole": ("role", "RoleName"),
    "CreateInstanceProfile": ("instance-profile", "InstanceProfileName"),
    "CreatePolicy": ("policy", "PolicyName"),
    "CreateUser": ("user", "UserName"),
}


def iam_demands(call: Call) -> Iterator[Demand]:
    """Answer every permission of an IAM call."""
    arn, own = _subject(call)
    asked = request_tags(call.params.get("Tags"))
    if call.operation.startswith("Untag"):
        asked = {"aws:TagKeys": list(call.params.get("TagKeys", ()))}
    keys = _keys(call) | own | asked
    yield Demand(call.name, arn, keys)
    if asked and call.operation in _TAGGING:
        yield Demand(_TAGGING[call.operation], arn, keys)
    if call.operation == "AddRoleToInstanceProfile":
        role_arn, _ = _named(call, "roles", "role", str(call.params.get("RoleName", "")))
        yield pass_role(role_arn, "ec2.amazonaws.com")


def _subject(call: Call) -> tuple[str, dict[str, Any]]:
    """Answer the ARN that the action is checked on, and the condition keys of what stands there."""
    params = call.params
    if call.operation in _CREATES:
        kind, name = _CREATES[call.operation]
        path = params.get("Path") or "/"
        return f"arn:aws:iam::{call.account_id}:{kind}{path}{params.get(name, '')}", {}
    if "InstanceProfileName" in params:
        return _named(call, "instance_profiles", "instance-profile", str(params["InstanceProfileName"]))
    if "RoleName" in params:
        return _named(call, "roles", "role", str(params["RoleName"]))
    if "UserName" in params:
        return _named(call, "users", "user", str(params["UserName"]))
    return str(params.get("PolicyArn") or "*"), {}


def _named(call: Call, store: str, kind: str, name: str) -> tuple[str, dict[str, Any]]:
    """Answer ARN and tags of a role, profile or user by name; names are unique whatever their path."""
    held = getattr(backend("iam", call.account_id), store)
    found = next((one for one in held.values() if one.name == name), None)
    if found is None:
        return f"arn:aws:iam::{call.account_id}:{kind}/{name}", {}
    return str(found.arn), resource_tags(tag_map(found.tags), "iam")


def tag_map(tags: Any) -> dict[str, str]:
    """Answer tags as one mapping, in whichever of moto's shapes they are."""
    rows = tags.values() if isinstance(tags, dict) else tags or ()
    return {row["Key"]: row["Value"] for row in rows}


def _keys(call: Call) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if "PolicyArn" in call.params:
        keys["iam:PolicyARN"] = call.params["PolicyArn"]
    if "PermissionsBoundary" in call.params:
        keys["iam:PermissionsBoundary"] = call.params["PermissionsBoundary"]
    return keys
