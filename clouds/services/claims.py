"""Who works on what: taking due operations, keeping them by heartbeats, giving them back.

A claim is a lease (a due time a little ahead) and a fencing number that only grows. Whoever lets the lease
run out has lost the work to the next one who asks, and can record nothing more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from clouds.models import Lane, Operation, WorkerBeat
from clouds.services.writing import writing
from clouds.states import OPEN, OperationState
from iam import tenancy

READY = (OperationState.QUEUED, OperationState.WAITING)
FORGET_WORKERS_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Claim:
    """One operation in a worker's hands: only who names the present fence may record."""

    operation_id: str
    organization_id: str
    fence: int


def anything_due(now: datetime) -> bool:
    """Say whether a claim would find something. It is one look at an index and takes no lock."""
    with tenancy.everyone():
        return Operation.objects.filter(state__in=OPEN, due_at__lte=now).exists()


def claim(*, worker: str, limit: int, lease: timedelta, now: datetime) -> list[Claim]:
    """Take up to `limit` due operations: those of dead workers first, then one organization after another.

    Two workers never get the same one: PostgreSQL skips rows that another is taking, SQLite has one writer.
    """
    with writing(tenancy.everyone()):
        taken = _abandoned(now, limit)
        taken += _in_turn(now, limit - len(taken))
        if taken:
            _take([one.operation_id for one in taken], worker=worker, until=now + lease, now=now)
            _serve({one.organization_id for one in taken}, now)
    return taken


def _abandoned(now: datetime, limit: int) -> list[Claim]:
    """Return the operations whose worker's lease has run out."""
    return _lock(Operation.objects.filter(state=OperationState.RUNNING, due_at__lte=now), limit)


def _in_turn(now: datetime, limit: int) -> list[Claim]:
    """Return due operations, an equal share for each organization, whoever waits longest for it first."""
    due = Operation.objects.filter(state__in=READY, due_at__lte=now)
    lanes = Lane.objects.filter(Exists(due.filter(organization_id=OuterRef("pk"))))
    waiting = list(lanes.order_by(F("served_at").asc(nulls_first=True)).values_list("pk", flat=True)[:limit])
    taken: list[Claim] = []
    for place, organization_id in enumerate(waiting):
        share = ceil((limit - len(taken)) / (len(waiting) - place))
        taken += _lock(due.filter(organization_id=organization_id), share)
    return taken


def _lock(rows: QuerySet[Operation], limit: int) -> list[Claim]:
    if limit <= 0:
        return []
    locked = rows.order_by("due_at").select_for_update(skip_locked=True)
    found = locked.values_list("pk", "organization_id", "fence")[:limit]
    return [Claim(pk, organization_id, fence + 1) for pk, organization_id, fence in found]


def _take(ids: Sequence[str], *, worker: str, until: datetime, now: datetime) -> None:
    """Move them to running. It is legal from every open state, so one statement does for all."""
    lost = Case(
        When(state=OperationState.RUNNING, then=F("crashes") + 1),
        default=F("crashes"),
        output_field=IntegerField(),
    )
    Operation.objects.filter(pk__in=ids).update(
        crashes=lost,
        state=OperationState.RUNNING,
        fence=F("fence") + 1,
        due_at=until,
        worker=worker,
        attempts=F("attempts") + 1,
        started_at=Coalesce("started_at", Value(now)),
    )


def _serve(organization_ids: Iterable[str], now: datetime) -> None:
    """Send them to the end of the round. In one order, so that two workers never wait for each other."""
    lanes = Lane.objects.filter(pk__in=organization_ids).order_by("pk").select_for_update()
    Lane.objects.filter(pk__in=[lane.pk for lane in lanes]).update(served_at=now)


def heartbeat(held: Sequence[Claim], *, lease: timedelta, now: datetime) -> Mapping[str, bool]:
    """Push the leases of these claims on. Return those that still stand, and whether each is to be cancelled.

    What is missing from the answer is lost: another worker has it, or it was ended.
    """
    if not held:
        return {}
    with writing(tenancy.everyone()):
        standing = _still_held(held)
        rows = standing.order_by("pk").select_for_update().values_list("pk", "cancel_requested_at")
        found = {pk: requested is not None for pk, requested in rows}
        Operation.objects.filter(pk__in=found).update(due_at=now + lease)
    return found


def _still_held(held: Iterable[Claim]) -> QuerySet[Operation]:
    mine = Q()
    for one in held:
        mine |= Q(pk=one.operation_id, fence=one.fence)
    return Operation.objects.filter(mine, state=OperationState.RUNNING)


def release(given: Sequence[Claim], *, crashed: bool, now: datetime) -> None:
    """Give operations back, due at once: a worker that stops, or whose turn lost the database (`crashed`)."""
    if not given:
        return
    with writing(tenancy.everyone()):
        rows = _still_held(given).order_by("pk").select_for_update()
        Operation.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=OperationState.QUEUED,
            due_at=now,
            fence=F("fence") + 1,
            crashes=F("crashes") + int(crashed),
        )


def beat(*, worker: str, started_at: datetime, slots: int, busy: int, now: datetime) -> None:
    """Write a worker's sign of life, and forget workers that have been silent for long."""
    WorkerBeat.objects.filter(at__lt=now - FORGET_WORKERS_AFTER).delete()
    WorkerBeat.objects.update_or_create(
        pk=worker, defaults={"started_at": started_at, "at": now, "slots": slots, "busy": busy}
    )


def leave(*, worker: str) -> None:
    """Take away the sign of life of a worker that has stopped in good order."""
    WorkerBeat.objects.filter(pk=worker).delete()
