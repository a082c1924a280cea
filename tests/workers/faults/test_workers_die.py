"""A worker dies at a step boundary: before it wrote, after it wrote, after the calls. Another one goes on.

Dying is told as what it is for the rest of the world: nothing more is written and no further call goes out,
and the work is free when the lease is over.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from clouds.planning import Step
from clouds.states import Kind
from tests.workers.desk import Desk
from tests.workers.faults.lives import Clean, account, census, clean, connected
from workers.aws.apply import StepEnd
from workers.journal import Journal

MOMENTS = ("before", "after")


class Killed(BaseException):
    """The process is gone."""


class Mortal(Journal):
    """A journal whose process dies at the `last` step boundary, before or after that is written."""

    last: int
    moment: str
    boundaries: int
    dead = False

    def advance(self, ended: Sequence[StepEnd], starting: Sequence[Step]) -> None:
        if self.dead:
            raise Killed
        type(self).boundaries += 1
        self.dead = self.boundaries == self.last
        if self.dead and self.moment == "before":
            raise Killed
        super().advance(ended, starting)


def kill(monkeypatch: pytest.MonkeyPatch, last: int, moment: str) -> type[Mortal]:
    """Let the worker die at this boundary; a kill after the write happens while the calls are out."""
    mortal = type("MortalOnce", (Mortal,), {"last": last, "moment": moment, "boundaries": 0})
    monkeypatch.setattr("workers.runner.Journal", mortal)
    return mortal


def survive(desk: Desk, operation: Any) -> Any:
    """Work on, with another worker whenever one has died."""
    for _ in range(50):
        try:
            current = desk.turn(operation)
        except Killed:
            continue
        if current.due_at is None:
            return current
    raise AssertionError(f"{operation.kind} did not end")


def life(desk: Desk, normal: Clean, kind: Kind, monkeypatch: pytest.MonkeyPatch, at: tuple[int, str]) -> bool:
    """One life with one death in the operation of this kind. False when it ended before it could die."""
    cloud = connected(desk)
    before = account(desk, cloud)
    if kind is Kind.DELETE:
        assert desk.do(cloud, Kind.SETUP).state == "succeeded"
    asked = {"bucket": "delete"} if kind is Kind.DELETE else {}
    with monkeypatch.context() as patch:
        mortal = kill(patch, *at)
        operation = desk.ask(desk.fresh(cloud), kind, **asked)
        ended = survive(desk, operation)
    assert ended.state == "succeeded", (at, ended.message)
    if kind is Kind.SETUP:
        assert census(desk, cloud) == normal.census, at
        assert desk.do(desk.fresh(cloud), Kind.DELETE, bucket="delete").state == "succeeded"
    assert account(desk, cloud) == before, at
    return mortal.boundaries >= mortal.last


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", [Kind.SETUP, Kind.DELETE])
def test_a_worker_dies_at_a_step_boundary(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: Kind, moment: str, *, large: bool
) -> None:
    normal = clean(desk)
    died = 0
    for boundary in count(1, 1 if large else 3):
        if not life(desk, normal, kind, monkeypatch, (boundary, moment)):
            break
        died += 1
    assert died >= 2
