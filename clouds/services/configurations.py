"""Who changes configurations: save one, go back to one. Each makes a version and an audit event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from clouds.config.document import Document
from clouds.config.values import resolved_values
from clouds.config.writing import MAPPING
from clouds.configurations import current, facts_of, identity_of, mapping_in, version_for
from clouds.models import Cloud
from clouds.queries import cloud_for
from clouds.versions import ConfigVersion
from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import Problem
from iam.mapping import Config, ConfigError
from iam.permissions import Permission

SAVED, RESTORED = "cloud.configure", "cloud.restore_config"


def config_save(
    *,
    actor: Actor,
    cloud: Cloud,
    document: Document,
    expected: int | None = None,
    reason: str = "",
    now: datetime,
) -> ConfigVersion:
    """Put a configuration in force. With `expected`, only if that version still counts.

    Returns the new version, or the one in force where nothing changed, not even a comment. Raises
    Problem("precondition_failed", 412) and Problem("cloud_deleted", 409).
    """
    actor.require(Permission.CLOUD_CONFIGURE, target_kind="cloud", target_id=cloud.id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        held = _held(actor, cloud)
        before = current(held)
        refuse_stale(before.number, expected)
        said = document.to_json()
        if before.document == said and before.source == document.source:
            return before
        made = _next(actor, held, before, reason=audit.checked_reason(reason), now=now)
        made.document, made.source = said, document.source
        _write(actor, held, before, made, document.mapping, action=SAVED)
    cloud.config_id = made.pk
    return made


def config_rollback(
    *,
    actor: Actor,
    cloud: Cloud,
    number: int,
    expected: int | None = None,
    reason: str = "",
    now: datetime,
) -> ConfigVersion:
    """Put an earlier version in force again, as a new version with its document, text and comments.

    Raises NotFound where there is no such version, Problem("already_current", 409) where it counts now.
    """
    actor.require(Permission.CLOUD_CONFIGURE, target_kind="cloud", target_id=cloud.id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        held = _held(actor, cloud)
        old, before = version_for(held, number), current(held)
        refuse_stale(before.number, expected)
        if old.number == before.number:
            message = f"Version {number} is the one that counts now. Choose an earlier one."
            raise Problem("already_current", message, status=409)
        made = _next(actor, held, before, reason=audit.checked_reason(reason), now=now)
        made.document, made.source, made.restored_from = old.document, old.source, old.number
        _write(actor, held, before, made, _readable(old, held), action=RESTORED)
    cloud.config_id = made.pk
    return made


def refuse_stale(current_number: int, expected: int | None) -> None:
    """Raise Problem unless the expected version is the current one; the message names that."""
    if expected is not None and expected != current_number:
        raise Problem(
            "precondition_failed",
            f"Somebody changed the configuration since you read version {expected}: version {current_number} "
            "counts now. Read it again, and send your change with its new ETag.",
            status=412,
        )


def _held(actor: Actor, cloud: Cloud) -> Cloud:
    """Lock the cloud, so that versions are numbered one after another."""
    held = cloud_for(actor, cloud.id, lock=True)
    if held.deleted_at:
        raise Problem(
            "cloud_deleted",
            f"The cloud {held.name} is deleted, so its configuration cannot be changed. It stays readable.",
            status=409,
        )
    return held


def _readable(version: ConfigVersion, cloud: Cloud) -> Config:
    try:
        return mapping_in(version, identity_of(cloud).provider)
    except ConfigError as error:
        message = f"Version {version.number} cannot be used any more: {error} Save a corrected one instead."
        raise Problem("config_invalid", message, status=409) from error


def _next(actor: Actor, cloud: Cloud, before: ConfigVersion, *, reason: str, now: datetime) -> ConfigVersion:
    return ConfigVersion(
        organization_id=cloud.organization_id,
        cloud=cloud,
        number=before.number + 1,
        author=actor.label,
        author_id=actor.id,
        created_at=now,
        reason=reason,
    )


def _write(
    actor: Actor, cloud: Cloud, before: ConfigVersion, made: ConfigVersion, mapping: Config, *, action: str
) -> None:
    own = identity_of(cloud)
    found = resolved_values(mapping, provider=own.provider, account_id=own.account_id, facts=facts_of(cloud))
    made.resolved = [one.to_json() for one in found]
    made.save(force_insert=True)
    cloud.config_id = made.pk
    cloud.save(update_fields=["config_id"])
    audit.append(
        actor=actor,
        action=action,
        entity="cloud",
        target_id=cloud.id,
        target_name=cloud.name,
        cloud_id=cloud.id,
        before=_told(before),
        after=_told(made),
        reason=made.reason,
        now=made.created_at,
    )


def _told(version: ConfigVersion) -> Mapping[str, Any]:
    """Return what the audit log keeps of a version: its number, its mapping, and where it came from."""
    restored = {"restored_from": version.restored_from} if version.restored_from else {}
    return {"version": version.number, **restored, **version.document[MAPPING]}
