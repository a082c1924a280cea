"""Who asks for operations: request, cancel, retry, take down. Change, row and audit event stand together."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clouds import bell
from clouds.models import Cloud, Intent, Lane, Operation
from clouds.outcomes import Cancelled, Done
from clouds.queries import cloud_for, operation_for, refuse_on_gcp
from clouds.services import external_ids, moves
from clouds.services.requests import checked
from clouds.states import CLOUD_MOVES, LOOKS, OPEN, CloudState, Kind, OperationState, course
from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import Problem
from iam.permissions import Permission
from iam.throttling import Budget, spend

PERMISSIONS: Mapping[Kind, Permission] = {
    Kind.CONNECT: Permission.CLOUD_OPERATE,
    Kind.SETUP: Permission.CLOUD_OPERATE,
    Kind.VERIFY: Permission.CLOUD_OPERATE,
    Kind.DELETE: Permission.CLOUD_DELETE,
    Kind.TAKEDOWN: Permission.OPERATION_CONTROL,
    Kind.ROTATE: Permission.CLOUD_OPERATE,
    Kind.REGISTER: Permission.CLOUD_OPERATE,
}

# PRODUCT 3, T20: nobody tries roles out at speed. Counted for each cloud.
BUDGETS: Mapping[Kind, Budget] = {
    Kind.CONNECT: Budget("connect", 20, timedelta(seconds=30)),
    Kind.VERIFY: Budget("verify", 20, timedelta(seconds=30)),
    Kind.REGISTER: Budget("register", 20, timedelta(seconds=30)),
    Kind.ROTATE: Budget("rotate", 10, timedelta(minutes=5)),
}
REMOVALS = frozenset({Kind.DELETE, Kind.TAKEDOWN})
NEXT_STEP: Mapping[CloudState, str] = {
    CloudState.RESERVED: "Connect it first.",
    CloudState.CONNECTED: "Set it up first.",
    CloudState.REGISTERED: "Mend what its checks name and verify it, or activate it and answer for them.",
    CloudState.ACTIVE: "It is set up and active.",
    CloudState.ATTENTION: "Verify it, or set it up again to mend it.",
    CloudState.SETUP_FAILED: "Set it up again, take down what was created, or delete it.",
    CloudState.SUSPENDED: "Mend the trust policy of its role, then verify it.",
    CloudState.DELETE_FAILED: "Delete it again; it goes on where it stopped.",
    CloudState.DELETED: "It is deleted; reserve a new one.",
}


def request(
    *,
    actor: Actor,
    cloud: Cloud,
    kind: str,
    input: Mapping[str, Any] | None = None,  # noqa: A002 - the word of the row and of the interface
    reason: str = "",
    retry_of: Operation | None = None,
    now: datetime,
) -> Operation:
    """Accept work on a cloud, write it down and wake a worker.

    Raises Denied; Problem("input_invalid", 400); TooMany (429); and, with 409, Problem
    "operation_in_progress" (its field `operation` names the first), "not_possible_now", "delete_protected",
    "not_on_gcp".
    """
    wanted = Kind(kind)
    actor.require(PERMISSIONS[wanted], target_kind="cloud", target_id=cloud.id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        current = cloud_for(actor, cloud.id, lock=True)
        if wanted is not Kind.DELETE:
            refuse_on_gcp(current, wanted)
        _refuse_kind(current, wanted)
        kept = checked(wanted, current, input or {})
        _refuse_busy(current, wanted)
        _refuse_state(current, wanted)
        _refuse_protected(current, wanted)
        _refuse_loss(actor, current, wanted)
        if wanted in BUDGETS:
            spend(BUDGETS[wanted], current.id, now=now)
        because = audit.checked_reason(reason)
        operation = _accepted(actor, current, wanted, kept, because, retry_of, now)
        _audit(actor, "operation.request", operation, current, {"kind": wanted, "input": kept}, reason, now)
        if wanted is Kind.ROTATE:
            external_ids.begin(actor=actor, cloud=current, operation_id=operation.id, now=now)
        _start(operation, current, now)
    return operation


def _accepted(
    actor: Actor,
    cloud: Cloud,
    kind: Kind,
    kept: dict[str, Any],
    reason: str,
    retry_of: Operation | None,
    now: datetime,
) -> Operation:
    return Operation.objects.create(
        organization_id=actor.organization_id,
        cloud=cloud,
        kind=kind,
        input=kept,
        actor=moves.snapshot(actor),
        reason=reason,
        request_id=actor.request_id,
        exclusive=kind not in LOOKS,
        cloud_before=cloud.state,
        due_at=now,
        created_at=now,
        retry_of=retry_of,
    )


def _start(operation: Operation, cloud: Cloud, now: datetime) -> None:
    """Let the cloud follow, and either end at once (there is nothing to remove) or hand over to a worker."""
    moves.begin(operation, cloud)
    if operation.kind in REMOVALS and not Intent.objects.filter(cloud=cloud).exists():
        moves.move(operation, OperationState.RUNNING, started_at=now, attempts=1)
        moves.end(
            operation,
            Done("forgotten", _forgotten(cloud)),
            now=now,
        )
        return
    Lane.objects.bulk_create([Lane(organization_id=operation.organization_id)], ignore_conflicts=True)
    bell.ring(operation.id)


def _forgotten(cloud: Cloud) -> str:
    if cloud.on_gcp:
        return f"Raydock forgot its record. Nothing in the project {cloud.project_id} was touched."
    if cloud.kind == "registered":
        return (
            f"Raydock forgot it. Nothing in account {cloud.account_id} was touched: network, roles, bucket "
            "and data are as they were. The cross-account role is yours to delete."
        )
    return "Nothing was ever created in AWS, so nothing was touched there."


def _refuse_kind(cloud: Cloud, kind: Kind) -> None:
    """Raydock builds managed clouds alone; what a customer made is registered."""
    registered = cloud.kind == "registered"
    if registered and kind in {Kind.SETUP, Kind.TAKEDOWN}:
        raise Problem(
            "registered_cloud",
            f"{cloud.name} is a registered cloud: its network, roles and bucket are yours. Raydock creates "
            "and removes nothing in it. Register what you have made; POST …/register.",
            status=409,
        )
    if kind is Kind.REGISTER and not registered:
        raise Problem(
            "managed_cloud",
            f"{cloud.name} is a managed cloud: Raydock makes what it needs; POST …/setup. To give your own "
            "network, reserve a cloud of the kind registered.",
            status=409,
        )


def _refuse_busy(cloud: Cloud, kind: Kind) -> None:
    """One operation changes a cloud at a time, and one of a kind looks at it."""
    rivals = Operation.objects.filter(cloud=cloud, state__in=OPEN)
    rivals = rivals.filter(kind=kind) if kind in LOOKS else rivals.filter(exclusive=True)
    first = rivals.order_by("id").first()
    if first is not None:
        raise Problem(
            "operation_in_progress",
            f"The {first.kind} operation {first.id} is still working on {cloud.name}. "
            "Wait until it has ended, or cancel it.",
            status=409,
            fields={"operation": [first.id]},
        )


def _refuse_state(cloud: Cloud, kind: Kind) -> None:
    state = CloudState(cloud.state)
    if course(kind, state) is not None:
        return
    fitting = ", ".join(sorted(one.value.replace("_", " ") for one in CLOUD_MOVES[kind]))
    raise Problem(
        "not_possible_now",
        f"{cloud.name} is {state.value.replace('_', ' ')}; {kind} needs a cloud that is {fitting}. "
        f"{NEXT_STEP.get(state, 'Wait until its operation has ended.')}",
        status=409,
    )


def _refuse_protected(cloud: Cloud, kind: Kind) -> None:
    if kind in REMOVALS and cloud.delete_protection:
        raise Problem(
            "delete_protected",
            f"{cloud.name} is protected against deletion. Take the protection off first, then delete it.",
            status=409,
        )


def _refuse_loss(actor: Actor, cloud: Cloud, kind: Kind) -> None:
    """A set-up that mends a cloud may fail too. Taking that down takes what was in use: that is a delete."""
    built = Operation.objects.filter(cloud=cloud, kind=Kind.SETUP, state=OperationState.SUCCEEDED)
    if kind is Kind.TAKEDOWN and built.exists():
        actor.require(Permission.CLOUD_DELETE, target_kind="cloud", target_id=cloud.id)


def cancel(*, actor: Actor, operation: Operation, reason: str = "", now: datetime) -> Operation:
    """Stop an operation: at once while no worker is on it, else at the end of the step in hand.

    Raises Problem("operation_finished", 409) when it has already ended. Asking twice is harmless.
    """
    actor.require(Permission.OPERATION_CONTROL, target_kind="operation", target_id=operation.id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        current = operation_for(actor, operation.id, lock=True)
        if moves.is_final(current):
            raise Problem(
                "operation_finished",
                f"This operation has already ended: it {current.state}. There is nothing left to stop.",
                status=409,
            )
        if current.cancel_requested_at is None:
            # Before the end of the audit chain, as everywhere: else this and a request wait for each other.
            Cloud.objects.select_for_update().get(pk=current.cloud_id)
            current.cancel_requested_at = now
            current.save(update_fields=["cancel_requested_at"])
            _audit(actor, "operation.cancel", current, current.cloud, {}, reason, now)
            if current.state != OperationState.RUNNING:
                moves.end(current, Cancelled(), now=now)
    return current


def retry(*, actor: Actor, operation: Operation, reason: str = "", now: datetime) -> Operation:
    """Ask for the same again. It goes on where the other one stopped, as it looks at the account first.

    Raises Problem("not_retryable", 409) unless the operation failed or was cancelled.
    """
    actor.require(Permission.OPERATION_CONTROL, target_kind="operation", target_id=operation.id)
    if operation.state not in {OperationState.FAILED, OperationState.CANCELLED}:
        raise Problem(
            "not_retryable",
            f"Only an operation that failed or was cancelled can be retried; this one is {operation.state}.",
            status=409,
        )
    return request(
        actor=actor,
        cloud=operation.cloud,
        kind=operation.kind,
        input=operation.input,
        reason=reason,
        retry_of=operation,
        now=now,
    )


def take_down(*, actor: Actor, operation: Operation, reason: str = "", now: datetime) -> Operation:
    """Remove what a failed or cancelled set-up has created; the cloud is then as it was before it.

    Raises Problem("not_a_setup", 409) for operations of another kind.
    """
    if operation.kind not in {Kind.SETUP, Kind.TAKEDOWN}:
        raise Problem(
            "not_a_setup",
            f"Only what a set-up created can be taken down; this operation is of the kind {operation.kind}.",
            status=409,
        )
    return request(actor=actor, cloud=operation.cloud, kind=Kind.TAKEDOWN, reason=reason, now=now)


def _audit(
    actor: Actor,
    action: str,
    operation: Operation,
    cloud: Cloud,
    after: Mapping[str, Any],
    reason: str,
    now: datetime,
) -> None:
    audit.append(
        actor=actor,
        action=action,
        entity="operation",
        target_id=operation.id,
        target_name=f"{operation.kind} {cloud.name}",
        cloud_id=cloud.id,
        after={**after, "state": operation.state},
        reason=reason,
        operation_id=operation.id,
        now=now,
    )
