"""Rotating the external ID (T17) against the sandbox: who may enter at each moment, and what the row says."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError

from clouds.models import AwsCall, Cloud, ExternalId, Operation, VerificationFinding
from clouds.queries import spec_of
from clouds.services import operations, records, rotation
from clouds.states import Kind
from iam.errors import Problem
from iam.ids import new_external_id
from iam.models import AuditEvent
from iam.policy.trust import trust_policy
from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk, states
from tests.workers.faults.lives import connected
from workers.aws.ports import CallRecord
from workers.journal import Journal

Ids = tuple[str, str | None, str | None]


def ids(desk: Desk, cloud: Cloud) -> Ids:
    """Present, pending and retiring."""
    kept = desk.fresh(cloud)
    return kept.external_id, kept.pending_external_id, kept.retiring_external_id


def wanted(cloud: Cloud, *admitted: str) -> Mapping[str, Any]:
    first, *rest = admitted
    return trust_policy(spec_of(cloud).portal_role_arn, first, rest[0] if rest else None)


def attach(desk: Desk, cloud: Cloud, *admitted: str) -> None:
    """The customer gives the role a trust policy that admits these IDs."""
    desk.role_for(cloud, trust=wanted(cloud, *admitted))


def enters(desk: Desk, cloud: Cloud, external_id: str | None) -> bool:
    def ignore(_: CallRecord) -> None:
        """Nobody asks for it."""

    return desk.sessions.lets_in(desk.place(cloud).door, external_id, record=ignore)


def audited(operation: Operation) -> list[tuple[str, Any, Any]]:
    events = AuditEvent.objects.filter(operation_id=operation.id, action__startswith="cloud.trust.")
    return [(one.action.rpartition(".")[2], one.before, one.after) for one in events.order_by("seq")]


def test_t17_both_ids_are_valid_until_the_new_one_verifies_and_then_the_old_one_is_refused(
    desk: Desk,
) -> None:
    cloud = connected(desk)
    old = cloud.external_id
    operation = desk.ask(cloud, Kind.ROTATE)
    present, new, retiring = ids(desk, cloud)
    assert (present, retiring) == (old, None)
    assert new
    assert new != old
    # Nobody has changed the role: the old ID is in force, and it is waited without a slot.
    waiting = desk.turn(operation)
    assert (waiting.state, ids(desk, cloud)) == ("waiting", (old, new, None))
    # Step 1: the role takes both. The row moves on by itself.
    attach(desk, cloud, old, new)
    assert [enters(desk, cloud, one) for one in (old, new, None, new_external_id())] == [True, True] + [
        False
    ] * 2
    moved = desk.turn(operation)
    assert (moved.state, ids(desk, cloud)) == ("waiting", (new, None, old))
    assert (desk.turn(operation).state, ids(desk, cloud)) == ("waiting", (new, None, old))
    # Step 2: the role takes the new one alone, and the old one is proven denied.
    attach(desk, cloud, new)
    assert states(cloud, desk.turn(operation)) == ("succeeded", "rotated", "connected")
    assert ids(desk, cloud) == (new, None, None)
    assert [enters(desk, cloud, one) for one in (old, new, None)] == [False, True, False]
    assert audited(operation) == [
        ("begin", {"pending_external_id": None}, {"pending_external_id": new}),
        (
            "swap",
            {"external_id": old, "pending_external_id": new, "retiring_external_id": None},
            {"external_id": new, "pending_external_id": None, "retiring_external_id": old},
        ),
        ("retire", {"retiring_external_id": old}, {"retiring_external_id": None}),
    ]
    calls = AwsCall.objects.filter(operation=operation).values_list("service", "action").distinct()
    assert [*calls] == [("sts", "AssumeRole")]


def test_t17_a_customer_who_takes_one_step_instead_of_two_is_followed(desk: Desk) -> None:
    cloud = connected(desk)
    operation = desk.ask(cloud, Kind.ROTATE)
    _, new, _ = ids(desk, cloud)
    assert new
    attach(desk, cloud, new)
    assert desk.finish(operation).state == "succeeded"
    assert ids(desk, cloud) == (new, None, None)


@pytest.mark.parametrize("ending", ["cancel", "time limit"])
def test_t17_before_the_new_id_is_in_force_the_old_one_stays_and_the_new_one_is_never_used(
    desk: Desk, ending: str
) -> None:
    cloud = connected(desk)
    old = cloud.external_id
    operation = desk.ask(cloud, Kind.ROTATE, wait_seconds=5)
    _, given_up, _ = ids(desk, cloud)
    desk.turn(operation)
    if ending == "cancel":
        operations.cancel(actor=desk.actor, operation=operation, now=desk.clock.now())
    ended = desk.finish(operation)
    assert (ended.state, ended.code) in {("cancelled", "cancelled"), ("failed", "rotation_not_seen")}
    assert ids(desk, cloud) == (old, None, None)
    assert audited(operation)[-1] == (
        "abandon",
        {"pending_external_id": given_up},
        {"pending_external_id": None},
    )
    assert enters(desk, cloud, old)
    # The ID that was given up is remembered: no cloud can ever get it.
    assert ExternalId.objects.filter(value=given_up).exists()
    with pytest.raises(DatabaseError):
        Cloud.objects.filter(pk=desk.reserved().pk).update(pending_external_id=given_up)
    again = desk.ask(cloud, Kind.ROTATE)
    assert ids(desk, cloud)[1] not in {given_up, old}
    operations.cancel(actor=desk.actor, operation=again, now=desk.clock.now())


def test_t17_a_cancel_that_comes_while_the_worker_looks_is_heard_before_the_swap(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = connected(desk)
    old = cloud.external_id
    operation = desk.ask(cloud, Kind.ROTATE)
    attach(desk, cloud, old, ids(desk, cloud)[1] or "")
    swap = Journal.swap_external_id

    def too_late(journal: Journal) -> None:
        operations.cancel(actor=desk.actor, operation=desk.again(operation), now=desk.clock.now())
        swap(journal)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "swap_external_id", too_late)
        assert desk.turn(operation).state == "cancelled"
    assert ids(desk, cloud) == (old, None, None)


def test_t17_an_old_id_that_is_still_admitted_fails_with_the_policy_and_the_retry_goes_on(desk: Desk) -> None:
    cloud = desk.active()
    old = cloud.external_id
    operation = desk.ask(cloud, Kind.ROTATE, wait_seconds=5)
    _, new, _ = ids(desk, cloud)
    assert new
    attach(desk, cloud, old, new)
    failed = desk.finish(operation)
    assert states(cloud, failed) == ("failed", "old_id_still_admitted", "active")
    assert ids(desk, cloud) == (new, None, old)
    assert new in failed.fix
    assert old not in failed.fix
    # A verification says it too, as advice: an ID that was only ever this cloud's lets no stranger in.
    verified = desk.do(cloud, Kind.VERIFY)
    (said,) = VerificationFinding.objects.filter(verification__operation=verified).exclude(status="PASS")
    assert (said.check_id, said.status) == ("trust.requires_external_id", "WARN")
    assert new in said.cli
    retried = operations.retry(actor=desk.actor, operation=failed, now=desk.clock.now())
    assert ids(desk, cloud) == (new, None, old)
    attach(desk, cloud, new)
    assert desk.finish(retried).state == "succeeded"
    assert ids(desk, cloud) == (new, None, None)


def test_t17_a_verification_that_sees_the_old_id_refused_completes_the_rotation(desk: Desk) -> None:
    cloud = desk.active()
    old = cloud.external_id
    operation = desk.ask(cloud, Kind.ROTATE, wait_seconds=0)
    new = ids(desk, cloud)[1] or ""
    attach(desk, cloud, old, new)
    assert desk.finish(operation).code == "old_id_still_admitted"
    attach(desk, cloud, new)
    verified = desk.do(cloud, Kind.VERIFY)
    assert ids(desk, cloud) == (new, None, None)
    assert [event for event, _, _ in audited(verified)] == ["retire"]


def test_t17_a_role_that_admits_everybody_puts_no_new_id_in_force(desk: Desk) -> None:
    cloud = desk.active()
    old = cloud.external_id
    open_door = wanted(cloud, old)
    del open_door["Statement"][0]["Condition"]
    desk.role_for(cloud, trust=open_door)
    ended = desk.do(cloud, Kind.ROTATE, wait_seconds=5)
    assert states(cloud, ended) == ("failed", "external_id_not_required", "suspended")
    assert ids(desk, cloud) == (old, None, None)


def test_a_suspended_cloud_is_mended_by_a_rotation_and_a_verification(desk: Desk) -> None:
    cloud = desk.active()
    open_door = wanted(cloud, cloud.external_id)
    del open_door["Statement"][0]["Condition"]
    desk.role_for(cloud, trust=open_door)
    desk.do(cloud, Kind.VERIFY)
    operation = desk.ask(desk.fresh(cloud), Kind.ROTATE)
    assert desk.turn(operation).message.startswith("Waiting: AWS lets Raydock in without")
    new = ids(desk, cloud)[1] or ""
    attach(desk, cloud, new)
    assert states(cloud, desk.finish(operation)) == ("succeeded", "rotated", "suspended")
    assert states(cloud, desk.do(cloud, Kind.VERIFY)) == ("succeeded", "verified", "active")


@pytest.mark.parametrize("kind", ["throttle", "error", "timeout"])
def test_an_sts_that_does_not_answer_moves_nothing(
    desk: Desk, aws_sandbox: SandboxProcess, kind: str
) -> None:
    cloud = connected(desk)
    old = cloud.external_id
    operation = desk.ask(cloud, Kind.ROTATE)
    new = ids(desk, cloud)[1] or ""
    attach(desk, cloud, new)
    aws_sandbox.fault("sts:AssumeRole", kind, times=12)
    assert (desk.turn(operation).state, ids(desk, cloud)) == ("waiting", (old, new, None))
    assert desk.finish(operation).state == "succeeded"


class Killed(BaseException):
    """The process is gone."""


def test_t17_a_worker_dies_at_any_write_and_another_one_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each write of the journal, and before and after the turn is settled."""
    cloud = connected(desk)
    died = 0
    for last in count(1):
        writes = dying(monkeypatch, last)
        operation = desk.ask(cloud, Kind.ROTATE)
        old, new, _ = ids(desk, cloud)
        attach(desk, cloud, new or "")
        died += survive(desk, operation)
        monkeypatch.undo()
        assert desk.again(operation).state == "succeeded"
        assert ids(desk, cloud) == (new, None, None)
        assert [event for event, _, _ in audited(operation)] == ["begin", "swap", "retire"], last
        assert not enters(desk, cloud, old)
        if len(writes) < last:
            break
    assert died >= 8


def dying(monkeypatch: pytest.MonkeyPatch, last: int) -> list[str]:
    """Let the process die at the `last` moment before or after something is written; what was passed."""
    passed: list[str] = []

    def mortal(name: str, write: Any) -> Any:
        def moment(*args: Any, **kwargs: Any) -> Any:
            for when in ("before", "after"):
                answer = write(*args, **kwargs) if when == "after" else None
                passed.append(f"{when} {name}")
                if len(passed) == last:
                    raise Killed
            return answer

        return moment

    for module, name in ((rotation, "swap"), (rotation, "retire"), (records, "settle")):
        monkeypatch.setattr(module, name, mortal(name, getattr(module, name)))
    return passed


def survive(desk: Desk, operation: Operation) -> int:
    """Work to the end, with another worker whenever one has died; how many died."""
    died = 0
    while True:
        try:
            current = desk.turn(operation)
        except Killed:
            died += 1
            continue
        if current.due_at is None:
            return died


def test_a_rotation_keeps_other_changes_away(desk: Desk) -> None:
    cloud = connected(desk)
    operation = desk.ask(cloud, Kind.ROTATE)
    with pytest.raises(Problem) as refused:
        desk.ask(desk.fresh(cloud), Kind.SETUP)
    assert refused.value.fields["operation"] == [operation.id]
