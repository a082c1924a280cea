"""Short ways to write policy documents and to ask for decisions about them."""

from collections.abc import Mapping, Sequence
from typing import Any

from iam.policy.evaluate import Decision, PolicySet, Request, evaluate

Document = dict[str, Any]

ACCOUNT = "222222222222"
OTHER_ACCOUNT = "333333333333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/op_1"
USER = f"arn:aws:iam::{ACCOUNT}:user/jane"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BUCKET = "arn:aws:s3:::data"
OBJECT = "arn:aws:s3:::data/a/b.txt"


def document(*statements: Mapping[str, Any], version: str | None = "2012-10-17") -> Document:
    return ({"Version": version} if version else {}) | {"Statement": [dict(one) for one in statements]}


def allow(action: Any = "*", resource: Any = "*", **others: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | others


def deny(action: Any = "*", resource: Any = "*", **others: Any) -> Document:
    return {"Effect": "Deny", "Action": action, "Resource": resource} | others


def when(**operators: Mapping[str, Any]) -> Document:
    """An Allow of everything under conditions; `ForAnyValue__StringEquals` writes the colon."""
    return document(allow(Condition={name.replace("__", ":"): line for name, line in operators.items()}))


def ask(
    *identity: Document,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: str = ROLE,
    context: Mapping[str, Any] | None = None,
    resource_policies: Sequence[Document] = (),
    **others: Any,
) -> Decision:
    return evaluate(
        PolicySet(identity=list(identity), resource=resource_policies, **others),
        Request(action, resource, principal, context or {}),
    )
