"""Taking work: who gets what, for how long, and what becomes of it when a worker is lost."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from clouds.models import Cloud, Operation, WorkerBeat
from clouds.services import claims
from clouds.services.claims import Claim
from clouds.states import OPEN, Kind, OperationState
from iam import tenancy
from iam.models import Organization
from tests import factories
from tests.people import People

LEASE = timedelta(seconds=15)
SECOND = timedelta(seconds=1)


def take(now: datetime, limit: int = 10, worker: str = "one") -> list[Claim]:
    return claims.claim(worker=worker, limit=limit, lease=LEASE, now=now)


def due(of: Organization, count: int, at: datetime) -> list[str]:
    return [factories.operation(factories.cloud(of), due_at=at).id for _ in range(count)]


def ids(taken: Iterable[Claim]) -> list[str]:
    return [one.operation_id for one in taken]


def row(operation_id: str) -> Operation:
    with tenancy.everyone():
        return Operation.objects.get(pk=operation_id)


def test_due_work_is_taken_once_under_a_lease_and_a_growing_fence(us: People, now: datetime) -> None:
    (due_one,) = due(us.organization, 1, now)
    later = due(us.organization, 1, now + SECOND)
    assert claims.anything_due(now)
    (taken,) = take(now)
    assert taken == Claim(due_one, us.organization.id, 1)
    kept = row(due_one)
    assert (kept.state, kept.fence, kept.attempts, kept.worker) == ("running", 1, 1, "one")
    assert (kept.due_at, kept.started_at) == (now + LEASE, now)
    assert take(now) == []
    assert not claims.anything_due(now)
    assert ids(take(now + SECOND)) == later


def test_what_has_ended_is_never_taken(us: People, now: datetime) -> None:
    for state in (OperationState.SUCCEEDED, OperationState.FAILED, OperationState.CANCELLED):
        factories.operation(factories.cloud(us.organization), Kind.SETUP, state)
    assert not claims.anything_due(now)
    assert take(now) == []


def test_a_lease_that_ran_out_is_taken_first_with_the_next_fence(us: People, now: datetime) -> None:
    (lost,) = ids(take(now)) if due(us.organization, 1, now) else []
    waiting = due(us.organization, 3, now - SECOND)
    assert ids(take(now + LEASE, limit=1, worker="two")) == [lost]
    kept = row(lost)
    assert (kept.fence, kept.worker, kept.attempts, kept.crashes) == (2, "two", 2, 1)
    assert kept.started_at == now
    assert sorted(ids(take(now + LEASE))) == sorted(waiting)


def test_organizations_are_served_in_turn_however_much_one_asks_for(us: People, now: datetime) -> None:
    crowd = due(us.organization, 40, now - SECOND)
    single = due(us.others, 1, now)
    assert single[0] in ids(take(now, limit=2))
    more = due(us.others, 3, now)
    served = [ids(take(now + step * SECOND / 100, limit=1))[0] for step in range(1, 7)]
    assert [one in crowd for one in served] in ([True, False] * 3, [False, True] * 3)
    assert set(more) < set(served)


def test_free_slots_are_shared_equally_and_none_is_left_idle(us: People, now: datetime) -> None:
    due(us.organization, 20, now)
    few = due(us.others, 3, now)
    first = ids(take(now, limit=16))
    assert set(few) < set(first)
    assert len(first) >= 3 + 16 / 2
    rest = 16 - len(first)
    assert len(take(now, limit=rest)) == rest


def test_a_heartbeat_keeps_the_lease_and_brings_the_wish_to_cancel(us: People, now: datetime) -> None:
    first, second = due(us.organization, 2, now)
    held = take(now)
    with tenancy.everyone():
        Operation.objects.filter(pk=second).update(cancel_requested_at=now)
    standing = claims.heartbeat(held, lease=LEASE, now=now + 5 * SECOND)
    assert standing == {first: False, second: True}
    assert row(first).due_at == now + 5 * SECOND + LEASE
    assert take(now + LEASE) == []


def test_a_heartbeat_does_not_bring_lost_work_back(us: People, now: datetime) -> None:
    due(us.organization, 1, now)
    old = take(now)
    new = take(now + LEASE, worker="two")
    assert claims.heartbeat(old, lease=LEASE, now=now + LEASE) == {}
    assert row(new[0].operation_id).due_at == now + 2 * LEASE
    assert claims.heartbeat([], lease=LEASE, now=now) == {}


def test_work_that_is_given_back_is_due_at_once_and_its_old_fence_is_void(us: People, now: datetime) -> None:
    due(us.organization, 1, now)
    held = take(now)
    claims.release(held, crashed=False, now=now)
    kept = row(held[0].operation_id)
    assert (kept.state, kept.due_at, kept.crashes) == ("queued", now, 0)
    (again,) = take(now, worker="two")
    assert again.fence > held[0].fence
    claims.release(held, crashed=True, now=now)
    assert row(again.operation_id).worker == "two"
    assert row(again.operation_id).state == "running"


def test_ten_thousand_waiting_operations_cost_rows_and_no_time(us: People, now: datetime) -> None:
    clouds = Cloud.objects.bulk_create(
        Cloud(
            organization=us.organization,
            name=f"c{number}",
            region="eu-central-1",
            account_id="222222222222",
            external_id=f"x{number}",
            created_at=now,
        )
        for number in range(10_000)
    )
    Operation.objects.bulk_create(
        Operation(
            organization=us.organization,
            cloud=cloud,
            kind=Kind.SETUP,
            state=OperationState.WAITING,
            actor={},
            exclusive=True,
            cloud_before="connected",
            due_at=now + timedelta(hours=1),
            created_at=now,
        )
        for cloud in clouds
    )
    (due_one,) = due(us.organization, 1, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plan = Operation.objects.filter(state__in=OPEN, due_at__lte=now).explain()
    assert "operation_lease" in plan or "operation_due" in plan
    assert ids(take(now)) == [due_one]


def test_workers_show_that_they_live_until_they_leave(now: datetime) -> None:
    claims.beat(worker="silent", started_at=now, slots=1, busy=0, now=now)
    later = now + 2 * claims.FORGET_WORKERS_AFTER
    for busy in (1, 2):
        claims.beat(worker="loud", started_at=now, slots=16, busy=busy, now=later)
    (beat,) = WorkerBeat.objects.all()
    assert (beat.id, beat.slots, beat.busy, beat.at) == ("loud", 16, 2, later)
    claims.leave(worker="loud")
    assert not WorkerBeat.objects.exists()
