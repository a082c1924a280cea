"""How much is tried: a part in CI, all of it with RAYDOCK_TEST_SIZE=large."""

import os
from concurrent.futures import Executor

import pytest

from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk


@pytest.fixture(scope="session")
def large() -> bool:
    return os.environ.get("RAYDOCK_TEST_SIZE") == "large"


@pytest.fixture
def desk(transactional_db: None, aws_sandbox: SandboxProcess, pool: Executor) -> Desk:
    return Desk(aws_sandbox, pool)
