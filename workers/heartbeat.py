"""The heartbeat: keeps the leases of what this worker holds, and shows that the worker lives."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from clouds.clock import Clock
from clouds.services import claims
from workers.holds import Holds
from workers.runner import LOST_DATABASE

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """A thread of its own, so that no turn, however busy, can delay it."""

    def __init__(
        self,
        holds: Holds,
        clock: Clock,
        *,
        worker: str,
        slots: int,
        busy: Callable[[], int],
        every: float,
        lease: float,
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._holds = holds
        self._clock = clock
        self._worker = worker
        self._slots = slots
        self._busy = busy
        self._every = every
        self._lease = lease
        self._started_at: datetime = clock.now()
        self._ending = threading.Event()

    def run(self) -> None:
        """Beat until told to stop. A beat that fails is told and the next one is tried."""
        while True:
            try:
                self.beat()
            except LOST_DATABASE as error:
                logger.warning("No heartbeat, the database does not answer: %s", error)
                connection.close()
            if self._ending.wait(self._every):
                break
        connection.close()

    def beat(self) -> None:
        """Renew the leases and the sign of life, once."""
        asked = self._holds.present()
        until = time.monotonic() + self._lease
        now = self._clock.now()
        standing = claims.heartbeat(
            [hold.claim for hold in asked], lease=timedelta(seconds=self._lease), now=now
        )
        self._holds.renew(standing, asked, until)
        claims.beat(
            worker=self._worker, started_at=self._started_at, slots=self._slots, busy=self._busy(), now=now
        )

    def stop(self) -> None:
        """Stop beating."""
        self._ending.set()
