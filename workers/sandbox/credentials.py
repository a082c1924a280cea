"""Which access key belongs to whom: the keys file, and the sessions that AssumeRole handed out.

The keys file (`sandbox-keys.json`, mode 0600) is kept over restarts. Without one the sandbox writes it:

    {"control_token": "...",
     "worker": {"access_key_id", "secret_access_key", "session_token", "account_id", "role_arn"},
     "admins": {"222222222222": {"access_key_id", "secret_access_key"}, "333333333333": {...}, ...}}
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from workers.sandbox.principals import (
    KeyPair,
    Principal,
    RoleSession,
    administrator,
    new_keys,
    session_principal,
)

PORTAL_ACCOUNT = "111111111111"
CUSTOMER_ACCOUNTS = ("222222222222", "333333333333")
ACCOUNTS = (PORTAL_ACCOUNT, *CUSTOMER_ACCOUNTS)
PORTAL_ROLE = f"arn:aws:iam::{PORTAL_ACCOUNT}:role/raydock-portal"
KEYS_FILE = "sandbox-keys.json"


class KeysError(ValueError):
    """The keys file cannot be used; the text says why and what to do."""


@dataclass
class Credentials:
    """Every key that the sandbox accepts, and the token of its control API."""

    control_token: str = field(repr=False)
    fixed: dict[str, Principal]
    sessions: dict[str, Principal] = field(default_factory=dict)

    def find(self, access_key_id: str) -> Principal | None:
        """Answer whose key it is, or None for a key that nobody was given."""
        return self.fixed.get(access_key_id) or self.sessions.get(access_key_id)

    def admit(self, session: RoleSession, now: datetime) -> Principal:
        """Answer the new session with fresh keys; forgets those that ended an hour ago."""
        self.sessions = {
            key: held
            for key, held in self.sessions.items()
            if not held.session
            or not held.session.expires_at
            or (now - held.session.expires_at).total_seconds() < 3600  # noqa: PLR2004 - an hour
        }
        principal = session_principal(session, new_keys("ASIA"))
        self.sessions[principal.keys.access_key_id] = principal
        return principal


def read_credentials(data_dir: Path, control_token: str = "") -> Credentials:
    """Answer the credentials of the keys file under `data_dir`, which is written when there is none.

    `control_token` (the environment's) goes before the file's. Raises KeysError.
    """
    path = data_dir / KEYS_FILE
    if not path.exists():
        _write(path, _fresh(control_token))
    try:
        content = json.loads(path.read_text())
        fixed = [_worker(content["worker"]), *_admins(content["admins"])]
        token = control_token or str(content["control_token"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysError(
            f"{path} cannot be read as the sandbox's keys ({error!r}). "
            "Delete it and start again: new keys are written."
        ) from error
    return Credentials(token, {one.keys.access_key_id: one for one in fixed})


def _fresh(control_token: str) -> dict[str, Any]:
    worker = new_keys("ASIA")
    return {
        "control_token": control_token or secrets.token_urlsafe(24),
        "worker": {**_plain(worker), "account_id": PORTAL_ACCOUNT, "role_arn": PORTAL_ROLE},
        "admins": {account: _plain(new_keys("AKIA")) for account in ACCOUNTS},
    }


def _plain(keys: KeyPair) -> dict[str, str]:
    named = {"access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key}
    return {**named, "session_token": keys.session_token} if keys.session_token else named


def _keys(content: Mapping[str, str]) -> KeyPair:
    return KeyPair(content["access_key_id"], content["secret_access_key"], content.get("session_token", ""))


def _worker(content: Mapping[str, str]) -> Principal:
    session = RoleSession(content.get("role_arn", PORTAL_ROLE), "AROASANDBOXPORTALROLE", "raydock-worker")
    return session_principal(session, _keys(content))


def _admins(content: Mapping[str, Mapping[str, str]]) -> list[Principal]:
    return [administrator(account, _keys(keys)) for account, keys in content.items()]


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
