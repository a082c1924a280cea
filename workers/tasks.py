"""The one task, the bell: it wakes the ticker of the process that hears it, which then looks for itself."""

import threading

from workers.app import app

bell = threading.Event()


@app.task(name="workers.tasks.ring")
def ring(operation_id: str) -> None:
    """Wake the ticker. The id is for people who read the broker: what is due, the ticker finds by itself."""
    bell.set()
