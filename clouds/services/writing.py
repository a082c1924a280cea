"""Transactions of a worker's threads, one after another where the database has one writer.

Threads that meet at SQLite's lock sleep and try again, longer each time (https://sqlite.org/c3ref/busy_timeout.html);
here they queue instead, and each starts the moment the one before it has committed.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.db import connection, transaction

_one_writer = threading.RLock()


@contextmanager
def writing(scope: AbstractContextManager[None]) -> Iterator[None]:
    """Open a transaction that will write, seeing what `scope` shows."""
    queue = _one_writer if connection.vendor == "sqlite" else nullcontext()
    with queue, scope, transaction.atomic():
        yield
