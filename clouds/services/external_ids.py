"""The one writer of external IDs after the reservation: each move of a rotation, with its audit event (T17).

The caller holds the lock of the cloud's row. The database knows the same moves, and refuses all others.
"""

from collections.abc import Mapping
from datetime import datetime

from clouds.models import Cloud
from iam import audit
from iam.actors import Actor
from iam.ids import new_external_id


def begin(*, actor: Actor, cloud: Cloud, operation_id: str, now: datetime) -> None:
    """Make the ID that is to follow. Where an old one has still to go, no new one is made before."""
    if cloud.retiring_external_id is None:
        made: dict[str, str | None] = {"pending_external_id": new_external_id()}
        _write(actor, cloud, "cloud.trust.begin", made, operation_id, now)


def swap(*, actor: Actor, cloud: Cloud, operation_id: str, now: datetime) -> None:
    """Make the pending ID the present one; the one before it is retiring."""
    moved = {
        "external_id": cloud.pending_external_id,
        "pending_external_id": None,
        "retiring_external_id": cloud.external_id,
    }
    cloud.rotated_at = now
    _write(actor, cloud, "cloud.trust.swap", moved, operation_id, now)


def retire(*, actor: Actor, cloud: Cloud, operation_id: str, now: datetime) -> None:
    """Write that AWS refuses the old ID."""
    _write(actor, cloud, "cloud.trust.retire", {"retiring_external_id": None}, operation_id, now)


def abandon(*, actor: Actor, cloud: Cloud, operation_id: str, now: datetime) -> None:
    """Give a pending ID up, if there is one: it is never used again."""
    if cloud.pending_external_id is not None:
        _write(actor, cloud, "cloud.trust.abandon", {"pending_external_id": None}, operation_id, now)


def _write(
    actor: Actor,
    cloud: Cloud,
    action: str,
    changes: Mapping[str, str | None],
    operation_id: str,
    now: datetime,
) -> None:
    before = {name: getattr(cloud, name) for name in changes}
    for name, value in changes.items():
        setattr(cloud, name, value)
    cloud.version += 1
    cloud.save(update_fields=[*changes, "rotated_at", "version"])
    audit.append(
        actor=actor,
        action=action,
        entity="cloud",
        target_id=cloud.id,
        target_name=cloud.name,
        cloud_id=cloud.id,
        before=before,
        after=dict(changes),
        operation_id=operation_id,
        now=now,
    )
