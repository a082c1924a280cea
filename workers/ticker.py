"""The ticker: finds due operations and gives them to free slots. It is all the scheduling there is."""

import logging
import threading
import time
from datetime import timedelta

from django.db import connection

from clouds.clock import Clock
from clouds.services import claims
from workers.holds import Hold, Holds
from workers.runner import LOST_DATABASE, Runner
from workers.slots import Slots

logger = logging.getLogger(__name__)

LOOK = "PRAGMA data_version"
LOOK_EVERY = 0.005
CONTENDED_PAUSE = 0.01
OUTAGE_PAUSE = 0.5


class Ticker(threading.Thread):
    """Looks when the bell rings, when a slot becomes free, when a pause is over, and every `tick` seconds.

    With SQLite it also notices every change of the database within some 5 ms, so it needs no bell.
    """

    def __init__(
        self,
        runner: Runner,
        slots: Slots,
        holds: Holds,
        clock: Clock,
        *,
        worker: str,
        lease: float,
        tick: float,
        bell: threading.Event,
    ) -> None:
        super().__init__(name="ticker", daemon=True)
        self._runner = runner
        self._slots = slots
        self._holds = holds
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._tick = tick
        self._bell = bell
        self._stopping = threading.Event()
        self._alarm = float("inf")
        self._version = 0

    def run(self) -> None:
        """Tick until told to stop. The database may go away and come back."""
        while not self._stopping.is_set():
            try:
                if not self.look():
                    self._rest()
            except LOST_DATABASE as error:
                logger.warning("No work can be taken, the database does not answer: %s", error)
                connection.close()
                self._stopping.wait(OUTAGE_PAUSE)
        connection.close()

    def look(self) -> bool:
        """Take what is due while slots are free. Say whether it is worth looking again at once."""
        self._runner.pay()
        free = self._slots.free
        now = self._clock.now()
        if not free or not claims.anything_due(now):
            return False
        until = time.monotonic() + self._lease
        taken = claims.claim(worker=self._worker, limit=free, lease=timedelta(seconds=self._lease), now=now)
        for claim in taken:
            self._start(Hold(claim, until))
        if not taken:
            self._stopping.wait(CONTENDED_PAUSE)  # others are taking it just now
        return True

    def _start(self, hold: Hold) -> None:
        self._holds.add(hold)
        self._slots.submit(lambda: self._turn(hold))

    def _turn(self, hold: Hold) -> None:
        with self._holds.keeping(hold):
            delay = self._runner.run(hold)
        if delay is not None:
            self._alarm = min(self._alarm, time.monotonic() + delay)
        self._bell.set()

    def _rest(self) -> None:
        """Wait for a reason to look."""
        end = min(time.monotonic() + self._tick, self._alarm)
        if self._alarm <= time.monotonic():
            self._alarm = float("inf")
        watches = connection.vendor == "sqlite" and self._slots.free > 0
        while (left := end - time.monotonic()) > 0:
            if self._bell.wait(min(left, LOOK_EVERY) if watches else left):
                self._bell.clear()
                return
            if watches and self._changed():
                return

    def _changed(self) -> bool:
        """Say whether another connection has changed the database. https://sqlite.org/pragma.html

        Asked of the driver itself: Django's cursor would cost ten times as much, 200 times a second.
        """
        connection.ensure_connection()
        before, self._version = self._version, connection.connection.execute(LOOK).fetchone()[0]
        return before != self._version

    def stop(self) -> None:
        """Take no more work."""
        self._stopping.set()
        self._bell.set()
