"""The tables of moves: no dead ends, no way back, and no writer that passes them by."""

from datetime import datetime, timedelta

import pytest

from clouds import queries
from clouds.models import Cloud, Operation, Verification
from clouds.outcomes import Cancelled, Done, Failed
from clouds.services import moves
from clouds.states import (
    CLOUD_MOVES,
    FINAL,
    LOOKS,
    OPEN,
    OPERATION_MOVES,
    CloudState,
    Kind,
    OperationState,
    course,
)
from iam import audit
from tests import factories
from tests.people import People


def test_every_state_is_open_or_final_and_final_ones_have_no_moves() -> None:
    assert set(OperationState) == OPEN | FINAL
    assert all(not OPERATION_MOVES[state] for state in FINAL)
    assert all(OPERATION_MOVES[state] & FINAL for state in OPEN)


def test_every_cloud_state_can_be_reached_and_left() -> None:
    reached = {CloudState.RESERVED, CloudState.RECORDED, CloudState.ATTENTION, CloudState.SUSPENDED}
    for ways in CLOUD_MOVES.values():
        for way in ways.values():
            reached |= {way.during, way.done, way.failed, way.flawed}
    assert reached == set(CloudState)
    passing = {CloudState.CONNECTING, CloudState.SETTING_UP, CloudState.DELETING, CloudState.DELETED}
    assert set(CLOUD_MOVES[Kind.DELETE]) == set(CloudState) - passing


def test_a_mere_look_never_moves_a_cloud_while_it_runs() -> None:
    assert all(way.during is state for kind in LOOKS for state, way in CLOUD_MOVES[kind].items())


def test_an_illegal_move_is_a_defect(us: People) -> None:
    operation = factories.operation(factories.cloud(us.organization), Kind.SETUP, OperationState.SUCCEEDED)
    with pytest.raises(moves.IllegalMove):
        moves.move(operation, OperationState.RUNNING)


def running(cloud: Cloud, kind: Kind) -> Operation:
    operation = factories.operation(cloud, kind, OperationState.RUNNING, attempts=1)
    moves.begin(operation, cloud)
    return operation


@pytest.mark.parametrize("kind", list(Kind))
def test_clouds_follow_the_end_of_their_operation(us: People, now: datetime, kind: Kind) -> None:
    for before, way in CLOUD_MOVES[kind].items():
        endings = (
            (Done(), OperationState.SUCCEEDED, way.done),
            (Failed("no", "It failed.", "Mend it."), OperationState.FAILED, way.failed),
            (Cancelled(), OperationState.CANCELLED, way.failed),
        )
        for ending, state, after in endings:
            cloud = factories.cloud(us.organization, before)
            operation = running(cloud, kind)
            moves.end(operation, ending, now=now)
            kept = queries.operation_for(us.owner.actor, operation.id)
            assert (kept.state, kept.cloud.state) == (state, after), (before, ending)
            stopped = kind is Kind.ROTATE and isinstance(ending, Cancelled)
            said = moves.STOPPED_AFTER if stopped else ending.message
            assert (kept.due_at, kept.finished_at, kept.message) == (None, now, said)


@pytest.mark.parametrize(
    ("failed_musts", "suspends", "after"),
    [(0, False, "active"), (2, False, "attention"), (0, True, "suspended"), (2, True, "suspended")],
)
@pytest.mark.parametrize("kind", [Kind.SETUP, Kind.VERIFY])
def test_what_was_found_decides_what_the_cloud_is_good_for(
    us: People, now: datetime, kind: Kind, failed_musts: int, *, suspends: bool, after: str
) -> None:
    cloud = factories.cloud(us.organization, CloudState.ATTENTION)
    operation = running(cloud, kind)
    Verification.objects.create(
        organization=us.organization,
        cloud=cloud,
        operation=operation,
        started_at=now,
        failed_musts=failed_musts,
    )
    moves.end(operation, Done(suspends=suspends), now=now)
    assert queries.cloud_for(us.owner.actor, cloud.id).state == after


def test_a_look_that_ends_late_does_not_bring_a_deleted_cloud_back(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.ACTIVE)
    look, removal = running(cloud, Kind.VERIFY), running(cloud, Kind.DELETE)
    moves.end(removal, Done(), now=now)
    moves.end(look, Done(), now=now)
    assert queries.cloud_for(us.owner.actor, cloud.id).state == CloudState.DELETED


def test_a_role_stored_by_a_connect_that_was_stopped_is_forgotten(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, role_arn="arn:aws:iam::222222222222:role/x")
    moves.end(running(cloud, Kind.CONNECT), Cancelled(), now=now)
    assert queries.cloud_for(us.owner.actor, cloud.id).role_arn is None


def test_the_end_is_in_the_audit_log_under_the_name_of_who_asked(us: People, now: datetime) -> None:
    operation = running(factories.cloud(us.organization, CloudState.CONNECTED), Kind.SETUP)
    moves.end(operation, Failed("no", "It failed.", "Mend it."), now=now)
    asked = moves.actor_of(operation)
    assert asked.organization_id == us.organization.id
    assert moves.snapshot(asked) == operation.actor
    found = audit_of(us, operation)
    assert found == [("cloud.setup", "failed", "It failed.", asked.id, "setup_failed")]


def audit_of(us: People, operation: Operation) -> list[tuple[str, ...]]:
    rows = audit.events(actor=us.auditor.actor, filters=audit.AuditFilters(operation=operation.id)).results
    names = ("action", "outcome", "reason", "actor_id")
    return [(*(row[name] for name in names), row["after"]["state"]) for row in rows]


def test_the_table_answers_none_where_a_kind_may_not_start() -> None:
    assert course(Kind.SETUP, CloudState.RESERVED) is None


def test_t10_a_look_that_began_before_the_loss_does_not_lift_the_suspension(
    us: People, now: datetime
) -> None:
    cloud = factories.cloud(us.organization, CloudState.ACTIVE, now=now)
    early = factories.operation(cloud, Kind.VERIFY, OperationState.RUNNING, attempts=1, created_at=now)
    loss = now + timedelta(minutes=1)
    moves.end(running(cloud, Kind.CONNECT), Failed("open", "It is open.", suspends=True), now=loss)
    moves.end(early, Done(), now=loss + timedelta(minutes=1))
    assert queries.cloud_for(us.owner.actor, cloud.id).state == CloudState.SUSPENDED
    later = factories.operation(
        queries.cloud_for(us.owner.actor, cloud.id),
        Kind.VERIFY,
        OperationState.RUNNING,
        attempts=1,
        created_at=loss + timedelta(minutes=2),
    )
    moves.end(later, Done(), now=loss + timedelta(minutes=3))
    kept = queries.cloud_for(us.owner.actor, cloud.id)
    assert (kept.state, kept.trust_lost_at) == (CloudState.ACTIVE, None)


@pytest.mark.parametrize(
    ("meanwhile", "after"),
    [
        (CloudState.SETTING_UP, CloudState.SETTING_UP),
        (CloudState.ACTIVE, CloudState.SUSPENDED),
        (CloudState.SETUP_FAILED, CloudState.SUSPENDED),
        (CloudState.DELETING, CloudState.DELETING),
        (CloudState.DELETED, CloudState.DELETED),
    ],
)
def test_t10_a_loss_that_a_look_saw_is_kept_wherever_the_cloud_has_gone(
    us: People, now: datetime, meanwhile: CloudState, after: CloudState
) -> None:
    cloud = factories.cloud(us.organization, CloudState.ATTENTION)
    look = running(cloud, Kind.VERIFY)
    with us.owner.here:
        Cloud.objects.filter(pk=cloud.pk).update(state=meanwhile)
    moves.end(look, Done(suspends=True), now=now)
    kept = queries.cloud_for(us.owner.actor, cloud.id)
    assert (kept.state, kept.trust_lost_at) == (after, now)


def test_t10_a_set_up_that_ends_after_the_loss_leads_to_no_active_cloud(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.ATTENTION)
    look = running(cloud, Kind.VERIFY)
    setup = running(cloud, Kind.SETUP)
    moves.end(look, Done(suspends=True), now=now + timedelta(seconds=1))
    moves.end(setup, Done(), now=now + timedelta(seconds=2))
    assert queries.cloud_for(us.owner.actor, cloud.id).state == CloudState.SUSPENDED


def test_t10_a_part_of_the_checks_lifts_no_suspension(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.SUSPENDED, trust_lost_at=now)
    part = factories.operation(
        cloud, Kind.VERIFY, OperationState.RUNNING, attempts=1, created_at=now, input={"only": ["vpc.dns"]}
    )
    moves.end(part, Done(), now=now)
    kept = queries.cloud_for(us.owner.actor, cloud.id)
    assert (kept.state, kept.trust_lost_at) == (CloudState.SUSPENDED, now)
