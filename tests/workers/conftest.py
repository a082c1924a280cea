"""One sandbox process for the tests of the worker's AWS side; each test has a cloud of its own in it."""

from collections.abc import Iterator
from concurrent.futures import Executor

import pytest

from tests.sandbox import SandboxProcess
from tests.workers.places import Place, new_place, sessions, threads
from workers.aws.session import Sessions


@pytest.fixture(scope="session")
def aws_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("aws"), options=("--no-durable",)) as running:
        running.switch(vpcs_per_region=10_000, internet_gateways_per_region=10_000)
        yield running


@pytest.fixture
def aws_sandbox(aws_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """The process without faults or latency."""
    yield aws_process
    aws_process.clear_faults()
    aws_process.switch(latency=0, propagation_seconds=0)


@pytest.fixture
def entered(aws_process: SandboxProcess) -> Sessions:
    """The sessions of a worker that has just started."""
    return sessions(aws_process)


@pytest.fixture
def place(aws_sandbox: SandboxProcess, entered: Sessions) -> Place:
    """A connected cloud in which nothing is built yet."""
    return new_place(aws_sandbox, entered)


@pytest.fixture(scope="session")
def pool() -> Iterator[Executor]:
    with threads() as running:
        yield running
