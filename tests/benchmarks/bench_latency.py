"""From the request to the first AWS call on both brokers, and ten thousand operations that wait."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.waiting import waiting_figures
from tests.services import services
from tests.stack import Stack, settle
from tests.story.clouds import reserve

REQUESTS = 100


def run() -> list[Figure]:
    """Both profiles, one after the other."""
    figures = []
    with embedded() as stack:
        figures += latency(stack, "embedded")
        figures += waiting_figures(stack)
    with on_services() as stack:
        figures += latency(stack, "PostgreSQL + Redis")
    return figures


@contextmanager
def embedded() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="raydock-bench-") as folder:
        stack = Stack(Path(folder)).start()
        try:
            yield stack
        finally:
            stack.stop()


@contextmanager
def on_services() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="raydock-bench-") as folder, services() as addresses:
        stack = Stack(Path(folder), addresses).start()
        try:
            yield stack
        finally:
            stack.stop()


def latency(stack: Stack, profile: str) -> list[Figure]:
    """Milliseconds between sending a connect request and the arrival of its AssumeRole at the sandbox."""
    with stack.client() as api:
        times = sorted(one_latency(api, stack, number) for number in range(REQUESTS))
    median, worst = percentile(times, 0.5), percentile(times, 0.99)
    text = f"p50 {median:.1f} ms, p99 {worst:.1f} ms"
    return [
        Figure(
            "P2", f"request to first AWS call, {profile}", text, "15 / 60 ms", median <= 15 and worst <= 60
        )
    ]


def one_latency(api: httpx.Client, stack: Stack, number: int) -> float:
    """A cloud of its own each time: the role is not there, and one refusal is enough."""
    cloud = reserve(api, stack, f"latency-{number}")
    arn = f"arn:aws:iam::{stack.run['sandbox_account_id']}:role/absent"
    sent = datetime.now(UTC)
    answer = api.post(f"/clouds/{cloud['id']}/connect", json={"role_arn": arn, "wait_seconds": 0})
    operation = answer.raise_for_status().json()
    settle(api, operation)
    calls = stack.sandbox("GET", "calls?action=sts:AssumeRole")["calls"]
    mine = [call for call in calls if operation["id"] in call["user_agent"]]
    first = min(datetime.fromisoformat(call["at"]) for call in mine)
    return 1000 * (first - sent).total_seconds()


def elapsed(began: float) -> float:
    """Seconds since `began` (time.monotonic)."""
    return time.monotonic() - began
