"""A worker's engine: ticker, slots and heartbeat around the turns of the operations."""

import os
import secrets
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from clouds.clock import Clock
from clouds.services import claims
from clouds.states import Kind
from workers.heartbeat import Heartbeat
from workers.holds import Holds
from workers.operations.work import Hands
from workers.runner import LOST_DATABASE, Runner, Turn
from workers.slots import Slots
from workers.ticker import Ticker

HAND_OVER_SECONDS = 1.5


@dataclass(frozen=True)
class Pace:
    """How many turns at once, and how long things last (seconds)."""

    slots: int
    lease: float
    heartbeat: float
    tick: float
    crash_limit: int


class Engine:
    """Everything that a worker process runs. Several may run anywhere, at any time."""

    def __init__(
        self,
        turns: Mapping[Kind, Turn],
        hands: Hands,
        clock: Clock,
        pace: Pace,
        bell: threading.Event | None = None,
    ) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"[-64:]
        self._clock = clock
        self._holds = Holds()
        self._slots = Slots(pace.slots)
        self._ticker = Ticker(
            Runner(turns, hands, clock, crash_limit=pace.crash_limit),
            self._slots,
            self._holds,
            clock,
            worker=self.worker,
            lease=pace.lease,
            tick=pace.tick,
            bell=bell or threading.Event(),
        )
        self._heartbeat = Heartbeat(
            self._holds,
            clock,
            worker=self.worker,
            slots=pace.slots,
            busy=lambda: len(self._holds.present()),
            every=pace.heartbeat,
            lease=pace.lease,
        )

    def start(self) -> None:
        """Begin to work. Returns at once."""
        self._heartbeat.start()
        self._ticker.start()

    def wind_down(self) -> None:
        """Take no more work, and let each turn stop after the step in hand. Returns at once."""
        self._ticker.stop()
        for hold in self._holds.present():
            hold.stopping = True

    def stop(self, seconds: float = HAND_OVER_SECONDS) -> None:
        """Stop within so many seconds; what is then still in hand is handed over, due at once."""
        self.wind_down()
        self._ticker.join(seconds)
        self.wind_down()  # what the ticker took last
        self._holds.wait_until_none(seconds)
        self._heartbeat.stop()
        self._slots.close()
        self._heartbeat.join(seconds)
        self._give_back()

    def _give_back(self) -> None:
        left = self._holds.present()
        for hold in left:
            hold.lost = True
        try:
            claims.release([hold.claim for hold in left], crashed=False, now=self._clock.now())
            claims.leave(worker=self.worker)
        except LOST_DATABASE:
            pass  # the leases run out by themselves
        finally:
            connection.close()
