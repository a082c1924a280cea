"""The one writer of states: how an operation moves, and how its cloud follows (`clouds/states.py`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clouds.findings import Status
from clouds.models import Cloud, Operation, Verification, VerificationFinding
from clouds.outcomes import Cancelled, Done, Failed
from clouds.services import external_ids
from clouds.services.events import Event, add_events
from clouds.states import (
    ACTIVATABLE,
    FINAL,
    CloudState,
    Course,
    Kind,
    OperationState,
    course,
    may_move,
    verdict,
)
from iam import audit
from iam.actors import Actor
from iam.permissions import MemberRole

Ending = Done | Failed | Cancelled
_ENDS: Mapping[type[Ending], OperationState] = {
    Done: OperationState.SUCCEEDED,
    Failed: OperationState.FAILED,
    Cancelled: OperationState.CANCELLED,
}


STOPPED_BEFORE = (
    "Stopped on request. The present external ID stays in force; the new one is given up and never used."
)
STOPPED_AFTER = (
    "Stopped on request. The new external ID is in force. Whether AWS refuses the old one was not seen yet: "
    "retry, and the rotation goes on from here."
)


_ASKING_ALL = frozenset({Kind.VERIFY, Kind.SETUP, Kind.REGISTER})


class IllegalMove(Exception):  # noqa: N818 - a defect of ours, told as what it is
    """A move that the table does not have: a defect of ours, never a person's doing."""


def move(operation: Operation, to: OperationState, **changes: Any) -> None:
    """Write the operation's next state. The caller holds the row's lock."""
    before = OperationState(operation.state)
    if not may_move(before, to):
        raise IllegalMove(f"{operation.id} cannot go from {before} to {to}")
    operation.state = to
    for name, value in changes.items():
        setattr(operation, name, value)
    operation.save(update_fields=["state", *changes])


def begin(operation: Operation, cloud: Cloud) -> None:
    """Let the cloud follow an operation that was just accepted."""
    _set_state(cloud, _course(operation).during)


def end(operation: Operation, ending: Ending, *, now: datetime) -> None:
    """Write how an operation ended, what its cloud is now, the last event and the audit event.

    The caller holds the operation's lock. The fence grows, so that whoever still works on it cannot record.
    """
    state = _ENDS[type(ending)]
    started = operation.attempts > 0
    cloud = Cloud.objects.select_for_update().get(pk=operation.cloud_id)
    if operation.kind == Kind.ROTATE and isinstance(ending, Cancelled):
        ending = Cancelled(STOPPED_BEFORE if cloud.pending_external_id else STOPPED_AFTER)
    add_events(operation, [Event(ending.message, state)], now)
    move(
        operation,
        state,
        code=getattr(ending, "code", "cancelled"),
        message=ending.message,
        fix=getattr(ending, "fix", ""),
        finished_at=now,
        due_at=None,
        last_event=operation.last_event,
        fence=operation.fence + 1,
    )
    _note_door(operation, cloud, ending, now)
    _follow(operation, cloud, ending, started=started, now=now)
    if operation.kind == Kind.ROTATE:
        actor = actor_of(operation)
        external_ids.abandon(actor=actor, cloud=cloud, operation_id=operation.id, now=now)
    _audit(operation, cloud, state, now)


def _follow(operation: Operation, cloud: Cloud, ending: Ending, *, started: bool, now: datetime) -> None:
    way = _course(operation)
    target, failed = CloudState(cloud.state), 0
    # Where somebody else's operation has moved the cloud on, a mere look has no say any more but on the door.
    if target is way.during:
        target, failed = _target(operation, cloud, way, ending, started=started)
    if target is CloudState.DELETED:
        cloud.deleted_at = now
    if target is CloudState.RESERVED:
        cloud.role_arn = None  # stored a moment before the connect was stopped
    cloud.save(update_fields=["deleted_at", "role_arn", "trust_lost_at"])
    open_to_others = cloud.trust_lost_at is not None
    _set_state(cloud, verdict(target, failed_musts=failed, open_to_others=open_to_others, flawed=way.flawed))


def _target(
    operation: Operation, cloud: Cloud, way: Course, ending: Ending, *, started: bool
) -> tuple[CloudState, int]:
    """Return where the operation leads the cloud, and how many must-checks it found failed."""
    before = CloudState(operation.cloud_before)
    if not isinstance(ending, Done):
        return way.failed if started else before, 0
    verification = Verification.objects.filter(operation=operation).first()
    failed = _count_against(cloud, verification) if verification else 0
    if operation.input.get("only") and not failed:
        return before, 0  # what was asked is well; the rest may still fail
    return way.done, failed


def _count_against(cloud: Cloud, verification: Verification) -> int:
    if cloud.kind == "registered":
        return len(standing_in_the_way(cloud, verification))
    return verification.failed_musts


def standing_in_the_way(cloud: Cloud, verification: Verification) -> list[VerificationFinding]:
    """Return the findings that keep a registered cloud from being active, but what a person answered for.

    A must-check without an answer is one of them: nobody built this cloud to be right.
    """
    answered = (cloud.acknowledged or {}).get("checks", [])
    open_musts = verification.findings.filter(severity="must", status__in=[Status.FAIL, Status.UNKNOWN])
    found = open_musts.exclude(check_id__in=answered)
    return list(found.order_by("id"))


def activate(cloud: Cloud) -> None:
    """Let a cloud be active because a person answers for what stands in the way. The caller holds its row."""
    if CloudState(cloud.state) not in ACTIVATABLE:
        message = f"{cloud.id} cannot become active: it is {cloud.state}"
        raise IllegalMove(message)
    _set_state(cloud, CloudState.ACTIVE)


def _note_door(operation: Operation, cloud: Cloud, ending: Ending, now: datetime) -> None:
    """Remember that the role lets others in until a later look at everything finds it mended (T10).

    A look that began before the loss was seen says nothing about it, whichever of the two ends first.
    """
    if not isinstance(ending, Cancelled) and ending.suspends:
        cloud.trust_lost_at = cloud.trust_lost_at or now
    elif cloud.trust_lost_at and isinstance(ending, Done) and operation.kind in _ASKING_ALL:
        later = operation.created_at >= cloud.trust_lost_at
        if later and not operation.input.get("only"):
            cloud.trust_lost_at = None


def _course(operation: Operation) -> Course:
    way = course(Kind(operation.kind), CloudState(operation.cloud_before))
    if way is None:
        raise IllegalMove(f"{operation.kind} does not start on a cloud that is {operation.cloud_before}")
    return way


def _set_state(cloud: Cloud, state: CloudState) -> None:
    if cloud.state != state:
        cloud.state = state
        cloud.version += 1
        cloud.save(update_fields=["state", "version"])


def _audit(operation: Operation, cloud: Cloud, state: OperationState, now: datetime) -> None:
    """Write the audit event. It comes last: it locks the end of the organization's chain."""
    audit.append(
        actor=actor_of(operation),
        action=f"cloud.{operation.kind}",
        entity="cloud",
        target_id=cloud.id,
        target_name=cloud.name,
        cloud_id=cloud.id,
        before={"state": operation.cloud_before},
        after={"state": cloud.state, "operation": operation.state, "code": operation.code},
        outcome="succeeded" if state is OperationState.SUCCEEDED else "failed",
        reason=operation.message,
        operation_id=operation.id,
        now=now,
    )


def snapshot(actor: Actor) -> dict[str, Any]:
    """Return who asked, as the operation keeps it: what the actor was then counts, also afterwards."""
    return {
        "kind": actor.kind,
        "id": actor.id,
        "label": actor.label,
        "role": actor.role.value,
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "token_id": actor.token_id,
        "source_ip": actor.source_ip,
        "request_id": actor.request_id,
    }


def actor_of(operation: Operation) -> Actor:
    """Return who asked for the operation."""
    kept = dict(operation.actor)
    scopes = kept.pop("scopes")
    return Actor(
        **{**kept, "role": MemberRole(kept["role"])},
        organization_id=operation.organization_id,
        scopes=None if scopes is None else frozenset(scopes),
    )


def is_final(operation: Operation) -> bool:
    """Say whether the operation has ended."""
    return operation.state in FINAL
