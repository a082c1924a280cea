"""Run a worker: it takes due operations and works on them, until it is told to stop."""

import logging
import os
import sys
from typing import Any

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

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        engine = _engine()
        setup_logging.connect(_keep_logging)
        # Celery tells of the signal at once, but may sit in its own wait for seconds before it returns.
        worker_shutting_down.connect(lambda **_: engine.wind_down(), weak=False)
        engine.start()
        logger.info("Worker %s works.", engine.worker)
        try:
            _listen()
        finally:
            engine.stop()
        logger.info("Worker %s has stopped.", engine.worker)
        _leave()


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


def _keep_logging(**_: Any) -> None:
    """Celery sets logging up only where nobody answers this signal."""


def _leave() -> None:
    """End now: threads may still sit in calls to AWS, and everything they could tell is handed over."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
