"""One sandbox process for all tests here; each test makes things of its own names and looks at those."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox import SandboxProcess

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(process: SandboxProcess) -> Iterator[SandboxProcess]:
    """The process with nothing switched on, no faults, and quotas that no test meets by chance."""
    process.switch(vpcs_per_region=1000, internet_gateways_per_region=1000)
    yield process
    process.clear_faults()
    process.switch(latency=0, propagation_seconds=0, clock_ahead=0, durable=True)


@pytest.fixture
def name() -> str:
    """A name that no other test uses; good for roles and buckets."""
    return f"test-{next(_NUMBERS)}"


@pytest.fixture
def refused() -> Callable[..., tuple[str, int, str]]:
    """Calls a function that AWS must refuse: the error's code, HTTP status and message."""

    def call(function: Callable[..., Any], **params: Any) -> tuple[str, int, str]:
        with pytest.raises(ClientError) as caught:
            function(**params)
        error = caught.value.response
        return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Message"]

    return call
