"""Who lets a registered cloud be active although checks stand in the way: a person who answers for each."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from clouds.models import Cloud, Operation, Verification, VerificationFinding
from clouds.queries import cloud_for
from clouds.services.moves import activate, standing_in_the_way
from clouds.states import ACTIVATABLE, LOOKS, OPEN, CloudState
from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import Problem
from iam.permissions import Permission

# Nobody can answer for these: behind an open door are the other tenants, and without an entry is nothing.
NEVER = frozenset({"trust.assumable", "trust.requires_external_id", "partition"})
LONGEST_REASON = 500


def cloud_activate(
    *, actor: Actor, cloud: Cloud, acknowledge: Collection[str], reason: str, now: datetime
) -> Cloud:
    """Let a registered cloud be active; `acknowledge` names every check that stands in the way, by its id.

    Raises Problem("activation_invalid", 400) and, with 409, Problem "not_possible_now", "not_verified",
    "operation_in_progress", "never_acknowledged", "not_acknowledged" (`acknowledge` names the rest).
    """
    actor.require(Permission.CLOUD_OPERATE, target_kind="cloud", target_id=cloud.id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        current = cloud_for(actor, cloud.id, lock=True)
        _refuse_state(current)
        _refuse_busy(current)
        verification = last_whole(current)
        if verification is None:
            raise Problem(
                "not_verified", f"{current.name} was not verified yet. Verify it first.", status=409
            )
        wanted = sorted(set(acknowledge))
        found = unacknowledged(current, verification)
        _refuse_incomplete(found, wanted, reason)
        before = {"state": current.state, "acknowledged": current.acknowledged}
        checks = sorted({*(current.acknowledged or {}).get("checks", []), *wanted})
        current.acknowledged = {
            "checks": checks,
            "reason": reason.strip(),
            "by": actor.label,
            "at": now.isoformat(),
            "verification_id": verification.id,
        }
        current.save(update_fields=["acknowledged"])
        activate(current)
        _audit(actor, current, before, reason.strip(), now)
    return current


def last_whole(cloud: Cloud) -> Verification | None:
    """Return the last verification that asked every check."""
    found = Verification.objects.filter(cloud=cloud, finished_at__isnull=False).exclude(
        operation__kind="connect"
    )
    rows = found.select_related("operation").order_by("-id")
    return next((one for one in rows[:50] if not one.operation.input.get("only")), None)


def unacknowledged(cloud: Cloud, verification: Verification) -> list[VerificationFinding]:
    """Return the findings that a person must answer for before the cloud can be active."""
    return standing_in_the_way(cloud, verification)


def _refuse_state(cloud: Cloud) -> None:
    state = CloudState(cloud.state)
    if cloud.kind != "registered" or cloud.on_gcp or state not in ACTIVATABLE:
        raise Problem(
            "not_possible_now",
            f"{cloud.name} is {cloud.kind} and {state.value.replace('_', ' ')}. Only a registered cloud "
            "whose checks stand in the way is activated by hand.",
            status=409,
        )


def _refuse_busy(cloud: Cloud) -> None:
    rivals = Operation.objects.filter(cloud=cloud, state__in=OPEN)
    first = next((one for one in rivals.order_by("id") if one.exclusive or one.kind in LOOKS), None)
    if first is not None:
        raise Problem(
            "operation_in_progress",
            f"The {first.kind} operation {first.id} is still working on {cloud.name}. Wait until it has "
            "ended: its findings may change what you answer for.",
            status=409,
            fields={"operation": [first.id]},
        )


def _refuse_incomplete(found: list[VerificationFinding], wanted: list[str], reason: str) -> None:
    failing = sorted({one.check_id for one in found})
    if never := sorted(NEVER.intersection(failing)):
        raise Problem(
            "never_acknowledged",
            f"Nobody can answer for {', '.join(never)}: mend the cross-account role, then verify.",
            status=409,
            fields={"acknowledge": never},
        )
    if missing := [one for one in failing if one not in wanted]:
        raise Problem(
            "not_acknowledged",
            f"These checks stand in the way: {', '.join(failing)}. Name each of them in acknowledge, or mend "
            "it.",
            status=409,
            fields={"acknowledge": missing},
        )
    if strange := [one for one in wanted if one not in failing]:
        said = f"{', '.join(strange)} does not stand in the way. Name only what does."
        raise Problem("activation_invalid", said, fields={"acknowledge": [said]})
    if failing and not 1 <= len(reason.strip()) <= LONGEST_REASON:
        said = f"Say why, in 1 to {LONGEST_REASON} characters: it goes into the audit log."
        raise Problem("activation_invalid", said, fields={"reason": [said]})


def _audit(actor: Actor, cloud: Cloud, before: dict[str, object], reason: str, now: datetime) -> None:
    audit.append(
        actor=actor,
        action="cloud.activate",
        entity="cloud",
        target_id=cloud.id,
        target_name=cloud.name,
        cloud_id=cloud.id,
        before=before,
        after={"state": cloud.state, "acknowledged": cloud.acknowledged},
        reason=reason,
        now=now,
    )
