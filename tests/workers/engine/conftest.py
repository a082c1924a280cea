import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection

from clouds.clock import SystemClock
from clouds.models import Operation
from clouds.states import CloudState, Kind
from iam import tenancy
from iam.models import Organization
from tests import factories
from tests.stack import wait_for
from tests.workers.engine import world
from tests.workers.engine.process import WorkerProcess
from tests.workers.engine.turns import KINDS
from workers.engine import Engine, Pace
from workers.hands import hands

PACE = Pace(slots=4, lease=1.0, heartbeat=0.3, tick=0.05, crash_limit=2)


@pytest.fixture(autouse=True)
def a_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> None:
    """An empty world and a database that other threads and processes see."""
    monkeypatch.setenv(world.VARIABLE, str(tmp_path / "world"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")


@pytest.fixture
def acme(a_world: None) -> Organization:
    return factories.organization("Acme", now=SystemClock().now())


Start = Callable[..., Engine]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start engines in this process; they are stopped in the end."""
    with ExitStack() as running:

        def starting(pace: Pace = PACE, bell: threading.Event | None = None) -> Engine:
            clock = SystemClock()
            held = hands(clock)
            running.callback(held.pool.shutdown)
            engine = Engine(KINDS, held, clock, pace, bell=bell)
            running.callback(engine.stop)
            engine.start()
            return engine

        yield starting


Spawn = Callable[..., WorkerProcess]


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Spawn]:
    """Start worker processes; they are killed in the end."""
    with ExitStack() as running:

        def spawning(name: str = "worker", **environment: str) -> WorkerProcess:
            return running.enter_context(WorkerProcess(tmp_path, name, environment))

        yield spawning


def work(of: Organization, kind: Kind = Kind.SETUP, **does: object) -> Operation:
    """An operation that is due now and does this (see turns.py)."""
    cloud = factories.cloud(of, CloudState.SETTING_UP)
    now = SystemClock().now()
    return factories.operation(cloud, kind, due_at=now, input=does, cloud_before="connected")


def fresh(operation: Operation) -> Operation:
    with tenancy.scope(operation.organization_id):
        return Operation.objects.select_related("cloud").get(pk=operation.pk)


def ended(operation: Operation, *, seconds: float = 20) -> Operation:
    """The operation once it is over."""

    def over() -> Operation | None:
        now = fresh(operation)
        return now if now.finished_at else None

    return wait_for(f"{operation} to end", over, seconds=seconds, every=0.02)


def all_ended(operations: list[Operation], *, seconds: float = 60) -> None:
    def left() -> bool:
        with tenancy.everyone():
            ids = [one.pk for one in operations]
            return not Operation.objects.filter(pk__in=ids, finished_at=None).exists()

    wait_for(f"{len(operations)} operations to end", left, seconds=seconds)


def until(what: str, look: Callable[[], object], *, seconds: float = 20) -> None:
    wait_for(what, look, seconds=seconds, every=0.01)


@pytest.fixture(autouse=True)
def closed(a_world: None) -> Iterator[None]:
    """Leave no connection of this thread in the way of emptying the tables."""
    yield
    connection.close()
