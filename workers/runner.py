"""One turn of one operation: load it, hand it to its kind, write down how it ended."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from clouds.clock import Clock
from clouds.facts import Facts
from clouds.models import Cloud, Operation
from clouds.outcomes import Again, Cancelled, Failed, Outcome
from clouds.queries import spec_of
from clouds.services import claims, records
from clouds.services.records import Call, LostFence
from clouds.states import CloudState, Kind
from workers.aws.fence import fenced
from workers.holds import CancelRequested, FencedPool, HandOver, Hold
from workers.journal import Journal
from workers.operations.work import Hands, Work

logger = logging.getLogger(__name__)

Turn = Callable[[Work], Outcome]
LOST_DATABASE = (OperationalError, InterfaceError)


class Runner:
    """Runs turns on any thread. What could not be written because the database was away is owed."""

    def __init__(self, turns: Mapping[Kind, Turn], hands: Hands, clock: Clock, *, crash_limit: int) -> None:
        self._turns = turns
        self._hands = hands
        self._clock = clock
        self._crash_limit = crash_limit
        self._lock = Lock()
        self._owed: list[tuple[Hold, list[Call]]] = []

    def run(self, hold: Hold) -> float | None:
        """Run one turn. Return after how many seconds the next one is due, None where there is none."""
        close_old_connections()
        calls: list[Call] = []
        try:
            return self._run(hold, calls)
        except LostFence:
            logger.info("Operation %s is in other hands now.", hold.claim.operation_id)
        except LOST_DATABASE as error:
            logger.warning("The database went away during operation %s: %s", hold.claim.operation_id, error)
            connection.close()
            with self._lock:
                self._owed.append((hold, calls))
        return None

    def _run(self, hold: Hold, calls: list[Call]) -> float | None:
        operation, cloud = records.load(hold.claim)
        journal = Journal(hold, cloud.id, self._clock)
        try:
            outcome = self._outcome(hold, operation, cloud, journal)
        finally:
            calls += journal.unwritten()
        now = self._clock.now()
        if outcome is None:
            records.advance(hold.claim, calls=calls, now=now)
            claims.release([hold.claim], crashed=False, now=now)
            return None
        records.settle(hold.claim, outcome, progressed=journal.progressed, calls=calls, now=now)
        return outcome.delay if isinstance(outcome, Again) else None

    def _outcome(self, hold: Hold, operation: Operation, cloud: Cloud, journal: Journal) -> Outcome | None:
        """Return what the turn came to; None where the worker stops and hands the operation over."""
        if operation.cancel_requested_at is not None:
            return Cancelled()
        if operation.crashes > self._crash_limit:
            return _poisoned(operation)
        if operation.crashes:
            journal.note("The worker that did this was lost. Another one goes on from there.")
        try:
            with fenced(hold.check):
                return self._turns[Kind(operation.kind)](self._work(hold, operation, cloud, journal))
        except CancelRequested:
            return Cancelled()
        except HandOver:
            return None
        except (LostFence, *LOST_DATABASE):
            raise
        except Exception:  # the one place that catches all: a defect must end the operation, not the worker
            logger.exception("Operation %s failed because of a defect", operation.id)
            return _defect(operation)

    def _work(self, hold: Hold, operation: Operation, cloud: Cloud, journal: Journal) -> Work:
        return Work(
            operation_id=operation.id,
            kind=Kind(operation.kind),
            input=operation.input,
            created_at=operation.created_at,
            stalled=operation.stalled,
            actor_id=operation.actor["id"],
            cloud_state=CloudState(cloud.state),
            spec=spec_of(cloud),
            rotated_at=cloud.rotated_at,
            open_to_others=cloud.trust_lost_at is not None,
            known=Facts.from_json(cloud.facts) if cloud.facts else None,
            journal=journal,
            record=journal.record,
            clock=self._clock,
            hands=replace(self._hands, pool=FencedPool(self._hands.pool, hold)),
        )

    def pay(self) -> None:
        """Give back, now that the database answers again, what turns had to leave when it did not."""
        with self._lock:
            owed, self._owed = self._owed, []
        for place, (hold, calls) in enumerate(owed):
            try:
                records.advance(hold.claim, calls=calls, now=self._clock.now())
                claims.release([hold.claim], crashed=True, now=self._clock.now())
            except LostFence:
                continue
            except LOST_DATABASE:
                with self._lock:
                    self._owed += owed[place:]
                raise


def _poisoned(operation: Operation) -> Failed:
    return Failed(
        "worker_lost",
        f"Workers were lost {operation.crashes} times in a row while they worked on this operation, "
        "so it was stopped to keep the others going.",
        f"Look at the worker's log around {operation.id} (memory, crashes), then retry.",
    )


def _defect(operation: Operation) -> Failed:
    return Failed(
        "internal_error",
        f"Raydock met a defect of its own while working on {operation.id}. What was done so far is recorded.",
        f"Retry. If it happens again, report it with {operation.id}: the worker's log has the details.",
    )
