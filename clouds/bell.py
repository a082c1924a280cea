"""The bell: tells a worker that there may be work. A lost ring costs a moment, never the work.

The message carries an operation's id, and only so that a person reading the broker understands it: the worker
looks in the database. Without Redis there is no bell; workers watch the database for changes instead.
"""

import logging
import time
from functools import cache
from typing import Any

from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError

logger = logging.getLogger(__name__)

QUEUE = "raydock"
RING = "workers.tasks.ring"
SILENCE_SECONDS = 5.0

# A broker that does not answer must not hold up a request: half a second to connect, half to speak.
TRANSPORT: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "max_retries": 0}


class Breaker:
    """Keeps quiet for a while after a failure, so that only one request in five seconds waits for nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = float("-inf")

    @property
    def quiet(self) -> bool:
        """Say whether the last failure is too young to try again."""
        return time.monotonic() < self._until

    def failed(self) -> None:
        """Note a failure."""
        self._until = time.monotonic() + self._seconds


breaker = Breaker(SILENCE_SECONDS)


def ring(operation_id: str) -> None:
    """Ring once the running transaction has committed. Never raises because of the broker."""
    if settings.RAYDOCK.redis_url.get_secret_value():
        transaction.on_commit(lambda: publish(operation_id), robust=False)


def publish(operation_id: str) -> None:
    """Send the ring now, best effort, within a second."""
    if breaker.quiet:
        return
    try:
        _app().send_task(RING, args=[operation_id], queue=QUEUE, ignore_result=True, retry=False)
    except (BrokerError, KombuError, OSError) as error:
        breaker.failed()
        logger.warning("The broker cannot be reached; workers will find the work by themselves. (%s)", error)


@cache
def _app() -> Celery:
    app = Celery("raydock-bell", broker=settings.RAYDOCK.redis_url.get_secret_value(), set_as_current=False)
    app.conf.update(
        broker_transport_options=TRANSPORT,
        task_ignore_result=True,
        task_publish_retry=False,
        task_serializer="json",
    )
    return app
