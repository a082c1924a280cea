"""Asking for operations: what is accepted, what is refused and why, and how clouds follow."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from clouds import queries
from clouds.models import Cloud, Operation
from clouds.services import operations
from clouds.states import CLOUD_MOVES, CloudState, Kind, OperationState
from iam import audit
from iam.errors import Denied, NotFound, Problem, TooMany
from tests import factories
from tests.people import People

ROLE = "arn:aws:iam::222222222222:role/raydock"


def given(kind: Kind, cloud: Cloud) -> dict[str, Any]:
    inputs: dict[Kind, dict[str, Any]] = {
        Kind.CONNECT: {"role_arn": ROLE},
        Kind.DELETE: {"confirm_name": cloud.name},
        Kind.REGISTER: {
            "vpc": "own",
            "subnets": ["a", "b"],
            "security_groups": ["nodes"],
            "cluster_role": "nodes",
            "bucket": "data",
        },
    }
    return inputs.get(kind, {})


def ask(us: People, cloud: Cloud, kind: Kind, now: datetime, **more: Any) -> Operation:
    usual = {"actor": us.owner.actor, "input": given(kind, cloud)}
    return operations.request(**{**usual, **more}, cloud=cloud, kind=kind, now=now)


def state_of(us: People, cloud: Cloud) -> str:
    return queries.cloud_for(us.owner.actor, cloud.id).state


def kind_for(kind: Kind) -> str:
    """The kind of cloud that such an operation is for."""
    return "registered" if kind is Kind.REGISTER else "managed"


def created_in(cloud: Cloud) -> None:
    """Leave the trace of a set-up that made something."""
    factories.intent(factories.operation(cloud, Kind.SETUP, OperationState.FAILED), outcome="done")


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_starts_where_the_table_says_and_nowhere_else(
    us: People, now: datetime, kind: Kind
) -> None:
    for state in CloudState:
        cloud = factories.cloud(us.organization, state, kind=kind_for(kind))
        created_in(cloud)
        way = CLOUD_MOVES[kind].get(state)
        if way is not None:
            assert ask(us, cloud, kind, now).state == OperationState.QUEUED
            assert state_of(us, cloud) == way.during
            continue
        with pytest.raises(Problem) as refused:
            ask(us, cloud, kind, now)
        assert (refused.value.code, refused.value.status) == ("not_possible_now", 409)
        assert state_of(us, cloud) == state


def test_an_operation_keeps_who_asked_and_when(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = ask(us, cloud, Kind.SETUP, now, reason="we need it")
    kept = queries.operation_for(us.auditor.actor, operation.id)
    assert kept.actor["id"] == us.owner.actor.id
    assert (kept.request_id, kept.reason, kept.due_at) == ("req_test", "we need it", now)
    found = audit.events(actor=us.owner.actor, filters=audit.AuditFilters(operation=operation.id)).results
    assert [(row["action"], row["reason"]) for row in found] == [("operation.request", "we need it")]


def test_a_second_change_is_refused_and_told_the_first(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    first = ask(us, cloud, Kind.SETUP, now)
    with pytest.raises(Problem) as refused:
        ask(us, cloud, Kind.DELETE, now)
    assert (refused.value.code, refused.value.status) == ("operation_in_progress", 409)
    assert refused.value.fields["operation"] == [first.id]


def test_a_look_runs_beside_a_change_but_not_beside_another_look(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.ACTIVE)
    first = ask(us, cloud, Kind.VERIFY, now)
    with pytest.raises(Problem) as refused:
        ask(us, cloud, Kind.VERIFY, now)
    assert refused.value.fields["operation"] == [first.id]
    assert ask(us, cloud, Kind.DELETE, now).state == OperationState.SUCCEEDED


@pytest.mark.parametrize(
    ("arn", "word"),
    [
        ("", "ARN"),
        (17, "ARN"),
        ("arn:aws:iam::333333333333:role/raydock", "333333333333"),
        ("arn:aws:iam::111111111111:role/raydock-portal", "own account"),
        ("arn:aws-cn:iam::222222222222:role/raydock", "China"),
        ("arn:aws-us-gov:iam::222222222222:role/raydock", "GovCloud"),
        ("arn:aws:sts::222222222222:assumed-role/raydock/me", "ARN"),
        ("arn:aws:iam::222222222222:user/raydock", "ARN"),
        ("arn:aws:iam::222222222222:root", "ARN"),
        (" arn:aws:iam::222222222222:role/raydock", "ARN"),
        ("arn:aws:iam::222222222222:role/ra\u0443dock", "ARN"),  # a Cyrillic letter
        ("arn:aws:iam::22222222222:role/raydock", "ARN"),
    ],
)
def test_t13_only_a_role_of_the_declared_account_can_be_offered(
    us: People, now: datetime, arn: object, word: str
) -> None:
    cloud = factories.cloud(us.organization)
    with pytest.raises(Problem) as refused:
        ask(us, cloud, Kind.CONNECT, now, input={"role_arn": arn})
    assert word in " ".join(refused.value.fields["role_arn"])
    assert state_of(us, cloud) == CloudState.RESERVED


@pytest.mark.parametrize("kind", list(Kind))
def test_t3_no_operation_takes_an_external_id(us: People, now: datetime, kind: Kind) -> None:
    cloud = factories.cloud(us.organization, kind=kind_for(kind))
    with pytest.raises(Problem) as refused:
        ask(us, cloud, kind, now, input={**given(kind, cloud), "external_id": "mine"})
    assert list(refused.value.fields) == ["external_id"]


@pytest.mark.parametrize("seconds", [-1, 3_601, True, "9", float("nan")])
def test_a_wait_that_makes_no_sense_is_refused(us: People, now: datetime, seconds: object) -> None:
    cloud = factories.cloud(us.organization)
    with pytest.raises(Problem) as refused:
        ask(us, cloud, Kind.CONNECT, now, input={"role_arn": ROLE, "wait_seconds": seconds})
    assert list(refused.value.fields) == ["wait_seconds"]


def test_t20_attempts_to_connect_are_limited_for_each_cloud(us: People, now: datetime) -> None:
    cloud, other = factories.cloud(us.organization), factories.cloud(us.organization)
    budget = operations.BUDGETS[Kind.CONNECT]
    for _ in range(budget.burst):
        operations.cancel(actor=us.owner.actor, operation=ask(us, cloud, Kind.CONNECT, now), now=now)
    with pytest.raises(TooMany) as refused:
        ask(us, cloud, Kind.CONNECT, now)
    assert refused.value.retry_after > 0
    assert ask(us, other, Kind.CONNECT, now).state == OperationState.QUEUED
    assert ask(us, cloud, Kind.CONNECT, now + budget.every).state == OperationState.QUEUED


def test_delete_wants_the_name_typed_and_no_protection(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.ACTIVE, delete_protection=True)
    with pytest.raises(Problem) as mistyped:
        ask(us, cloud, Kind.DELETE, now, input={"confirm_name": cloud.name.upper(), "bucket": "burn"})
    assert sorted(mistyped.value.fields) == ["bucket", "confirm_name"]
    with pytest.raises(Problem) as protected:
        ask(us, cloud, Kind.DELETE, now)
    assert protected.value.code == "delete_protected"


def test_a_cloud_of_which_nothing_was_made_is_forgotten_at_once(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = ask(us, cloud, Kind.DELETE, now)
    assert (operation.state, operation.code, operation.due_at) == ("succeeded", "forgotten", None)
    gone = queries.cloud_for(us.owner.actor, cloud.id)
    assert (gone.state, gone.deleted_at) == (CloudState.DELETED, now)
    assert [one.state for one in queries.events_after(operation)] == ["succeeded"]
    assert queries.clouds(us.owner.actor).results == []


def test_a_cloud_that_may_hold_something_is_looked_at_first(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.SETUP_FAILED)
    factories.intent(factories.operation(cloud, Kind.SETUP, OperationState.FAILED))
    assert ask(us, cloud, Kind.DELETE, now).state == OperationState.QUEUED
    assert state_of(us, cloud) == CloudState.DELETING


def test_nothing_was_made_so_nothing_is_taken_down(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.SETUP_FAILED)
    failed = factories.operation(cloud, Kind.SETUP, OperationState.FAILED)
    assert operations.take_down(actor=us.owner.actor, operation=failed, now=now).state == "succeeded"
    assert state_of(us, cloud) == CloudState.CONNECTED


def test_a_protected_cloud_is_not_taken_down(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.SETUP_FAILED, delete_protection=True)
    created_in(cloud)
    with pytest.raises(Problem) as protected:
        ask(us, cloud, Kind.TAKEDOWN, now)
    assert protected.value.code == "delete_protected"
    assert state_of(us, cloud) == CloudState.SETUP_FAILED


def test_who_may_not_delete_takes_no_cloud_down_that_was_in_use(us: People, now: datetime) -> None:
    fresh = factories.cloud(us.organization, CloudState.SETUP_FAILED)
    used = factories.cloud(us.organization, CloudState.SETUP_FAILED)
    factories.operation(used, Kind.SETUP, OperationState.SUCCEEDED)
    for cloud in (fresh, used):
        created_in(cloud)
    with pytest.raises(Denied):
        ask(us, used, Kind.TAKEDOWN, now, actor=us.member.actor)
    assert ask(us, fresh, Kind.TAKEDOWN, now, actor=us.member.actor).state == OperationState.QUEUED
    assert ask(us, used, Kind.TAKEDOWN, now, actor=us.admin.actor).state == OperationState.QUEUED


def test_only_a_set_up_is_taken_down(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.SETUP_FAILED)
    look = factories.operation(cloud, Kind.VERIFY, OperationState.FAILED)
    with pytest.raises(Problem) as refused:
        operations.take_down(actor=us.owner.actor, operation=look, now=now)
    assert refused.value.code == "not_a_setup"


def test_cancelled_before_any_worker_came_leaves_the_cloud_as_it_was(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = ask(us, cloud, Kind.SETUP, now)
    cancelled = operations.cancel(actor=us.member.actor, operation=operation, now=now)
    assert (cancelled.state, cancelled.finished_at, cancelled.due_at) == ("cancelled", now, None)
    assert state_of(us, cloud) == CloudState.CONNECTED


def test_cancelled_while_it_waits_ends_at_once(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = ask(us, cloud, Kind.SETUP, now)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.WAITING, attempts=1)
    assert operations.cancel(actor=us.owner.actor, operation=operation, now=now).state == "cancelled"
    assert state_of(us, cloud) == CloudState.SETUP_FAILED


def test_cancelled_while_a_worker_is_on_it_is_only_asked_for(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = ask(us, cloud, Kind.SETUP, now)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.RUNNING, attempts=1)
    for moment in (now, now + timedelta(seconds=1)):
        asked = operations.cancel(actor=us.owner.actor, operation=operation, now=moment)
        assert (asked.state, asked.cancel_requested_at) == ("running", now)
    assert state_of(us, cloud) == CloudState.SETTING_UP


def test_what_has_ended_is_not_cancelled(us: People, now: datetime) -> None:
    done = factories.operation(factories.cloud(us.organization), Kind.SETUP, OperationState.SUCCEEDED)
    with pytest.raises(Problem) as refused:
        operations.cancel(actor=us.owner.actor, operation=done, now=now)
    assert refused.value.code == "operation_finished"


def test_a_retry_is_a_new_operation_that_asks_for_the_same(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization)
    first = ask(us, cloud, Kind.CONNECT, now)
    operations.cancel(actor=us.owner.actor, operation=first, now=now)
    first = queries.operation_for(us.owner.actor, first.id)
    second = operations.retry(actor=us.owner.actor, operation=first, now=now)
    assert (second.retry_of_id, second.kind, second.input) == (first.id, first.kind, first.input)


@pytest.mark.parametrize("state", [OperationState.QUEUED, OperationState.SUCCEEDED])
def test_only_what_ended_badly_is_retried(us: People, now: datetime, state: OperationState) -> None:
    operation = factories.operation(factories.cloud(us.organization), Kind.SETUP, state)
    with pytest.raises(Problem) as refused:
        operations.retry(actor=us.owner.actor, operation=operation, now=now)
    assert refused.value.code == "not_retryable"


def test_the_auditor_asks_for_nothing(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = factories.operation(cloud, Kind.SETUP, OperationState.FAILED)
    for ask_for in (operations.cancel, operations.retry, operations.take_down):
        with pytest.raises(Denied):
            ask_for(actor=us.auditor.actor, operation=operation, now=now)
    for kind in Kind:
        with pytest.raises(Denied):
            ask(us, cloud, kind, now, actor=us.auditor.actor)


def test_a_member_works_on_clouds_but_deletes_none(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    with pytest.raises(Denied):
        ask(us, cloud, Kind.DELETE, now, actor=us.member.actor)
    assert ask(us, cloud, Kind.SETUP, now, actor=us.member.actor).state == OperationState.QUEUED


def test_a_stranger_finds_no_cloud_and_no_operation_of_ours(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED)
    operation = factories.operation(cloud, Kind.SETUP, OperationState.FAILED)
    with us.stranger.here:
        with pytest.raises(NotFound):
            ask(us, cloud, Kind.SETUP, now, actor=us.stranger.actor)
        with pytest.raises(NotFound):
            queries.operation_for(us.stranger.actor, operation.id)
        with pytest.raises(NotFound):
            operations.cancel(actor=us.stranger.actor, operation=operation, now=now)
        with pytest.raises(NotFound):
            operations.retry(actor=us.stranger.actor, operation=operation, now=now)


def test_outputs_stand_instead_of_the_fields_and_not_beside_them(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.CONNECTED, kind="registered")
    for outputs, said in (("{}", "no outputs"), (7, "as text")):
        with pytest.raises(Problem, match=said) as refused:
            ask(us, cloud, Kind.REGISTER, now, input={"outputs": outputs})
        assert list(refused.value.fields) == ["outputs"]
    with pytest.raises(Problem, match="Leave out vpc"):
        ask(us, cloud, Kind.REGISTER, now, input={"outputs": "{}", "vpc": "own"})
