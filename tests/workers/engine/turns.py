"""Small real turns: they look, journal, act through the pool and look again, as the product's own do.

The operation's input says what to do: `steps` changes one after another, each waiting for the file `hold`
(if named) to go away; `waits` pauses of `pause` seconds before them; `ending`: done, defect, death, failed.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from clouds.outcomes import Again, Done, Failed, Outcome
from clouds.planning import Step
from clouds.states import Kind
from tests.stack import wait_for
from tests.workers.engine import world
from workers.aws.apply import StepEnd
from workers.operations.work import Work
from workers.runner import Turn

LONGEST = 30.0


def turn(work: Work) -> Outcome:
    if _waits_left(work):
        world.change(work.operation_id, f"wait-{_waits_left(work)}")
        return Again(float(work.input.get("pause", 0.01)), "Waiting on purpose.")
    left = [step for step in _steps(work) if step.name not in world.done(work.operation_id)]
    work.journal.expect(len(left))
    _carry_out(work, left)
    return _ending(work)


def _waits_left(work: Work) -> int:
    made = sum(step.startswith("wait-") for step in world.done(work.operation_id))
    return int(work.input.get("waits", 0)) - made


def _steps(work: Work) -> list[Step]:
    return [
        Step(
            name=f"step-{number}",
            action="ec2:CreateVpc",
            params={},
            resource=f"thing-{number}",
            kind="Thing",
            sentence=f"Make thing {number}",
        )
        for number in range(int(work.input.get("steps", 0)))
    ]


def _carry_out(work: Work, steps: list[Step]) -> None:
    ended: list[StepEnd] = []
    for step in steps:
        work.journal.advance(ended, [step])
        work.hands.pool.submit(_act, work, step).result()
        ended = [StepEnd(step, "done", id=step.resource)]
    work.journal.advance(ended, [])


def _act(work: Work, step: Step) -> None:
    world.change(work.operation_id, step.name)
    held = work.input.get("hold")
    if held:
        wait_for("the hold to go away", lambda: not Path(held).exists(), seconds=LONGEST, every=0.01)


def _ending(work: Work) -> Outcome:
    ending = work.input.get("ending", "done")
    if ending == "defect":
        raise ZeroDivisionError("a defect of ours, with a secret in it")
    if ending == "death":
        os._exit(9)
    if ending == "failed":
        return Failed("no_luck", "It did not work.", "Try again.")
    return Done("made", f"Made by {threading.current_thread().name}.")


KINDS: Mapping[Kind, Turn] = dict.fromkeys(Kind, turn)
