"""Run a worker: it takes due operations and works on them, until it is told to stop."""

import logging
import os
import signal
import sys
import threading
import warnings
from typing import Any

from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_shutting_down
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.module_loading import import_string

from clouds.clock import SystemClock
from workers import tasks
from workers.app import app
from workers.aws.errors import AwsError
from workers.engine import Engine, Pace
from workers.hands import hands

logger = logging.getLogger(__name__)

TURNS = "workers.operations.KINDS"
QUICK_TICK, SLOW_TICK = 0.1, 0.5


class Command(BaseCommand):
    """Start the engine, listen for the bell, hand everything over on SIGTERM."""

    help = "Take due operations and work on them. SIGTERM or Ctrl-C hands the work over and stops."
    # They would load the whole console and REST interface, which a worker has no use for.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        engine = _engine()
        stopping = threading.Thread(target=_stop, args=(engine,), name="stopping")
        _stop_on_signals(stopping)
        _quieten()
        engine.start()
        logger.info("Worker %s works.", engine.worker)
        _listen()
        _begin(stopping)
        stopping.join()


def _stop_on_signals(stopping: threading.Thread) -> None:
    """Stop at once when told to: before Celery listens to signals, and afterwards as soon as it hears one.

    It may then sit in a wait of its own for seconds, which the hand-over does not wait for.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _begin(stopping))
    worker_shutting_down.connect(lambda **_: _begin(stopping), weak=False)


def _begin(stopping: threading.Thread) -> None:
    if stopping.ident is None:
        stopping.start()


def _stop(engine: Engine) -> None:
    """Hand the work over, then end at once: threads may still sit in calls to AWS, with nothing to tell."""
    engine.stop()
    logger.info("Worker %s has stopped.", engine.worker)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _engine() -> Engine:
    clock = SystemClock()
    try:
        held = hands(clock)
    except AwsError as error:
        raise CommandError(error.message) from error
    turns = import_string(getattr(settings, "WORKER_TURNS", TURNS))
    return Engine(turns, held, clock, _pace(), bell=tasks.bell)


def _pace() -> Pace:
    chosen = settings.RAYDOCK
    rung = connection.vendor != "sqlite" and chosen.redis_url.get_secret_value()
    return Pace(
        slots=chosen.worker_slots,
        lease=chosen.lease_seconds,
        heartbeat=chosen.heartbeat_seconds,
        tick=SLOW_TICK if rung else QUICK_TICK,
        crash_limit=chosen.step_attempts,
    )


def _listen() -> None:
    """Consume rings until a signal ends it. A broker that is away is tried again for ever."""
    worker = app.Worker(
        pool="threads",
        concurrency=1,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()


def _quieten() -> None:
    """Keep our own logging, and hear of Celery only what needs a person."""
    setup_logging.connect(_keep_logging)
    logging.getLogger("celery").setLevel(logging.WARNING)
    # It warns of root because messages could be pickled code. Ours are JSON, and say nothing.
    warnings.simplefilter("ignore", SecurityWarning)


def _keep_logging(**_: Any) -> None:
    """Celery sets logging up only where nobody answers this signal."""
