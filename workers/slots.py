"""The worker's slots: so many turns at the same time, each on a thread of its own."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from django.db import connection

Job = Callable[[], None]


class Slots:
    """A fixed number of threads. They do not keep the process alive: a turn may hang in a call for long."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0
        for number in range(count):
            threading.Thread(target=self._serve, name=f"slot-{number}", daemon=True).start()

    @property
    def free(self) -> int:
        """Return how many more turns can start."""
        with self._lock:
            return self.count - self._busy

    def submit(self, job: Job) -> None:
        """Start the job on a free slot. The caller has looked that there is one."""
        with self._lock:
            self._busy += 1
        self._jobs.put(job)

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        for _ in range(self.count):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            finally:
                with self._lock:
                    self._busy -= 1
        connection.close()
