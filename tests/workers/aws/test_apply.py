"""Carrying out a plan: along the longest chain, each call written down first, only what must stop stops."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import pytest

from clouds.planning import Plan, Ref, Step
from workers.aws.apply import Applied, StepEnd, apply
from workers.aws.errors import AwsError, Kind


class Script:
    """AWS that answers as it is told; `sent` is what it was asked, in the order of the questions."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, action: str, params: Mapping[str, Any], *, mutating: bool = False) -> Mapping[str, Any]:
        assert mutating
        name = action.partition(":")[2]
        self.sent.append((name, params))
        answer = self.answers.get(name, {})
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Mapping)
        return answer


class Notes:
    """A journal that remembers everything in order: `+` an intent, `-` an end."""

    def __init__(self, aws: Script | None = None) -> None:
        self.lines: list[str] = []
        self.ends: dict[str, StepEnd] = {}
        self.aws = aws
        self.stop_at = ""

    def advance(self, ended: Sequence[StepEnd], starting: Sequence[Step]) -> None:
        self.lines += [f"-{one.step.name}" for one in ended]
        self.ends |= {one.step.name: one for one in ended}
        if self.stop_at in {one.name for one in starting}:
            raise InterruptedError(self.stop_at)
        if self.aws:
            assert not {one.action.partition(":")[2] for one in starting} & {
                name for name, _ in self.aws.sent
            }
        self.lines += [f"+{one.name}" for one in starting]


def step(name: str, *needs: str, **more: Any) -> Step:
    usual = {"action": f"ec2:{name}", "params": {}, "resource": name, "kind": "K", "sentence": name}
    return Step(name=name, needs=frozenset(needs), **{**usual, **more})


def error(kind: Kind, code: str, *, ambiguous: bool = False) -> AwsError:
    return AwsError(kind, code, "words", action="ec2:x", ambiguous=ambiguous)


def run(aws: Script, pool: Executor, *steps: Step) -> tuple[Applied, Notes]:
    notes = Notes(aws)
    return apply(aws, Plan(steps=steps), journal=notes, pool=pool), notes


def test_a_step_gets_what_an_earlier_reply_holds(pool: Executor) -> None:
    aws = Script(vpc={"Vpc": {"VpcId": "vpc-1"}})
    made = step("vpc", result="Vpc.VpcId")
    applied, notes = run(aws, pool, made, step("subnet", "vpc", params={"VpcId": Ref("vpc", "Vpc.VpcId")}))
    assert aws.sent == [("vpc", {}), ("subnet", {"VpcId": "vpc-1"})]
    assert applied == Applied(frozenset({"vpc", "subnet"}), ())
    assert notes.ends["vpc"].id == "vpc-1"


def test_an_intent_is_written_before_its_call_goes_out(pool: Executor) -> None:
    _, notes = run(Script(), pool, step("a"), step("b", "a"), step("c", "b"))
    assert notes.lines == ["+a", "-a", "+b", "-b", "+c", "-c"]


def test_independent_steps_are_out_together(pool: Executor) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def meet() -> dict[str, Any]:
        meeting.wait()
        return {}

    applied, _ = run(Script(a=meet, b=meet, c=meet), pool, step("a"), step("b"), step("c"))
    assert applied.done == {"a", "b", "c"}


def test_a_step_waits_only_for_what_it_needs(pool: Executor) -> None:
    followed = threading.Event()

    def slow() -> dict[str, Any]:
        assert followed.wait(10)
        return {}

    def follow() -> dict[str, Any]:
        followed.set()
        return {}

    applied, _ = run(
        Script(slow=slow, after=follow), pool, step("slow"), step("quick"), step("after", "quick")
    )
    assert len(applied.done) == 3


def test_what_depends_on_a_failure_is_left_and_the_rest_goes_on(pool: Executor) -> None:
    aws = Script(a=error(Kind.DENIED, "UnauthorizedOperation"))
    applied, notes = run(aws, pool, step("a"), step("b", "a"), step("c", "b"), step("d"), step("e", "d"))
    assert applied.done == {"d", "e"}
    assert [(one.name, failed.code) for one, failed in applied.errors] == [("a", "UnauthorizedOperation")]
    assert notes.ends["a"].result == "failed"
    assert {name for name, _ in aws.sent} == {"a", "d", "e"}


def test_a_lost_reply_is_unknown_and_not_failed(pool: Executor) -> None:
    _, notes = run(Script(a=error(Kind.UNAVAILABLE, "InternalError", ambiguous=True)), pool, step("a"))
    assert notes.ends["a"].result == "unknown"


def test_already_so_counts_as_done(pool: Executor) -> None:
    aws = Script(
        rule=error(Kind.CONFLICT, "InvalidPermission.Duplicate"),
        gone=error(Kind.MISSING, "InvalidVpcID.NotFound"),
    )
    steps = step("rule", settled=("InvalidPermission.Duplicate",)), step("gone", missing_ok=True)
    applied, _ = run(aws, pool, *steps)
    assert applied == Applied(frozenset({"rule", "gone"}), ())


def test_missing_counts_as_done_only_where_that_was_wanted(pool: Executor) -> None:
    applied, _ = run(Script(a=error(Kind.MISSING, "InvalidVpcID.NotFound")), pool, step("a"))
    assert not applied.done


@pytest.mark.parametrize(
    ("item", "done"),
    [
        ({"Key": "a", "Code": "AccessDenied", "Message": "no"}, False),
        (
            {"ResourceId": "vpce-1", "Error": {"Code": "InvalidVpcEndpointId.NotFound", "Message": "gone"}},
            True,
        ),
    ],
)
def test_a_reply_that_lists_what_it_did_not_do(pool: Executor, item: dict[str, Any], *, done: bool) -> None:
    one = step("a", refused="Errors", missing_ok=True)
    applied, _ = run(Script(a={"Errors": [item]}), pool, one)
    assert bool(applied.done) is done


def test_when_the_work_is_to_stop_nothing_new_goes_out_and_what_is_out_is_written(pool: Executor) -> None:
    aws, notes = Script(), Notes()
    notes.stop_at = "b"
    with pytest.raises(InterruptedError):
        apply(aws, Plan(steps=(step("a"), step("b", "a"))), journal=notes, pool=pool)
    assert [name for name, _ in aws.sent] == ["a"]
    assert notes.lines == ["+a", "-a"]
