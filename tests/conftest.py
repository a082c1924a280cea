"""Fixtures every test may use. People come from tests/people.py, clouds from tests/factories.py."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    """A fixed moment, aware and in UTC; time is passed in, never patched."""
    return datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
