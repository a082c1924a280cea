"""The Celery app of a worker: it listens for the bell and does nothing else.

No ETA, countdown, retry, result backend or beat: the rows are the truth about the work (docs/adr).
"""

from typing import Any

from celery import Celery
from django.conf import settings

from clouds.bell import QUEUE

# The listener may wait long for the next ring; a broker that is gone shows by its sockets.
TRANSPORT: dict[str, Any] = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
# Without Redis nobody can ring from another process, so a slow look at the empty queue is enough.
EMBEDDED: dict[str, Any] = {"polling_interval": 0.5}


def _broker() -> tuple[str, dict[str, Any]]:
    redis: str = settings.RAYDOCK.redis_url.get_secret_value()
    return (redis, TRANSPORT) if redis else ("memory://localhost/", EMBEDDED)


def make_app() -> Celery:
    """Return the app, listening on the configured broker."""
    broker, options = _broker()
    made = Celery("raydock", broker=broker, include=["workers.tasks"], set_as_current=False)
    made.conf.update(
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
    )
    return made


app = make_app()
