"""What a worker makes of the turns of operations: ends, pauses, cancels, defects, fairness."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from clouds import queries
from clouds.clock import SystemClock
from clouds.models import Operation
from clouds.services import operations
from clouds.states import CloudState
from iam import tenancy
from iam.models import Organization
from tests import factories
from tests.workers.engine import world
from tests.workers.engine.conftest import PACE, Start, all_ended, ended, fresh, until, work
from workers.engine import Pace

ONE_SLOT = Pace(slots=1, lease=1.0, heartbeat=0.3, tick=0.05, crash_limit=2)


def test_work_is_found_done_and_told(acme: Organization, start: Start) -> None:
    operation = work(acme, steps=3)
    start()
    over = ended(operation)
    assert (over.state, over.code, over.cloud.state) == ("succeeded", "made", CloudState.ACTIVE)
    assert (over.steps_done, over.steps_total, over.attempts) == (3, 3, 1)
    with tenancy.scope(acme.id):
        told = [(one.step, one.state) for one in queries.events_after(over)]
    assert told == [
        ("step-0", "running"),
        ("step-0", "done"),
        ("step-1", "running"),
        ("step-1", "done"),
        ("step-2", "running"),
        ("step-2", "done"),
        ("", "succeeded"),
    ]
    assert world.twice() == []


def test_new_work_wakes_a_worker_that_looks_only_once_an_hour(acme: Organization, start: Start) -> None:
    bell = threading.Event()
    start(Pace(slots=4, lease=1.0, heartbeat=0.3, tick=3_600, crash_limit=2), bell)
    operation = work(acme, steps=1)
    bell.set()  # what the Celery task does; with SQLite the change of the file would do
    assert ended(operation, seconds=5).state == "succeeded"


def test_waiting_takes_no_slot_and_comes_back_in_time(acme: Organization, start: Start) -> None:
    waiting = [work(acme, waits=3, pause=0.05) for _ in range(20)]
    start(ONE_SLOT)
    all_ended(waiting)
    assert all(fresh(one).state == "succeeded" and fresh(one).attempts == 4 for one in waiting)
    assert world.twice() == []


def test_a_failure_is_told_with_its_fix_and_the_cloud_follows(acme: Organization, start: Start) -> None:
    operation = work(acme, steps=1, ending="failed")
    start()
    over = ended(operation)
    assert (over.state, over.code, over.fix) == ("failed", "no_luck", "Try again.")
    assert over.cloud.state == CloudState.SETUP_FAILED


def test_a_defect_ends_its_operation_and_not_the_worker(acme: Organization, start: Start) -> None:
    broken = work(acme, ending="defect")
    start(ONE_SLOT)
    over = ended(broken)
    assert (over.state, over.code) == ("failed", "internal_error")
    assert over.id in over.message
    assert "secret" not in over.message + over.fix
    assert ended(work(acme, steps=1)).state == "succeeded"


def test_a_cancel_stops_at_the_next_step(acme: Organization, start: Start, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    operation = work(acme, steps=3, hold=str(hold))
    start()
    until("the first step", lambda: world.done(operation.id))
    owner = factories.actor(acme)
    now = SystemClock().now()
    assert operations.cancel(actor=owner, operation=operation, now=now).state == "running"
    hold.unlink()
    over = ended(operation)
    assert (over.state, over.steps_done) == ("cancelled", 1)
    assert over.cloud.state == CloudState.SETUP_FAILED
    assert world.done(operation.id) == {"step-0"}


def test_a_wish_to_cancel_that_came_while_its_worker_was_lost_is_granted_at_once(
    acme: Organization, start: Start
) -> None:
    operation = work(acme, steps=3)
    with tenancy.scope(acme.id):
        Operation.objects.filter(pk=operation.pk).update(
            state="running", attempts=1, cancel_requested_at=SystemClock().now()
        )
    start()
    assert ended(operation).state == "cancelled"
    assert world.effects() == []


def test_what_kills_its_worker_again_and_again_is_given_up(acme: Organization, start: Start) -> None:
    operation = work(acme, steps=1)
    with tenancy.scope(acme.id):
        Operation.objects.filter(pk=operation.pk).update(state="running", crashes=PACE.crash_limit)
    start()
    over = ended(operation)
    assert (over.state, over.code) == ("failed", "worker_lost")
    assert world.effects() == []


def test_a_crowd_of_one_organization_does_not_starve_another(acme: Organization, start: Start) -> None:
    crowd = [work(acme, steps=1) for _ in range(60)]
    small = factories.organization("Small", now=SystemClock().now())
    single = work(small, steps=1)
    start(ONE_SLOT)
    all_ended([*crowd, single])
    order = [one.operation_id for one in world.effects()]
    assert order.index(single.id) <= 2


def test_two_engines_share_the_work_and_do_nothing_twice(acme: Organization, start: Start) -> None:
    todo = [work(acme, steps=2, waits=number % 2) for number in range(40)]
    start()
    start()
    all_ended(todo)
    assert world.twice() == []
    assert {fresh(one).state for one in todo} == {"succeeded"}


def test_the_heartbeat_keeps_a_turn_that_outlasts_its_lease(
    acme: Organization, start: Start, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    operation = work(acme, steps=1, hold=str(hold))
    # Many beats to a lease, so that a busy machine may be late with some of them.
    pace = replace(PACE, lease=2.5, heartbeat=0.2)
    start(pace)
    start(pace)
    until("the first step", lambda: world.done(operation.id))
    begun = fresh(operation).started_at
    assert begun
    over_due = begun + timedelta(seconds=1.2 * pace.lease)
    until("the first lease to pass", lambda: SystemClock().now() > over_due)
    assert (fresh(operation).state, fresh(operation).attempts) == ("running", 1)
    hold.unlink()
    assert ended(operation).state == "succeeded"


def test_an_engine_that_stops_hands_over_at_the_next_step(
    acme: Organization, start: Start, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    operation = work(acme, steps=2, hold=str(hold))
    leaving = start()
    until("the first step", lambda: world.done(operation.id))
    leaving.wind_down()
    hold.unlink()
    until("the hand-over", lambda: fresh(operation).state == "queued")
    assert (fresh(operation).steps_done, fresh(operation).crashes) == (1, 0)
    start()
    assert ended(operation).state == "succeeded"
    assert world.twice() == []


def test_an_engine_that_cannot_wait_gives_its_work_away(
    acme: Organization, start: Start, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    operation = work(acme, steps=2, hold=str(hold))
    leaving = start()
    until("the first step", lambda: world.done(operation.id))
    leaving.stop(0.1)
    assert fresh(operation).state == "queued"
    hold.unlink()
    start()
    over = ended(operation)
    assert (over.state, over.crashes) == ("succeeded", 0)
    assert world.twice() == []
