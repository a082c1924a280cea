"""Somebody at work, with the real database and the real sandbox."""

from concurrent.futures import Executor

import pytest

from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk


@pytest.fixture
def desk(transactional_db: None, aws_sandbox: SandboxProcess, pool: Executor) -> Desk:
    return Desk(aws_sandbox, pool)
