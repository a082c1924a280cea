"""The operations that this process holds, and until when: the lease as the process itself knows it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from clouds.services.claims import Claim
from clouds.services.records import LostFence
from workers.aws.fence import fenced

P = ParamSpec("P")
T = TypeVar("T")


class CancelRequested(Exception):  # noqa: N818 - a person's wish, not a defect
    """A person asked to stop the operation; raised between two steps."""


class HandOver(Exception):  # noqa: N818 - the same
    """This worker stops; raised between two steps, so that another one goes on from there."""


class Hold:
    """One claimed operation in this process.

    The lease is measured with a clock that also runs while the process is stopped, so a worker that was
    frozen knows when it wakes that others may have its work, before it asks the database.
    """

    def __init__(self, claim: Claim, until: float) -> None:
        self.claim = claim
        self.until = until
        self.lost = False
        self.stopping = False

    def check(self) -> None:
        """Raise LostFence where the work may be somebody else's by now."""
        if self.lost or time.monotonic() >= self.until:
            raise LostFence(self.claim.operation_id)


class FencedPool(Executor):
    """A pool shared by all turns, that starts no call for an operation which is no longer held."""

    def __init__(self, pool: Executor, hold: Hold) -> None:
        self._pool = pool
        self._hold = hold

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run the call on a thread of the shared pool, if the work is still held when its turn comes."""

        def held() -> T:
            self._hold.check()
            with fenced(self._hold.check):
                return fn(*args, **kwargs)

        return self._pool.submit(held)


class Holds:
    """All operations of this process, by id."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._holds: dict[str, Hold] = {}

    @contextmanager
    def keeping(self, hold: Hold) -> Iterator[None]:
        """Count the operation as held while the block runs."""
        try:
            yield
        finally:
            with self._lock:
                if self._holds.get(hold.claim.operation_id) is hold:
                    del self._holds[hold.claim.operation_id]
                self._lock.notify_all()

    def add(self, hold: Hold) -> None:
        """Count the operation as held."""
        with self._lock:
            self._holds[hold.claim.operation_id] = hold

    def present(self) -> list[Hold]:
        """Return what is held now."""
        with self._lock:
            return list(self._holds.values())

    def renew(self, standing: Mapping[str, bool], asked: list[Hold], until: float) -> None:
        """Note the answer of a heartbeat to those it was asked for."""
        for hold in asked:
            if hold.claim.operation_id in standing:
                hold.until = until
            else:
                hold.lost = True

    def wait_until_none(self, seconds: float) -> bool:
        """Wait for all turns to end, so long at most. Say whether they have."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._holds, timeout=seconds)
