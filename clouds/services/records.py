"""What a worker writes while it works: steps, events, AWS calls, and how the turn ended.

Every write first locks the operation's row and asks whether the worker still holds it. The answer no is
LostFence: nothing of that write is kept, and nothing more may be called.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from clouds.models import (
    AwsCall,
    Cloud,
    Intent,
    Operation,
)
from clouds.outcomes import Again, Cancelled, Outcome
from clouds.services import moves
from clouds.services.claims import Claim
from clouds.services.events import Event, add_events
from clouds.services.writing import writing
from clouds.states import OperationState
from iam import tenancy
from iam.canonical import canonical

UNKNOWN = "unknown"
RESOLVED = "resolved"


class LostFence(Exception):  # noqa: N818 - a fact about the work, not a defect
    """Another worker holds the operation, or it has ended: this one must stop at once."""


@dataclass(frozen=True)
class Start:
    """A mutating AWS call that is about to be made."""

    step: str
    action: str
    token: str = ""


@dataclass(frozen=True)
class End:
    """How such a call ended: done, failed, or unknown because its reply was lost."""

    step: str
    outcome: str
    reply: Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One AWS call that was made."""

    service: str
    action: str
    region: str
    request_id: str
    status: int
    error_code: str
    ms: int
    at: datetime


@contextmanager
def held(claim: Claim) -> Iterator[Operation]:
    """Open a transaction in which the claim stands, with its operation's row locked; raise LostFence."""
    with writing(tenancy.scope(claim.organization_id)):
        rows = Operation.objects.select_for_update().filter(
            pk=claim.operation_id, fence=claim.fence, state=OperationState.RUNNING
        )
        operation = rows.first()
        if operation is None:
            raise LostFence(claim.operation_id)
        yield operation


def load(claim: Claim) -> tuple[Operation, Cloud]:
    """Return the claimed operation and its cloud as they are now (PRODUCT 3, T16)."""
    with held(claim) as operation:
        return operation, Cloud.objects.get(pk=operation.cloud_id)


def advance(
    claim: Claim,
    *,
    ended: Sequence[End] = (),
    starting: Sequence[Start] = (),
    events: Sequence[Event] = (),
    calls: Iterable[Call] = (),
    now: datetime,
) -> bool:
    """Write how calls ended and which are to start, in one transaction.

    Return False when a person asked to stop: then the ends are written and nothing of `starting` is.
    """
    with held(claim) as operation:
        going = operation.cancel_requested_at is None or not starting
        _end_intents(operation, ended, now)
        if going:
            _start_intents(operation, starting, now)
        started = {one.step for one in starting}
        add_events(operation, [one for one in events if going or one.step not in started], now)
        _add_calls(operation, calls)
        _count(operation, ended)
    return going


def _end_intents(operation: Operation, ended: Sequence[End], now: datetime) -> None:
    """Write how the intents ended: one statement for all that ended alike; most steps answer nothing."""
    alike: dict[tuple[str, str], list[End]] = {}
    for one in ended:
        alike.setdefault((one.outcome, canonical(one.reply)), []).append(one)
    for (outcome, _), ends in alike.items():
        Intent.objects.filter(operation=operation, step__in=[one.step for one in ends]).update(
            outcome=outcome, reply=dict(ends[0].reply), finished_at=now
        )


def _start_intents(operation: Operation, starting: Sequence[Start], now: datetime) -> None:
    """Write the intents. A step that was tried before is open again: each has one row."""
    rows = [
        Intent(
            organization_id=operation.organization_id,
            operation=operation,
            cloud_id=operation.cloud_id,
            step=one.step,
            action=one.action,
            token=one.token,
            started_at=now,
        )
        for one in starting
    ]
    Intent.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["operation", "step"],
        update_fields=["action", "token", "started_at", "finished_at", "outcome", "reply"],
    )


def _add_calls(operation: Operation, calls: Iterable[Call]) -> None:
    AwsCall.objects.bulk_create(
        AwsCall(organization_id=operation.organization_id, operation=operation, **asdict(one))
        for one in calls
    )


def _count(operation: Operation, ended: Sequence[End]) -> None:
    """Count what was done. Progress clears the marks of a stalled or poisoned operation."""
    done = sum(one.outcome == "done" for one in ended)
    if done:
        operation.steps_done += done
        operation.stalled = operation.crashes = 0
    operation.save(update_fields=["steps_done", "stalled", "crashes", "last_event"])


def expect(claim: Claim, steps: int) -> None:
    """Write how many steps are still to come, for the progress that people see."""
    with held(claim) as operation:
        operation.steps_total = operation.steps_done + steps
        operation.save(update_fields=["steps_total"])


def unresolved(claim: Claim, cloud_id: str) -> list[Intent]:
    """Return this cloud's calls of which nobody knows how they ended, the last try of each step only."""
    with tenancy.scope(claim.organization_id):
        unknown = Intent.objects.filter(Q(outcome="") | Q(outcome=UNKNOWN), cloud_id=cloud_id)
        latest = {one.step: one for one in unknown.order_by("started_at", "id")}
    return list(latest.values())


def resolve(claim: Claim, steps: Sequence[str], *, now: datetime) -> None:
    """Write that a look has shown how these calls of the cloud ended."""
    with held(claim) as operation:
        Intent.objects.filter(
            Q(outcome="") | Q(outcome=UNKNOWN), cloud_id=operation.cloud_id, step__in=steps
        ).update(outcome=RESOLVED, finished_at=now)


def settle(
    claim: Claim, outcome: Outcome, *, progressed: bool, calls: Iterable[Call] = (), now: datetime
) -> None:
    """Write how a turn ended: the operation waits for its next one, or is over."""
    with held(claim) as operation:
        _add_calls(operation, calls)
        if not isinstance(outcome, Again):
            moves.end(operation, outcome, now=now)
        elif operation.cancel_requested_at is not None:
            moves.end(operation, Cancelled(), now=now)
        else:
            moves.move(
                operation,
                OperationState.WAITING,
                due_at=now + timedelta(seconds=max(0.0, outcome.delay)),
                message=outcome.message,
                stalled=0 if progressed else operation.stalled + 1,
                crashes=0,
            )
