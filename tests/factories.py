"""Organizations, actors, clouds and operations as rows, for tests that do not care how they came to be."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clouds.models import Cloud, Intent, Lane, Operation
from clouds.services.moves import snapshot
from clouds.states import FINAL, LOOKS, CloudState, Kind, OperationState
from iam import tenancy
from iam.actors import Actor
from iam.ids import new_id
from iam.models import Organization
from iam.permissions import MemberRole

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ACCOUNT = "222222222222"
REGION = "eu-central-1"


def organization(name: str = "Acme", *, now: datetime = NOW) -> Organization:
    """An organization without anybody in it."""
    made = Organization(id=new_id("org"), name=name, created_at=now)
    with tenancy.scope(made.id):
        made.save(force_insert=True)
    return made


def actor(of: Organization | str, role: MemberRole = MemberRole.OWNER, **more: Any) -> Actor:
    """Somebody of this organization; there is no row of a person behind it."""
    at = of if isinstance(of, str) else of.id
    usual = {"kind": "user", "id": new_id("usr"), "label": f"{role}@example.com", "request_id": "req_test"}
    return Actor(**{**usual, **more}, organization_id=at, role=role)


def cloud(
    of: Organization | str,
    state: CloudState = CloudState.RESERVED,
    *,
    now: datetime = NOW,
    **more: Any,
) -> Cloud:
    """A cloud in this state. From `connected` on it has a role."""
    at = of if isinstance(of, str) else of.id
    made = Cloud(organization_id=at, state=state, **{**_usual(state), "created_at": now, **more})
    with tenancy.scope(at):
        made.save(force_insert=True)
    return made


def _usual(state: CloudState) -> Mapping[str, Any]:
    name = f"cloud-{secrets.token_hex(4)}"
    unconnected = state in {CloudState.RESERVED, CloudState.CONNECTING}
    return {
        "name": name,
        "region": REGION,
        "account_id": ACCOUNT,
        "external_id": f"rdk-ext-{secrets.token_hex(24)}",
        "role_arn": None if unconnected else f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "created_by": "owner@example.com",
    }


def operation(
    on: Cloud,
    kind: Kind = Kind.SETUP,
    state: OperationState = OperationState.QUEUED,
    *,
    due_at: datetime = NOW,
    **more: Any,
) -> Operation:
    """An operation of this cloud, due at `due_at` unless it has ended. The cloud itself is left as it is."""
    usual = {
        "actor": snapshot(actor(on.organization_id)),
        "exclusive": kind not in LOOKS,
        "cloud_before": on.state,
        "created_at": due_at,
    }
    with tenancy.scope(on.organization_id):
        Lane.objects.get_or_create(organization_id=on.organization_id)
        return Operation.objects.create(
            organization_id=on.organization_id,
            cloud=on,
            kind=kind,
            state=state,
            due_at=None if state in FINAL else due_at,
            **{**usual, **more},
        )


def intent(of: Operation, step: str = "vpc", action: str = "ec2:CreateVpc", **more: Any) -> Intent:
    """A call that the operation was about to make; without `outcome` nobody knows whether it was made."""
    usual = {"token": step, "started_at": of.created_at}
    with tenancy.scope(of.organization_id):
        return Intent.objects.create(
            organization_id=of.organization_id,
            operation=of,
            cloud=of.cloud,
            step=step,
            action=action,
            **{**usual, **more},
        )
