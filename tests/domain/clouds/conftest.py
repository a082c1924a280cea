from collections.abc import Iterator

import pytest

from iam import tenancy
from tests.people import People


@pytest.fixture(autouse=True)
def here(us: People) -> Iterator[None]:
    """Everything happens inside our organization, as in a request."""
    with tenancy.scope(us.organization.id):
        yield
