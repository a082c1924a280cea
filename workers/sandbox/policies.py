"""The policies that hang on principals and resources, read from moto's models."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from iam.policy.documents import Document, Kind, load, parse
from iam.policy.errors import PolicyError
from workers.sandbox.backends import backend
from workers.sandbox.credentials import ACCOUNTS
from workers.sandbox.errors import AwsRefusal
from workers.sandbox.principals import Principal

_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@lru_cache(maxsize=4096)
def document(text: str, kind: Kind) -> Document:
    """Answer a policy's text, read; raises PolicyError."""
    return parse(load(text), kind)


def find_role(arn: str) -> Any:
    """Answer moto's role of this ARN in whatever account, or None."""
    fields = arn.split(":")
    if len(fields) != 6 or not fields[5].startswith("role/"):  # noqa: PLR2004 - the six fields of an ARN
        return None
    roles = backend("iam", fields[4]).roles.values() if fields[4].isdigit() else ()
    return next((role for role in roles if role.arn == arn), None)


def identity_policies(principal: Principal) -> list[Document]:
    """Answer the policies that grant a caller something; none once its role is gone or made anew."""
    if principal.session is None:
        return [document(_EVERYTHING, Kind.IDENTITY)]
    role = _role_of(principal)
    if role is None:
        return []
    attached = (_default_version(policy) for policy in role.managed_policies.values())
    return [document(text, Kind.IDENTITY) for text in (*role.policies.values(), *attached)]


def boundary_policies(principal: Principal) -> list[Document] | None:
    """Answer the permissions boundary of a caller's role, None when it has none."""
    role = _role_of(principal) if principal.session else None
    arn = role.permissions_boundary_arn if role is not None else None
    if not arn:
        return None
    return [document(text, Kind.BOUNDARY) for text in managed_policies([arn])]


def session_policies(principal: Principal) -> list[Document] | None:
    """Answer the session policies of a caller, None when its session was not narrowed."""
    texts = principal.session.policies if principal.session else None
    return None if texts is None else [document(text, Kind.SESSION) for text in texts]


def managed_policies(arns: Iterable[str]) -> list[str]:
    """Answer the texts of customer-managed policies; those that do not exist are left out."""
    found = (backend("iam", arn.split(":")[4]).managed_policies.get(arn) for arn in arns)
    return [_default_version(policy) for policy in found if policy is not None]


def _role_of(principal: Principal) -> Any:
    session = principal.session
    role = find_role(session.role_arn) if session else None
    if session is None or role is None:
        return None
    # A role that was deleted and made again under its old name is another role, and so in AWS. The worker's
    # own session stands for one that is renewed all the time.
    renewed = session.expires_at is None
    return role if renewed or role.id == session.role_id else None


def _default_version(policy: Any) -> str:
    return str(next(one.document for one in policy.versions if one.version_id == policy.default_version_id))


def check_document(text: str, kind: Kind, code: str) -> None:
    """Raise AwsRefusal, as AWS does on writing, for a document that is malformed or names nobody real."""
    try:
        read = document(text, kind)
    except PolicyError as error:
        raise AwsRefusal(400, code, f"This policy contains invalid Json or grammar: {error}") from error
    for statement in read.statements:
        entries = statement.principals.entries if statement.principals else ()
        for named, value in entries:
            if named == "AWS" and _is_missing_role(value):
                raise AwsRefusal(400, code, f'Invalid principal in policy: "AWS":"{value}"')


def _is_missing_role(value: str) -> bool:
    """Roles of accounts that the sandbox does not have cannot be looked up, and pass."""
    fields = value.split(":")
    return ":role/" in value and fields[4] in ACCOUNTS and find_role(value) is None
