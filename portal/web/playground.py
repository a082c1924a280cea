"""The sandbox's control API as the console uses it: what exists in the accounts, and the customer's part.

Only reachable in sandbox mode. It speaks plain HTTP: the web process holds no AWS SDK and no AWS keys.
"""

from collections.abc import Mapping
from typing import Any

import httpx
from django.conf import settings

from clouds.export.bootstrap import POLICY_NAME, Bootstrap
from iam.errors import NotFound, Problem

TIMEOUT = 10.0


def require() -> None:
    """Raise NotFound unless this Raydock works on the sandbox."""
    if not settings.RAYDOCK.sandbox:
        raise NotFound


def inventory() -> list[dict[str, Any]]:
    """Return everything that exists in the sandbox accounts, one mapping for each resource."""
    items: list[dict[str, Any]] = _ask("GET", "/sandbox/inventory")["items"]
    return items


def create_role(bootstrap: Bootstrap) -> None:
    """Play the customer: create the cross-account role as the bootstrap documents would."""
    role = {
        "account_id": bootstrap.account_id,
        "role_name": bootstrap.role_name,
        "trust_policy": bootstrap.trust,
        "policies": {POLICY_NAME: bootstrap.policy},
    }
    _ask("POST", "/sandbox/customer/role", role)


def set_trust(bootstrap: Bootstrap, document: Mapping[str, Any]) -> None:
    """Play the customer: give the role this trust policy and leave its policies as they are."""
    role = {
        "account_id": bootstrap.account_id,
        "role_name": bootstrap.role_name,
        "trust_policy": document,
    }
    _ask("POST", "/sandbox/customer/role", role)


def _ask(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    require()
    token = settings.RAYDOCK.sandbox_token.get_secret_value()
    try:
        with httpx.Client(base_url=settings.RAYDOCK.sandbox_url, timeout=TIMEOUT, trust_env=False) as client:
            answer = client.request(method, path, json=body, headers={"X-Sandbox-Token": token})
    except httpx.HTTPError as error:
        said = "The sandbox does not answer. It may be starting: wait a moment and try again."
        raise Problem("sandbox_unreachable", said, status=503) from error
    if answer.is_error:
        raise Problem("sandbox_refused", f"The sandbox refused: {_said(answer)}", status=409)
    return answer.json()


def _said(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}."
