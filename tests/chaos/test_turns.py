"""Work on a cloud, with the worker's database failing at one place after the other: it ends all the same.

A large run takes every place; a usual one takes places evenly spread over them.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

import pytest
from django.db import connection

from clouds.models import Cloud, Intent, Operation, OperationEvent
from clouds.services import claims
from clouds.states import Kind
from iam import audit, tenancy
from tests.chaos.goals import note
from tests.chaos.stacks import size
from tests.chaos.statements import Place, failing
from tests.sandbox import SandboxProcess
from tests.workers.desk import LEASE, TURNS, Desk
from tests.workers.faults.lives import account, census, connected
from tests.workers.places import threads
from workers.holds import Hold
from workers.runner import LOST_DATABASE

SETUP, DELETE = Kind.SETUP, Kind.DELETE
ASKED: dict[Kind, dict[str, Any]] = {SETUP: {}, DELETE: {"bucket": "delete"}}
AT_MOST = size(3, 10_000)  # places of each kind of work


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("aws"), options=("--no-durable",)) as running:
        running.switch(vpcs_per_region=10_000, internet_gateways_per_region=10_000)
        yield running


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with threads() as running:
        yield running


@pytest.fixture
def desk(transactional_db: None, sandbox: SandboxProcess, pool: Executor) -> Desk:
    return Desk(sandbox, pool)


@pytest.mark.parametrize("place", list(Place))
def test_work_ends_well_wherever_the_worker_loses_its_database(desk: Desk, place: Place) -> None:
    life = Life(desk, place)
    counts = life.lived({})
    chosen = {kind: spread(count) for kind, count in counts.items()}
    for number in range(max(map(len, chosen.values()))):
        life.lived({kind: found[number] for kind, found in chosen.items() if number < len(found)})
    text = ", ".join(f"{len(chosen[kind])} of {counts[kind]} places in {kind}" for kind in ASKED)
    vendor = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    note("R2", f"worker's turns, {place}, {vendor}", f"{text}: complete, then gone", met=True)


def spread(count: int) -> list[int]:
    """The places to fail at: all of so many, or some with equal distances."""
    return list(range(1, count + 1, max(1, -(-count // AT_MOST))))


class Life:
    """Lives of clouds in which the database fails in one way."""

    def __init__(self, desk: Desk, place: Place) -> None:
        self.desk = desk
        self.place = place
        self.whole: Counter[str] = Counter()

    def lived(self, numbers: dict[Kind, int]) -> dict[Kind, int]:
        """Build a cloud and remove it, failing at these places. How many places there were."""
        cloud = connected(self.desk)
        before, counts = account(self.desk, cloud), {}
        counts[SETUP] = self.worked(cloud, SETUP, numbers)
        self.whole = self.whole or census(self.desk, cloud)
        assert census(self.desk, cloud) == self.whole, numbers
        counts[DELETE] = self.worked(self.desk.fresh(cloud), DELETE, numbers)
        assert account(self.desk, cloud) == before, numbers
        return counts

    def worked(self, cloud: Cloud, kind: Kind, numbers: dict[Kind, int]) -> int:
        """Ask for this work and do it to its end, the database failing once on the way."""
        operation = self.desk.ask(cloud, kind, **ASKED[kind])
        number, count = numbers.get(kind, 0), 0
        for _ in range(TURNS):
            current = self.desk.again(operation)
            if current.due_at is None:
                break
            self.desk.clock.jump(current.due_at)
            with failing(self.place, max(0, number - count)) as one:
                self.look()
            count += one.count
            number = 0 if one.struck else number
        recorded(self.desk.again(operation))
        return count

    def look(self) -> None:
        """What a worker's ticker does at each look, on this thread."""
        try:
            self.desk.runner.pay()
            for claim in claims.claim(worker="test", limit=1, lease=LEASE, now=self.desk.clock.now()):
                self.desk.runner.run(Hold(claim, until=float("inf")))
        except LOST_DATABASE:
            connection.close()


def recorded(operation: Operation) -> None:
    """It has succeeded; no call is open; events have no gap; each end is in the audit log once."""
    assert operation.state == "succeeded", (operation.state, operation.code, operation.message)
    with tenancy.scope(operation.organization_id):
        assert not Intent.objects.filter(operation=operation, outcome__in=["", "unknown"]).exists()
        events = OperationEvent.objects.filter(operation=operation).order_by("seq")
        numbers = list(events.values_list("seq", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
    assert audit.verify(operation.organization_id).ok
