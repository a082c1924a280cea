"""The product's settings with the small turns, for worker processes that tests start."""

from tests.settings import *  # noqa: F403

WORKER_TURNS = "tests.workers.engine.turns.KINDS"
