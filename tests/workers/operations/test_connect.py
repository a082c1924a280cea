"""Connecting: the T-rules of the external ID, each under its number, with real tries at a real sandbox."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from clouds.models import AwsCall, Cloud, OperationEvent, Verification
from clouds.queries import spec_of
from clouds.states import CloudState, Kind
from iam.models import AuditEvent
from iam.policy.trust import trust_policy
from tests import factories
from tests.sandbox import OTHER_CUSTOMER, PORTAL, SandboxProcess
from tests.workers.desk import Desk, states

Edit = Callable[[dict[str, Any]], None]


def trust_of(cloud: Cloud, edit: Edit) -> Mapping[str, Any]:
    """The trust policy that the cloud's page shows, changed by a careless or wicked hand."""
    document = trust_policy(spec_of(cloud).portal_role_arn, cloud.external_id)
    edit(document["Statement"][0])
    return document


def no_condition(statement: dict[str, Any]) -> None:
    del statement["Condition"]


def any_id(statement: dict[str, Any]) -> None:
    statement["Condition"] = {"StringLike": {"sts:ExternalId": "*"}}


def only_if_sent(statement: dict[str, Any]) -> None:
    statement["Condition"] = {"StringEqualsIfExists": statement["Condition"]["StringEquals"]}


def connect(desk: Desk, cloud: Cloud, arn: str) -> Any:
    return desk.do(cloud, Kind.CONNECT, role_arn=arn, wait_seconds=5)


def test_t06_with_the_id_the_role_lets_us_in_and_is_stored(desk: Desk) -> None:
    cloud = desk.reserved()
    arn = desk.role_for(cloud)
    operation = connect(desk, cloud, arn)
    assert states(cloud, operation) == ("succeeded", "connected", "connected"), operation.message
    kept = desk.fresh(cloud)
    assert kept.role_arn == arn
    seen = desk.facts(cloud)
    assert seen.trust
    assert seen.trust.assumable
    assert seen.zones


def test_t05_the_id_of_another_cloud_opens_nothing(desk: Desk) -> None:
    cloud, other = desk.reserved(), desk.reserved()
    operation = connect(desk, cloud, desk.role_for(other))
    assert states(cloud, operation) == ("failed", "role_not_assumable", "reserved")


def test_t06_a_role_of_another_account_is_refused(desk: Desk) -> None:
    cloud = desk.reserved()
    arn = f"arn:aws:iam::{OTHER_CUSTOMER}:role/raydock"
    operation = desk.finish(factories.operation(cloud, Kind.CONNECT, input={"role_arn": arn}))
    assert (operation.state, operation.code) == ("failed", "wrong_account")
    assert not AwsCall.objects.filter(operation=operation).exists()


@pytest.mark.parametrize("edit", [no_condition, any_id, only_if_sent], ids=["t07-t08", "t08", "t07"])
def test_t09_a_role_that_lets_others_in_is_not_stored(desk: Desk, edit: Edit) -> None:
    cloud = desk.reserved()
    operation = connect(desk, cloud, desk.role_for(cloud, trust=trust_of(cloud, edit)))
    assert states(cloud, operation) == ("failed", "external_id_not_required", "reserved")
    assert desk.fresh(cloud).role_arn is None
    (finding,) = Verification.objects.get(operation=operation).findings.all()
    assert (finding.check_id, finding.status) == ("trust.requires_external_id", "FAIL")
    event = AuditEvent.objects.get(operation_id=operation.id, action="cloud.connect")
    assert event.outcome == "failed"
    assert cloud.external_id in operation.fix


def test_t10_a_role_that_lost_its_condition_suspends_the_cloud(desk: Desk) -> None:
    cloud = desk.active()
    desk.role_for(cloud, trust=trust_of(cloud, no_condition))
    operation = desk.do(cloud, Kind.VERIFY)
    assert states(cloud, operation) == ("succeeded", "verified", "suspended")
    desk.role_for(cloud)
    assert states(cloud, desk.do(cloud, Kind.VERIFY)) == ("succeeded", "verified", "active")


def test_t11_a_stranger_who_offers_the_role_learns_as_little_as_of_one_that_is_not_there(desk: Desk) -> None:
    cloud = desk.connected()
    stranger = Desk(desk.sandbox, desk.pool)
    theirs = stranger.reserved()
    offered = connect(stranger, theirs, desk.fresh(cloud).role_arn or "")
    nowhere = connect(stranger, theirs, f"arn:aws:iam::{cloud.account_id}:role/nowhere")
    assert states(theirs, offered) == states(theirs, nowhere) == ("failed", "role_not_assumable", "reserved")
    same = offered.message.replace(desk.fresh(cloud).role_arn or "", "X")
    assert same == nowhere.message.replace(f"arn:aws:iam::{cloud.account_id}:role/nowhere", "X")
    assert offered.fix == nowhere.fix
    assert cloud.external_id not in offered.message + offered.fix


def test_t12_a_role_that_trusts_two_clouds_serves_the_first(desk: Desk) -> None:
    stranger = Desk(desk.sandbox, desk.pool)
    cloud, theirs = desk.reserved(), stranger.reserved()

    def both(statement: dict[str, Any]) -> None:
        ids = [cloud.external_id, theirs.external_id]
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": ids}}

    arn = desk.role_for(cloud, trust=trust_of(cloud, both))
    assert connect(desk, cloud, arn).state == "succeeded"
    refused = connect(stranger, theirs, arn)
    assert states(theirs, refused) == ("failed", "role_in_use", "reserved")
    said = refused.message + refused.fix
    assert not [
        one for one in (cloud.id, cloud.name, cloud.organization_id, cloud.external_id) if one in said
    ]


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "arn:aws-cn:iam::222222222222:role/raydock",
        "arn:aws-us-gov:iam::222222222222:role/raydock",
        "arn:aws:iam::22222222222:role/raydock",
        "arn:aws:iam::222222222222:user/raydock",
        "arn:aws:iam::222222222222:root",
        "arn:aws:sts::222222222222:assumed-role/raydock/session",
        "arn:aws:iam::222222222222:role/raydock ",
        "arn:aws:iam::222222222222:role/rayd\N{CYRILLIC SMALL LETTER O}ck",
        f"arn:aws:iam::{PORTAL}:role/raydock",
    ],
)
def test_t13_only_the_arn_of_a_role_in_the_cloud_s_account_is_tried(desk: Desk, arn: str) -> None:
    cloud = desk.reserved()
    operation = desk.finish(factories.operation(cloud, Kind.CONNECT, input={"role_arn": arn}))
    assert (operation.state, operation.code) == ("failed", "role_arn_invalid")
    assert not AwsCall.objects.filter(operation=operation).exists()


def test_t16_a_cloud_that_was_deleted_meanwhile_is_not_entered(desk: Desk) -> None:
    cloud = factories.cloud(desk.organization, CloudState.DELETED)
    asked = factories.operation(
        cloud, Kind.CONNECT, input={"role_arn": cloud.role_arn}, cloud_before="reserved"
    )
    operation = desk.finish(asked)
    assert (operation.state, operation.code) == ("failed", "cloud_gone")
    assert not AwsCall.objects.filter(operation=operation).exists()


def test_t18_a_role_that_trusts_the_whole_portal_account_is_told(desk: Desk) -> None:
    cloud = desk.reserved()
    document = trust_policy(spec_of(cloud).portal_role_arn, cloud.external_id)
    assert {one["Principal"]["AWS"] for one in document["Statement"]} == {spec_of(cloud).portal_role_arn}
    for statement in document["Statement"]:
        statement["Principal"] = {"AWS": f"arn:aws:iam::{PORTAL}:root"}
    operation = connect(desk, cloud, desk.role_for(cloud, trust=document))
    assert operation.state == "succeeded"
    notes = OperationEvent.objects.filter(operation=operation, step="trust")
    assert any("account" in one.message for one in notes)


def test_t19_the_account_s_own_trail_says_who_acted_and_why(desk: Desk) -> None:
    cloud = desk.reserved()
    operation = connect(desk, cloud, desk.role_for(cloud))
    rows = desk.place(cloud, operation).seen()
    inside = [row for row in rows if row["session_name"] == operation.id]
    assert inside
    assert {row["source_identity"] for row in inside} == {desk.actor.id}
    assert {row["session_tags"]["raydock-cloud-id"] for row in inside} == {cloud.id}


def test_t20_no_row_holds_keys(desk: Desk) -> None:
    cloud = desk.reserved()
    operation = connect(desk, cloud, desk.role_for(cloud))
    wrong = connect(desk, desk.reserved(), desk.role_for(desk.reserved()))
    keys = [*desk.sandbox.keys["worker"].values()][:3]
    written = [operation.message, wrong.message, wrong.fix, json.dumps(desk.fresh(cloud).facts)]
    written += OperationEvent.objects.values_list("message", flat=True)
    written += AuditEvent.objects.values_list("reason", flat=True)
    assert not [key for key in keys for text in written if key in text]


def test_a_role_that_aws_does_not_know_yet_is_waited_for(desk: Desk) -> None:
    cloud = desk.reserved()
    name = f"arn:aws:iam::{cloud.account_id}:role/raydock-{cloud.id[-10:]}"
    operation = desk.ask(cloud, Kind.CONNECT, role_arn=name, wait_seconds=60)
    waiting = desk.turn(operation)
    assert waiting.state == "waiting"
    assert waiting.message.startswith("Waiting for AWS")
    assert desk.role_for(cloud) == name
    assert desk.finish(operation).state == "succeeded"


def test_when_patience_is_over_the_fix_holds_the_exact_trust_policy(desk: Desk) -> None:
    cloud = desk.reserved()
    began = desk.clock.now()
    operation = connect(desk, cloud, f"arn:aws:iam::{cloud.account_id}:role/nowhere")
    assert 5 <= (desk.clock.now() - began).total_seconds() < 8
    document = json.loads(operation.fix[operation.fix.index("{") :])
    assert document == trust_policy(spec_of(cloud).portal_role_arn, cloud.external_id)


@pytest.mark.parametrize("kind", ["throttle", "error", "timeout"])
def test_an_sts_that_does_not_answer_is_not_a_verdict(
    desk: Desk, aws_sandbox: SandboxProcess, kind: str
) -> None:
    cloud = desk.reserved()
    arn = desk.role_for(cloud)
    aws_sandbox.fault("sts:AssumeRole", kind, times=3)
    assert connect(desk, cloud, arn).state == "succeeded"


def test_an_unclear_answer_to_the_forbidden_tries_stores_nothing(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.reserved()
    arn = desk.role_for(cloud)
    aws_sandbox.fault("sts:AssumeRole", "error", first=2, times=None)
    operation = connect(desk, cloud, arn)
    assert (operation.state, desk.fresh(cloud).role_arn) == ("failed", None)
