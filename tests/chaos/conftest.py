"""A stack of its own for tests that kill parts of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack

# A short lease: what is proven is that another worker goes on after it, not how long fifteen seconds are.
FAST = {"RAYDOCK_LEASE_SECONDS": "3", "RAYDOCK_HEARTBEAT_SECONDS": "1", "RAYDOCK_BACKOFF_BASE": "0.1"}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    running = Stack(tmp_path / "stack", FAST).start()
    yield running
    assert running.stop() == 0, running.log()
