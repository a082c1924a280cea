"""What the tests that break a whole stack share: a client of it, and time enough when they are large."""

from collections.abc import Iterator

import httpx
import pytest

from tests.chaos.stacks import LARGE
from tests.stack import Stack

HOURS = 3 * 60 * 60


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if LARGE and "tests/chaos" in str(item.path):
            item.add_marker(pytest.mark.timeout(HOURS))
