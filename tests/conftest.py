"""Fixtures every test may use. People come from tests/people.py, clouds from tests/factories.py."""

from datetime import UTC, datetime

import pytest

from tests.emptying import let_tests_empty_tables
from tests.people import People, people

let_tests_empty_tables()


@pytest.fixture
def now() -> datetime:
    """A fixed moment, aware and in UTC; time is passed in, never patched."""
    return datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def us(db: None, now: datetime) -> People:
    """An organization with one of each role, and a stranger."""
    return people(now)
