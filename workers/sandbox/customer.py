"""The customer's part: makes, changes and removes a role in a customer's account, as its owner would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from iam.policy.documents import Kind
from workers.sandbox.backends import backend
from workers.sandbox.credentials import CUSTOMER_ACCOUNTS
from workers.sandbox.errors import AwsRefusal
from workers.sandbox.policies import check_document


class CustomerError(ValueError):
    """What was asked cannot be done; the text says why."""


def put_role(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the role after it was created or brought to `asked`: trust_policy, policies by name, tags.

    Policies and tags that are not named stay as they are. A role that exists keeps its id, so sessions and
    propagation go on. Raises CustomerError.
    """
    account, name = _subject(asked)
    trust = json.dumps(asked.get("trust_policy"))
    policies = {key: json.dumps(value) for key, value in dict(asked.get("policies") or {}).items()}
    try:
        check_document(trust, Kind.RESOURCE, "MalformedPolicyDocument")
        for text in policies.values():
            check_document(text, Kind.IDENTITY, "MalformedPolicyDocument")
    except AwsRefusal as error:
        raise CustomerError(error.message) from error
    tags = [{"Key": key, "Value": value} for key, value in dict(asked.get("tags") or {}).items()]
    iam = backend("iam", account)
    role = _find(iam, name) or iam.create_role(name, trust, asked.get("path", "/"), None, "", [], 3600)
    role.assume_role_policy_document = trust
    role.policies = policies if "policies" in asked else role.policies
    role.tags = tags if "tags" in asked else role.tags
    return _described(account, role)


def remove_role(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the role that was removed, with its policies; raises CustomerError when it is not there."""
    account, name = _subject(asked)
    iam = backend("iam", account)
    role = _find(iam, name)
    if role is None:
        raise CustomerError(f"Account {account} has no role {name}.")
    for profile in iam.instance_profiles.values():
        profile.roles = [one for one in profile.roles if one is not role]
    role.policies = {}
    role.managed_policies = {}
    iam.delete_role(name)
    return _described(account, role)


def _subject(asked: Mapping[str, Any]) -> tuple[str, str]:
    account, name = str(asked.get("account_id", "")), str(asked.get("role_name", ""))
    if account not in CUSTOMER_ACCOUNTS or not name:
        accounts = " or ".join(CUSTOMER_ACCOUNTS)
        raise CustomerError(f"Name the account_id ({accounts}) and the role_name.")
    return account, name


def _find(iam: Any, name: str) -> Any:
    return next((role for role in iam.roles.values() if role.name == name), None)


def _described(account: str, role: Any) -> dict[str, Any]:
    return {"account_id": account, "role_name": role.name, "role_arn": role.arn, "role_id": role.id}
