"""A small world for turns to change: a file to which each effect adds a line, so that none can hide.

Turns look at it before they act, as they look at an AWS account. Reading it afterwards tells what was done,
how often, and by whom.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "RAYDOCK_TEST_WORLD"


@dataclass(frozen=True)
class Effect:
    """One change: which operation's which step, made by which process."""

    operation_id: str
    step: str
    pid: int


def place() -> Path:
    return Path(os.environ[VARIABLE])


def change(operation_id: str, step: str) -> None:
    """Make one change. A line this short is written whole or not at all."""
    with place().open("ab", buffering=0) as world:
        world.write(f"{operation_id} {step} {os.getpid()}\n".encode())


def effects() -> list[Effect]:
    if not place().exists():
        return []
    # A line that is being written just now has no end yet.
    whole = place().read_text().rpartition("\n")[0]
    lines = (line.split() for line in whole.splitlines())
    return [Effect(operation_id, step, int(pid)) for operation_id, step, pid in lines]


def done(operation_id: str) -> set[str]:
    return {one.step for one in effects() if one.operation_id == operation_id}


def twice() -> list[tuple[str, str]]:
    """What was done more than once: it must be nothing."""
    counts = Counter((one.operation_id, one.step) for one in effects())
    return [what for what, count in counts.items() if count > 1]
