"""Stacks to break: one on the embedded default, one on PostgreSQL and Redis."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.services import postgres, redis_server
from tests.stack import Stack

# A short lease: what is proven is that another worker goes on after it, not how long fifteen seconds are.
FAST = {"RAYDOCK_LEASE_SECONDS": "3", "RAYDOCK_HEARTBEAT_SECONDS": "1", "RAYDOCK_BACKOFF_BASE": "0.1"}
LARGE = os.environ.get("RAYDOCK_TEST_SIZE") == "large"


@pytest.fixture(scope="module", params=["embedded", "services"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        yield from _running(Stack(folder, FAST))
        return
    with postgres() as database_url, redis_server() as redis_url:
        yield from _running(Stack(folder, {**FAST, "DATABASE_URL": database_url, "REDIS_URL": redis_url}))


def _running(stack: Stack) -> Iterator[Stack]:
    stack.start()
    yield stack
    assert stack.stop() == 0, stack.log()


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client
