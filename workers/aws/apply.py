"""Carrying out a plan: every step as soon as what it needs is done, so that time follows the longest chain.

The turn's own thread schedules and writes the journal; the shared pool's threads only talk to AWS. Each step
is written down as an intent before its call goes out. How it ended is written together with what starts
next, or a moment later when nothing waits for it: a crash in between leaves an intent without an outcome,
which the next turn looks up in AWS.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from clouds.planning import Plan, Ref, Step, at_path, resolved
from workers.aws.errors import AwsError, Kind, refusal
from workers.aws.ports import Aws

Result = Literal["done", "failed", "unknown"]

# Seconds that the end of a step may wait to be written with others.
_LINGER = 0.05


@dataclass(frozen=True)
class StepEnd:
    """How a step ended. `unknown`: its reply was lost, so AWS may have carried it out. `id`: what it made."""

    step: Step
    result: Result
    id: str = ""
    error: AwsError | None = None


class Journal(Protocol):
    """Where intents and their outcomes are written. Every write fails once another worker holds the work."""

    def advance(self, ended: Sequence[StepEnd], starting: Sequence[Step]) -> None:
        """Write both in one transaction; only afterwards may the calls of `starting` go out.

        Raises when the operation is to stop here: then nothing of `starting` was written.
        """


@dataclass(frozen=True)
class Applied:
    """What became of a plan: the steps that are done, and the errors of those that are not."""

    done: frozenset[str]
    errors: tuple[tuple[Step, AwsError], ...]


def apply(aws: Aws, plan: Plan, *, journal: Journal, pool: Executor) -> Applied:
    """Carry out all that can be done of a plan. What depends on a failed step is left; the rest goes on."""
    run = _Run(aws, plan, journal, pool)
    try:
        while run.step_on():
            pass
    finally:
        run.settle()
    return Applied(frozenset(run.done), tuple(run.errors))


@dataclass
class _Run:
    """One plan under way."""

    aws: Aws
    plan: Plan
    journal: Journal
    pool: Executor
    done: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    replies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    errors: list[tuple[Step, AwsError]] = field(default_factory=list)
    flying: dict[Future[Mapping[str, Any]], Step] = field(default_factory=dict)
    ended: list[StepEnd] = field(default_factory=list)
    written_at: float = 0.0

    def step_on(self) -> bool:
        """Write what ended, send out what became ready, wait for the next reply. False when all is over."""
        starting = self.plan.ready(self.done, self.begun)
        if starting or not self.flying or time.monotonic() > self.written_at + _LINGER:
            self._write(starting)
        self.begun.update(step.name for step in starting)
        for step in starting:
            self.flying[self.pool.submit(self._call, step)] = step
        if not self.flying:
            return False
        pause = _LINGER if self.ended else None
        self._land(wait(self.flying, timeout=pause, return_when=FIRST_COMPLETED).done)
        return True

    def settle(self) -> None:
        """Let the calls that are out come back and write how they ended, also when the run was cut short."""
        if self.flying:
            self._land(wait(self.flying).done)
        self._write(())

    def _write(self, starting: Sequence[Step]) -> None:
        if self.ended or starting:
            ended, self.ended = self.ended, []
            self.journal.advance(ended, starting)
            self.written_at = time.monotonic()

    def _call(self, step: Step) -> Mapping[str, Any]:
        return self.aws.call(step.action, resolved(step.params, self._look), mutating=True)

    def _look(self, ref: Ref) -> Any:
        return at_path(self.replies[ref.step], ref.path)

    def _land(self, futures: Iterable[Future[Mapping[str, Any]]]) -> None:
        for future in futures:
            step = self.flying.pop(future)
            end = self._end(step, future)
            self.ended.append(end)
            if end.error is None:
                self.done.add(step.name)
            else:
                self.errors.append((step, end.error))

    def _end(self, step: Step, future: Future[Mapping[str, Any]]) -> StepEnd:
        try:
            reply = future.result()
            if step.refused:
                _complain(step, reply.get(step.refused) or ())
        except AwsError as error:
            if _already(step, error):
                return StepEnd(step, "done")
            return StepEnd(step, "unknown" if error.ambiguous else "failed", error=error)
        self.replies[step.name] = reply
        return StepEnd(step, "done", id=str(at_path(reply, step.result)) if step.result else "")


def _already(step: Step, error: AwsError) -> bool:
    """Whether the error says that things are already as the step wants them."""
    return error.code in step.settled or (step.missing_ok and error.kind is Kind.MISSING)


def _complain(step: Step, items: Sequence[Mapping[str, Any]]) -> None:
    """Raise for what a reply that succeeded says was not done."""
    left = (refusal(item, action=step.action) for item in items)
    worst = next((error for error in left if not _already(step, error)), None)
    if worst:
        raise worst
