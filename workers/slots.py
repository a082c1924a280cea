"""The worker's slots: so many turns at the same time, each on a thread of its own."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from django.db import connection

Job = Callable[[], None]


class Slots:
    """A fixed number of threads. They do not keep the process alive: a turn may hang in a call for long.

    The one that was free last goes first: its database connection is open and warm, and a worker with little
    to do holds few of them.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._lock = threading.Lock()
        self._boxes: list[SimpleQueue[Job | None]] = [SimpleQueue() for _ in range(count)]
        self._free = list(self._boxes)
        for number, box in enumerate(self._boxes):
            threading.Thread(target=self._serve, args=(box,), name=f"slot-{number}", daemon=True).start()

    @property
    def free(self) -> int:
        """Return how many more turns can start."""
        with self._lock:
            return len(self._free)

    def submit(self, job: Job) -> None:
        """Start the job on a free slot. The caller has looked that there is one."""
        with self._lock:
            box = self._free.pop()
        box.put(job)

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        for box in self._boxes:
            box.put(None)

    def _serve(self, box: SimpleQueue[Job | None]) -> None:
        while (job := box.get()) is not None:
            try:
                job()
            finally:
                with self._lock:
                    self._free.append(box)
        connection.close()
