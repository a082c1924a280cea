"""PostgreSQL and Redis under attack: parts killed and frozen, copies raced, broker and database lost."""

import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.benchmarks.figures import percentile
from tests.chaos import correlation
from tests.chaos.copies import absent_role, raced
from tests.chaos.goals import note
from tests.chaos.outages import no_connections
from tests.chaos.stacks import Served, Spare, served, size, turn
from tests.chaos.storm import SLOW, slowest, victims_of, weather
from tests.stack import settle, wait_for
from tests.story.clouds import REGION, connected, delete, reserve, set_up
from tests.story.customer import tagged

Row = dict[str, Any]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("services")) as running:
        yield running


@pytest.fixture(scope="module")
def spare(stack: Served) -> Iterator[Spare]:
    with Spare(stack) as running:
        yield running.ready()


def test_a_storm_of_kills(spare: Spare, api: httpx.Client) -> None:
    waves = victims_of(["worker", "sandbox", "web", "spare"], size(1, 34))
    storm = weather(spare, api, "PostgreSQL + Redis", waves, size(2, 10))
    note("R4", "from kill to the next turn, lease 3 s, PostgreSQL + Redis", slowest(storm.recoveries))


def test_copies_of_a_request_race(stack: Served, api: httpx.Client) -> None:
    raced(stack, api, "PostgreSQL + Redis", size(10, 1_000))


def test_a_frozen_worker_writes_nothing_and_calls_nothing_when_it_wakes(
    stack: Served, spare: Spare, api: httpx.Client
) -> None:
    late = [freeze(stack, api, spare.ready(), "quiet", at_random=False)]
    late += [freeze(stack, api, spare, f"wild-{number}", at_random=True) for number in range(size(0, 99))]
    assert late[0] == 0
    text = f"0 stale writes, {sum(late)} late calls"
    note(
        "R7",
        f"{len(late)} workers frozen beyond their lease, then woken",
        text,
        "0 of both",
        met=not sum(late),
    )


def freeze(stack: Served, api: httpx.Client, spare: Spare, name: str, *, at_random: bool) -> int:
    """Freeze the stack's worker in the middle of a set-up that another one ends. How many calls came late.

    A call that has left the worker comes late whatever it does; so none may have, or at random some may.
    """
    own = wait_for("the worker", lambda: stack.pid_of("manage.py worker"))
    with frozen(spare.pid):
        cloud = connected(api, stack, name)
        turn(stack, latency=1)
        building = set_up(api, cloud)
        steps_done(api, building, 2)
        if not at_random:
            all_sent(stack)
    with frozen(own):
        turn(stack, latency=0)
        assert settle(api, building)["state"] == "succeeded"
        before, calls = written(api, building), correlation.lines_of(stack, building)
    with frozen(spare.pid):  # so the woken one does this, after whatever it still had in hand
        settle(api, api.post(f"/clouds/{cloud['id']}/verify", json={}).json())
        assert written(api, building) == before
        late = len(correlation.lines_of(stack, building)) - len(calls)
        assert settle(api, delete(api, cloud))["state"] == "succeeded"
    assert tagged(stack, cloud["id"], REGION) == []
    return late


def test_a_worker_that_is_told_to_stop_hands_over(stack: Served, spare: Spare, api: httpx.Client) -> None:
    own = wait_for("the worker", lambda: stack.pid_of("manage.py worker"))
    cloud = connected(api, stack, "handed-over")
    turn(stack, latency=SLOW)
    with frozen(own):
        building = set_up(api, cloud)
        steps_done(api, building, 1)
    began = time.monotonic()
    assert spare.stop() == 0
    seconds = time.monotonic() - began
    note("R4", "SIGTERM: hand-over", f"{seconds:.2f} s", "2 s", met=seconds <= 2)
    turn(stack, latency=0)
    assert settle(api, building)["state"] == "succeeded"
    assert settle(api, delete(api, cloud))["state"] == "succeeded"
    assert tagged(stack, cloud["id"], REGION) == []


def all_sent(stack: Served) -> None:
    """Wait until every call in the worker's hands has left: AWS has received nothing new for a while."""
    heard: deque[int] = deque(maxlen=4)

    def still() -> bool:
        heard.append(sum(stack.sandbox("GET", "faults")["counts"].values()))
        return len(heard) == heard.maxlen and len(set(heard)) == 1

    wait_for("all calls to be sent", still, every=0.1)


def steps_done(api: httpx.Client, operation: Row, number: int) -> None:
    """Wait until this many steps of the operation are done."""

    def enough() -> bool:
        return bool(api.get(f"/operations/{operation['id']}").json()["steps_done"] >= number)

    wait_for(f"{number} steps", enough, every=0.01)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """SIGSTOP while the block runs, then SIGCONT."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def written(api: httpx.Client, operation: Row) -> list[Any]:
    """What is written of an operation: its row, events, recorded calls and audit events."""
    path = f"/operations/{operation['id']}"
    calls = correlation.recorded(api, operation)
    audited = api.get(f"/audit-events?operation={operation['id']}").json()["results"]
    return [api.get(path).json(), api.get(f"{path}/events").json(), calls, audited]


def test_without_a_broker_requests_are_quick_and_work_is_done(stack: Served, api: httpx.Client) -> None:
    count = size(20, 200)
    with_broker = connects(stack, api, "ringing", count)
    stack.broker.kill()
    without = connects(stack, api, "deaf", count)
    stack.broker.start()
    wait_for("Redis", stack.broker.answers)
    stack.broker.flush()
    connects(stack, api, "hearing", count)
    text = f"p99 {p99(without):.0f} ms without, {p99(with_broker):.0f} ms with Redis"
    near = p99(without) <= max(1.2 * p99(with_broker), p99(with_broker) + 20)
    note("R5", f"{count} requests while Redis is down: all done", text, "1.2 x", met=near)
    assert max(without) < 2, "a request waited for the broker"


def connects(stack: Served, api: httpx.Client, name: str, count: int) -> list[float]:
    """Seconds that each of so many connect requests took; every operation comes to its end."""
    clouds = [reserve(api, stack, f"{name}-{number}") for number in range(count)]
    answers = [api.post(f"/clouds/{cloud['id']}/connect", json=absent_role(stack)) for cloud in clouds]
    assert {answer.status_code for answer in answers} == {202}
    for answer in answers:
        assert settle(api, answer.json())["code"] == "role_not_assumable"
    return [answer.elapsed.total_seconds() for answer in answers]


def p99(seconds: list[float]) -> float:
    return 1000 * percentile(seconds, 0.99)


def test_a_database_that_is_away_costs_time_and_nothing_else(stack: Served, api: httpx.Client) -> None:
    clouds = [connected(api, stack, f"cut-off-{number}") for number in range(size(2, 20))]
    turn(stack, latency=SLOW)
    building = [set_up(api, cloud) for cloud in clouds]
    steps_done(api, building[0], 2)
    with no_connections(stack.database_url, seconds=size(2, 10)):
        refused = api.post("/clouds", json={})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert refused.headers["Content-Type"] == "application/problem+json"
    back = time.monotonic()
    steps = sum(api.get(f"/operations/{one['id']}").json()["steps_done"] for one in building)
    wait_for("the work to go on", lambda: sum_of(api, building) > steps, seconds=20)
    seconds = time.monotonic() - back
    note(
        "R6",
        f"{len(clouds)} in flight, database away",
        f"goes on after {seconds:.1f} s",
        "10 s",
        met=seconds <= 10,
    )
    turn(stack, latency=0)
    for operation in building:
        assert settle(api, operation)["state"] == "succeeded"
    for operation in [delete(api, cloud) for cloud in clouds]:
        assert settle(api, operation)["state"] == "succeeded"
    assert [tagged(stack, cloud["id"], REGION) for cloud in clouds] == [[] for _ in clouds]


def sum_of(api: httpx.Client, operations: list[Row]) -> int:
    """Steps done of all, an ended one counting for many."""
    rows = [api.get(f"/operations/{one['id']}").json() for one in operations]
    return sum(row["steps_done"] + (1_000 if row["finished_at"] else 0) for row in rows)
