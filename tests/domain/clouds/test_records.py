"""What a worker writes, and that it writes nothing any more once the work is in other hands."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from clouds import queries
from clouds.facts import Facts
from clouds.findings import Finding, Status
from clouds.models import AwsCall, Cloud, Intent, Operation
from clouds.outcomes import Again, Done
from clouds.planning import Resource
from clouds.registration import Part, Registration
from clouds.services import claims, operations, records, sightings
from clouds.services.claims import Claim
from clouds.services.events import Event
from clouds.services.records import Call, End, LostFence, Start
from clouds.states import CloudState, Kind
from tests import factories
from tests.people import People

LEASE = timedelta(seconds=15)
GIVEN = Registration(
    vpc=Part(given="own"),
    subnets=(Part(given="a"),),
    security_groups=(Part(given="nodes"),),
    cluster_role=Part(given="nodes", name="nodes"),
    bucket=Part(given="data", name="data"),
)
VPC = Start("vpc", "ec2:CreateVpc")
SUBNET = Start("subnet", "ec2:CreateSubnet")


@pytest.fixture
def cloud(us: People) -> Cloud:
    return factories.cloud(us.organization, CloudState.CONNECTED)


@pytest.fixture
def claim(us: People, cloud: Cloud, now: datetime) -> Claim:
    operations.request(actor=us.owner.actor, cloud=cloud, kind=Kind.SETUP, now=now)
    return take(now)


def take(now: datetime) -> Claim:
    (taken,) = claims.claim(worker="one", limit=1, lease=LEASE, now=now)
    return taken


def row(claim: Claim) -> Operation:
    return Operation.objects.get(pk=claim.operation_id)


def call(now: datetime, action: str = "CreateVpc") -> Call:
    return Call("ec2", action, "eu-central-1", "req-1", 200, "", 12, now)


def finding(status: Status, severity: Any = "must", check: str = "vpc.dns") -> Finding:
    return Finding(
        check=check,
        area="vpc",
        severity=severity,
        status=status,
        subject="vpc-1",
        title="DNS",
        observed="off",
        expected="on",
    )


def resource(logical: str, state: Any = "present", found: str = "vpc-1") -> Resource:
    return Resource(logical=logical, kind="AWS::EC2::VPC", id=found, name="n", arn="a", state=state)


def facts(now: datetime) -> Facts:
    return Facts(at=now, account_id="222222222222", region="eu-central-1")


def test_an_intent_is_there_before_the_call_and_its_outcome_after(claim: Claim, now: datetime) -> None:
    records.advance(claim, starting=[VPC], events=[Event("Create the VPC", "running", "vpc")], now=now)
    (open_one,) = Intent.objects.all()
    assert (open_one.step, open_one.action, open_one.outcome) == ("vpc", "ec2:CreateVpc", "")
    records.advance(
        claim,
        ended=[End("vpc", "done", {"id": "vpc-1"})],
        starting=[SUBNET],
        events=[Event("Created", "done", "vpc"), Event("Create the subnet", "running", "subnet")],
        calls=[call(now)],
        now=now,
    )
    ended = Intent.objects.get(step="vpc")
    assert (ended.outcome, ended.reply, ended.finished_at) == ("done", {"id": "vpc-1"}, now)
    operation = row(claim)
    assert operation.steps_done == 1
    assert [(one.seq, one.state) for one in queries.events_after(operation)] == [
        (1, "running"),
        (2, "done"),
        (3, "running"),
    ]
    assert [one.seq for one in queries.events_after(operation, 2)] == [3]
    assert [one.action for one in queries.aws_calls(operation).results] == ["CreateVpc"]


def test_a_step_that_is_tried_again_keeps_its_one_intent(claim: Claim, now: datetime) -> None:
    records.advance(claim, starting=[VPC], now=now)
    records.advance(claim, ended=[End("vpc", "failed", {})], now=now)
    records.advance(claim, starting=[VPC], now=now)
    (intent,) = Intent.objects.all()
    assert (intent.outcome, intent.finished_at, intent.reply) == ("", None, {})


def test_calls_of_unknown_end_are_remembered_for_the_cloud_until_looked_up(
    claim: Claim, cloud: Cloud, now: datetime
) -> None:
    records.advance(claim, starting=[VPC, SUBNET], now=now)
    records.advance(claim, ended=[End("vpc", "unknown", {}), End("subnet", "done", {})], now=now)
    assert [one.step for one in records.unresolved(claim, cloud.id)] == ["vpc"]
    records.resolve(claim, ["vpc"], now=now)
    assert records.unresolved(claim, cloud.id) == []


def test_a_wish_to_cancel_stops_what_would_start_and_keeps_what_ended(
    us: People, claim: Claim, now: datetime
) -> None:
    records.advance(claim, starting=[VPC], now=now)
    operations.cancel(actor=us.owner.actor, operation=row(claim), now=now)
    going = records.advance(
        claim,
        ended=[End("vpc", "done", {})],
        starting=[SUBNET],
        events=[Event("", "done", "vpc"), Event("", "running", "subnet")],
        now=now,
    )
    assert going is False
    assert [one.step for one in Intent.objects.filter(outcome="done")] == ["vpc"]
    assert not Intent.objects.filter(step="subnet").exists()
    assert [one.step for one in queries.events_after(row(claim))] == ["vpc"]


WRITES: dict[str, Callable[[Claim, datetime], object]] = {
    "load": lambda claim, now: records.load(claim),
    "advance": lambda claim, now: records.advance(
        claim, starting=[VPC], events=[Event("no")], calls=[call(now)], now=now
    ),
    "expect": lambda claim, now: records.expect(claim, 7),
    "resolve": lambda claim, now: records.resolve(claim, ["vpc"], now=now),
    "save_facts": lambda claim, now: sightings.save_facts(claim, facts(now), [resource("vpc")], now=now),
    "save_role": lambda claim, now: sightings.save_role(claim, "arn:aws:iam::222222222222:role/other"),
    "save_registration": lambda claim, now: sightings.save_registration(claim, GIVEN),
    "save_findings": lambda claim, now: sightings.save_findings(
        claim, [finding(Status.FAIL)], started_at=now, now=now
    ),
    "settle": lambda claim, now: records.settle(claim, Done(), progressed=True, now=now),
}


@pytest.mark.parametrize("write", list(WRITES))
def test_who_lost_the_fence_writes_nothing(
    us: People, claim: Claim, cloud: Cloud, now: datetime, write: str
) -> None:
    later = now + LEASE
    take(later)
    before = (row(claim).__dict__, queries.cloud_for(us.owner.actor, cloud.id).__dict__)
    with pytest.raises(LostFence):
        WRITES[write](claim, later)
    after = (row(claim).__dict__, queries.cloud_for(us.owner.actor, cloud.id).__dict__)
    for old, new in zip(before, after, strict=True):
        assert {**old, "_state": None} == {**new, "_state": None}
    assert not Intent.objects.exists()
    assert not AwsCall.objects.exists()
    assert not queries.verifications(cloud).results
    assert not queries.events_after(row(claim))


def test_every_write_that_takes_a_claim_is_tried_above() -> None:
    takes_a_claim = {
        name
        for module in (records, sightings)
        for name, found in vars(module).items()
        if callable(found)
        and getattr(found, "__module__", "") == module.__name__
        and name[0] != "_"
        and "claim" in getattr(found, "__annotations__", {})
    }
    assert takes_a_claim == set(WRITES) | {"held", "unresolved"}


def test_waiting_holds_nobody_and_counts_turns_without_progress(claim: Claim, now: datetime) -> None:
    records.settle(claim, Again(2.5, "AWS is slow."), progressed=False, now=now)
    operation = row(claim)
    assert (operation.state, operation.message, operation.stalled) == ("waiting", "AWS is slow.", 1)
    assert operation.due_at == now + timedelta(seconds=2.5)
    again = take(now + LEASE)
    records.settle(again, Again(0, "Going on."), progressed=True, now=now)
    assert row(claim).stalled == 0


def test_progress_clears_the_marks_of_lost_workers(claim: Claim, now: datetime) -> None:
    again = take(now + LEASE)
    assert row(again).crashes == 1
    records.advance(again, starting=[VPC], now=now)
    assert row(again).crashes == 1
    records.advance(again, ended=[End("vpc", "done", {})], now=now)
    assert row(again).crashes == 0


def test_a_wish_to_cancel_is_not_lost_when_the_turn_only_waits(
    us: People, claim: Claim, now: datetime
) -> None:
    operations.cancel(actor=us.owner.actor, operation=row(claim), now=now)
    records.settle(claim, Again(60, "Later."), progressed=False, now=now)
    assert row(claim).state == "cancelled"


def test_the_steps_to_come_add_to_those_that_are_done(claim: Claim, now: datetime) -> None:
    records.expect(claim, 2)
    records.advance(claim, starting=[VPC], now=now)
    records.advance(claim, ended=[End("vpc", "done", {})], now=now)
    records.expect(claim, 1)
    assert (row(claim).steps_done, row(claim).steps_total) == (1, 2)


def test_the_last_look_replaces_the_one_before(us: People, claim: Claim, cloud: Cloud, now: datetime) -> None:
    sightings.save_facts(claim, facts(now), [resource("vpc", "missing", ""), resource("old")], now=now)
    seen = [resource("vpc"), resource("vpc", "duplicate", "vpc-2"), resource("vpc", "duplicate", "vpc-3")]
    sightings.save_facts(claim, facts(now), seen, now=now)
    kept = queries.resources(cloud)
    assert {one.logical_name: (one.aws_id, one.state) for one in kept} == {
        "vpc": ("vpc-1", "present"),
        "vpc (vpc-2)": ("vpc-2", "duplicate"),
        "vpc (vpc-3)": ("vpc-3", "duplicate"),
    }
    stored = queries.cloud_for(us.owner.actor, cloud.id)
    assert Facts.from_json(stored.facts or {}) == facts(now)


def test_t12_a_role_of_another_organization_is_refused_without_telling_whose_it_is(
    us: People, claim: Claim, cloud: Cloud, now: datetime
) -> None:
    theirs = factories.cloud(us.others, CloudState.ACTIVE)
    words = sightings.save_role(claim, str(theirs.role_arn))
    assert words == sightings.ROLE_TAKEN
    assert us.others.id not in words
    assert queries.cloud_for(us.owner.actor, cloud.id).role_arn == cloud.role_arn


def test_t12_the_role_of_a_deleted_cloud_is_free_again(
    us: People, claim: Claim, cloud: Cloud, now: datetime
) -> None:
    gone = factories.cloud(us.others, CloudState.DELETED, deleted_at=now)
    assert sightings.save_role(claim, str(gone.role_arn)) == ""
    assert queries.cloud_for(us.owner.actor, cloud.id).role_arn == gone.role_arn


def test_a_verification_is_counted_kept_and_written_again_whole(
    us: People, claim: Claim, cloud: Cloud, now: datetime
) -> None:
    sightings.save_findings(claim, [finding(Status.UNKNOWN)], started_at=now, now=now)
    found = [
        finding(Status.PASS),
        finding(Status.FAIL),
        finding(Status.WARN, "should"),
        finding(Status.FAIL, "should"),
        finding(Status.UNKNOWN),
    ]
    sightings.save_findings(claim, found, started_at=now, now=now)
    (kept,) = queries.verifications(cloud).results
    assert (kept.passed, kept.warned, kept.failed, kept.unknown, kept.failed_musts) == (1, 1, 2, 1, 1)
    assert [one.status for one in queries.findings(cloud)] == [one.status for one in found]
    stored = queries.cloud_for(us.owner.actor, cloud.id)
    assert (stored.checks_passed, stored.checks_total, stored.verified_at) == (1, 5, now)
