"""Who calls: the administrator of an account, or a session of a role."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

_KEY_LETTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What signs a request; `session_token` is empty for long-lived keys."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RoleSession:
    """What AssumeRole left behind: which role, under which name, narrowed how, and until when."""

    role_arn: str
    role_id: str
    name: str
    policies: tuple[str, ...] | None = None
    """The session policies as JSON text; None when the session was not narrowed."""
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    transitive_tags: frozenset[str] = frozenset()
    source_identity: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """One caller. An administrator (no `session`) may do everything in its own account."""

    keys: KeyPair
    account_id: str
    arn: str
    session: RoleSession | None = None

    @property
    def policy_arn(self) -> str:
        """Answer the ARN that policies name (`aws:PrincipalArn`): a session's role, else the user."""
        return self.session.role_arn if self.session else self.arn

    @property
    def user_id(self) -> str:
        """Answer `aws:userid`: `role id:session name`, or the user's id."""
        return f"{self.session.role_id}:{self.session.name}" if self.session else "AIDASANDBOXADMINISTR"

    def expired(self, now: datetime) -> bool:
        """Answer whether the session is over at `now` (aware UTC)."""
        ends = self.session.expires_at if self.session else None
        return ends is not None and now >= ends


def new_keys(prefix: str) -> KeyPair:
    """Answer fresh keys in AWS's shape; `prefix` is the four letters that say what kind they are."""
    key = prefix + "".join(secrets.choice(_KEY_LETTERS) for _ in range(16))
    return KeyPair(key, secrets.token_urlsafe(30), secrets.token_urlsafe(90) if prefix == "ASIA" else "")


def session_arn(role_arn: str, name: str) -> str:
    """Answer the ARN of a role's session: the role's path is not part of it, as in AWS."""
    account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{role}/{name}"


def administrator(account_id: str, keys: KeyPair) -> Principal:
    """Answer the administrator of one account."""
    return Principal(keys, account_id, f"arn:aws:iam::{account_id}:user/administrator")


def session_principal(session: RoleSession, keys: KeyPair) -> Principal:
    """Answer a role's session as a caller."""
    return Principal(
        keys, session.role_arn.split(":")[4], session_arn(session.role_arn, session.name), session
    )
