"""Whole Raydocks to break: on the embedded default, or on PostgreSQL and a Redis that can be killed."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx

from portal.sandboxkeys import read_sandbox_keys
from portal.stack import HOST, Place, worker_program
from tests.chaos.outages import Broker
from tests.services import postgres
from tests.stack import COMPILED, ROOT, Stack, children_of, free_port, wait_for

S = TypeVar("S", bound=Stack)
LARGE = os.environ.get("RAYDOCK_TEST_SIZE") == "large"
# A short lease: what is proven is that another worker goes on after it, not how long fifteen seconds are.
FAST = {
    "RAYDOCK_LEASE_SECONDS": "3",
    "RAYDOCK_HEARTBEAT_SECONDS": "1",
    "RAYDOCK_BACKOFF_BASE": "0.1",
    "RAYDOCK_CONSISTENCY_GRACE": "0.5",
}
# A restarted sandbox forgets its switches, so a stack that loses its sandbox is given them again.
ROOMY = {"vpcs_per_region": 10_000, "internet_gateways_per_region": 10_000}


def size(small: int, large: int) -> int:
    """How many: in a usual run, and with RAYDOCK_TEST_SIZE=large."""
    return large if LARGE else small


@dataclass
class Served(Stack):
    """A stack on PostgreSQL and Redis."""

    broker: Broker = field(default_factory=lambda: Broker(free_port()))

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"]


@contextmanager
def embedded(folder: Path, environment: Mapping[str, str] = FAST) -> Iterator[Stack]:
    """A stack as `make run` starts it."""
    yield from _running(Stack(folder, environment))


@contextmanager
def served(folder: Path, environment: Mapping[str, str] = FAST) -> Iterator[Served]:
    """A stack on a database and a broker of its own."""
    broker = Broker(free_port()).start()
    try:
        with postgres() as url:
            addresses = {"DATABASE_URL": url, "REDIS_URL": broker.url}
            yield from _running(Served(folder, {**environment, **addresses}, broker=broker))
    finally:
        broker.kill()


def _running(stack: S) -> Iterator[S]:
    stack.start()
    turn(stack)
    yield stack
    assert stack.stop() == 0, stack.log()


def turn(stack: Stack, **switches: float) -> None:
    """Turn the sandbox's switches, also while it comes back."""

    def turned() -> bool:
        with suppress(httpx.HTTPError):
            return bool(stack.sandbox("POST", "switches", {**ROOMY, **switches}))
        return False

    wait_for("the sandbox", turned)


def web_child(stack: Stack) -> int:
    """The process that answers requests; the one above it starts another when it dies."""
    parent = wait_for("web", lambda: stack.pid_of("granian"))
    return wait_for("a web process", lambda: next(children_of(parent), None))


@dataclass
class Spare:
    """One more worker beside the stack's own, as another machine would run it."""

    stack: Stack
    name: str = "spare"
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> Self:
        sandbox_port = urlsplit(self.stack.run["sandbox_endpoint"]).port or 0
        place = Place(self.stack.folder, HOST, self.stack.port, sandbox_port)
        program = worker_program(place, read_sandbox_keys(self.stack.folder))
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                program.command,
                cwd=ROOT,
                env={
                    **program.environment,
                    **COMPILED,
                    **self.stack.environment,
                    "RAYDOCK_LOG_LEVEL": "INFO",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    @property
    def log_path(self) -> Path:
        return self.stack.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def ready(self) -> Self:
        wait_for(f"{self.name} to work", lambda: " works." in self.log_path.read_text(), seconds=60)
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """kill -9, if it still lives."""
        if self.process:
            self.process.kill()
            self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        assert self.process
        return self.process.wait(10)
