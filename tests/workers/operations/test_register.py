"""Registering what a customer made with plain boto3: found by name, id or ARN, looked at, never touched."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from clouds.models import Cloud, VerificationFinding
from clouds.queries import registration_of, spec_of
from clouds.registration import read_registration
from clouds.services.activation import cloud_activate
from clouds.services.clouds import cloud_reserve
from clouds.states import Kind
from iam.errors import Problem
from iam.models import AuditEvent
from iam.policy.grants import Kind as Power
from iam.policy.grants import actions
from tests.workers.desk import Desk, states
from tests.workers.given import Given
from tests.workers.places import customer_role

REGION = "us-west-2"


@pytest.fixture
def given(desk: Desk) -> Given:
    return Given(desk.sandbox)


def connected(desk: Desk, given: Mapping[str, Any] | None = None) -> Cloud:
    """A registered cloud whose role has the policy for what will be given, or for nothing yet."""
    cloud = cloud_reserve(
        actor=desk.actor,
        name=f"own-{desk.clock.now().timestamp()}".replace(".", "-"),
        region=REGION,
        account_id="222222222222",
        kind="registered",
        now=desk.clock.now(),
    )
    spec = spec_of(cloud)
    if given:
        wanted = read_registration(given, account_id=spec.account_id, region=REGION)
        spec = replace(spec, registration=wanted)
    arn = customer_role(desk.sandbox, spec).cross_account_role_arn
    operation = desk.do(cloud, Kind.CONNECT, role_arn=arn)
    assert operation.state == "succeeded", (operation.code, operation.message)
    return desk.fresh(cloud)


def register(desk: Desk, cloud: Cloud, given: Mapping[str, Any]) -> dict[str, str]:
    """Check id -> its worst answer but PASS."""
    operation = desk.do(cloud, Kind.REGISTER, **given)
    assert operation.state == "succeeded", (operation.code, operation.message)
    found = VerificationFinding.objects.filter(verification__operation=operation).exclude(status="PASS")
    return {one.check_id: f"{one.status}: {one.observed}" for one in found}


def test_a_healthy_cloud_by_ids_is_active_and_nothing_was_created(desk: Desk, given: Given) -> None:
    cloud = connected(desk, given.by_ids())
    before = desk.sandbox.inventory()
    assert register(desk, cloud, given.by_ids()) == {}
    assert desk.fresh(cloud).state == "active"
    assert desk.sandbox.inventory() == before
    assert desk.do(cloud, Kind.VERIFY).state == "succeeded"
    assert desk.fresh(cloud).state == "active"


def test_names_are_found_and_what_aws_calls_them_is_stored(desk: Desk, given: Given) -> None:
    cloud = connected(desk, given.by_ids())
    assert register(desk, cloud, given.by_names()) == {}
    found = registration_of(desk.fresh(cloud))
    assert found is not None
    assert (found.vpc.given, found.vpc.id) == (given.name, given.vpc)
    assert [one.id for one in found.subnets] == given.subnets
    assert [one.id for one in found.security_groups] == [given.group]
    assert found.cluster_role is not None
    assert (found.cluster_role.name, found.cluster_role.arn) == (given.name, given.role_arn)
    assert found.bucket.arn == f"arn:aws:s3:::{given.bucket}"
    given.ec2.create_tags(Resources=[given.vpc], Tags=[{"Key": "Name", "Value": "renamed"}])
    assert desk.do(cloud, Kind.VERIFY).state == "succeeded"
    assert desk.fresh(cloud).state == "active"


def test_a_role_with_a_path_is_looked_at_and_may_be_passed(desk: Desk) -> None:
    given = Given(desk.sandbox, path="/ray/nodes/")
    cloud = connected(desk, given.by_ids())
    assert register(desk, cloud, given.by_ids()) == {}


def test_a_private_network_goes_out_through_nat(desk: Desk) -> None:
    given = Given(desk.sandbox, private=True)
    cloud = connected(desk, given.by_ids())
    assert register(desk, cloud, given.by_ids()) == {}
    found = register(desk, cloud, given.by_ids(private_network=False))
    assert set(found) == {"subnets.routes"}
    assert desk.fresh(cloud).state == "attention"


def test_a_policy_for_other_names_keeps_it_from_being_active(desk: Desk, given: Given) -> None:
    cloud = connected(desk)
    found = register(desk, cloud, given.by_ids())
    assert found["role.permissions"].startswith("FAIL: Not allowed: ")
    assert desk.fresh(cloud).state == "registered"
    spec = desk.spec(cloud)
    assert spec.bucket_name == given.bucket
    customer_role(desk.sandbox, spec)  # the policy that the cloud's page shows now
    assert desk.do(cloud, Kind.VERIFY).state == "succeeded"
    assert desk.fresh(cloud).state == "active"


def test_what_is_called_is_what_may_be_called(desk: Desk, given: Given) -> None:
    cloud = connected(desk, given.by_ids())
    policy = given.iam.create_policy(
        PolicyName=f"{given.name}-more",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets",'
        '"Resource":"*"}]}',
    )["Policy"]["Arn"]
    given.iam.attach_role_policy(RoleName=given.name, PolicyArn=policy)
    operation = desk.do(cloud, Kind.REGISTER, **given.by_ids(instance_profile=given.name))
    rows = [row for row in desk.place(cloud, operation).seen() if row["session_name"] == operation.id]
    used = {one["action"] for row in rows for one in row["checks"]}
    assert used == actions(Power.REGISTER)
    assert {row["allowed"] for row in rows} == {True}


# What stands in the way, and who answers for it ---------------------------------------------------------


def broken(desk: Desk, given: Given) -> Cloud:
    cloud = connected(desk, given.by_ids())
    everything = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": given.group}]}]
    given.ec2.revoke_security_group_ingress(GroupId=given.group, IpPermissions=everything)
    assert set(register(desk, cloud, given.by_ids())) == {"sg.self_in"}
    assert desk.fresh(cloud).state == "registered"
    return desk.fresh(cloud)


def test_a_person_answers_for_what_fails_and_it_is_audited(desk: Desk, given: Given) -> None:
    cloud = broken(desk, given)
    for acknowledge, reason, code in (
        ([], "why", "not_acknowledged"),
        (["sg.self_in"], " ", "activation_invalid"),
        (["sg.self_in", "bucket.cors"], "why", "activation_invalid"),
    ):
        with pytest.raises(Problem) as refused:
            cloud_activate(
                actor=desk.actor, cloud=cloud, acknowledge=acknowledge, reason=reason, now=desk.clock.now()
            )
        assert refused.value.code == code
    active = cloud_activate(
        actor=desk.actor,
        cloud=cloud,
        acknowledge=["sg.self_in"],
        reason="Peers are let in by another group",
        now=desk.clock.now(),
    )
    assert active.state == "active"
    event = AuditEvent.objects.filter(action="cloud.activate").latest("id")
    assert event.reason == "Peers are let in by another group"
    assert event.after["acknowledged"]["checks"] == ["sg.self_in"]
    assert desk.do(cloud, Kind.VERIFY).state == "succeeded"
    assert desk.fresh(cloud).state == "active"
    given.s3.delete_bucket_encryption(Bucket=given.bucket)
    given.ec2.modify_vpc_attribute(VpcId=given.vpc, EnableDnsHostnames={"Value": False})
    desk.do(cloud, Kind.VERIFY)
    assert desk.fresh(cloud).state == "attention"


def test_something_else_is_answered_for_anew(desk: Desk, given: Given) -> None:
    cloud = broken(desk, given)
    cloud_activate(
        actor=desk.actor, cloud=cloud, acknowledge=["sg.self_in"], reason="why", now=desk.clock.now()
    )
    assert set(register(desk, cloud, given.by_ids(subnets=given.subnets[::-1]))) == {"sg.self_in"}
    assert desk.fresh(cloud).state == "attention"


def test_t9_nobody_answers_for_an_open_door(desk: Desk, given: Given) -> None:
    cloud = broken(desk, given)
    open_to_all = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": desk.spec(cloud).portal_role_arn},
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            }
        ],
    }
    customer_role(desk.sandbox, desk.spec(cloud), trust=open_to_all)
    operation = desk.do(cloud, Kind.VERIFY)
    assert states(cloud, operation)[2] == "suspended"
    with pytest.raises(Problem) as refused:
        cloud_activate(
            actor=desk.actor, cloud=cloud, acknowledge=["sg.self_in"], reason="why", now=desk.clock.now()
        )
    assert refused.value.code == "not_possible_now"


# What is refused ----------------------------------------------------------------------------------------


def test_a_delete_only_forgets(desk: Desk, given: Given) -> None:
    cloud = connected(desk, given.by_ids())
    register(desk, cloud, given.by_ids())
    before = desk.sandbox.inventory()
    with pytest.raises(Problem, match="deletes nothing"):
        desk.ask(cloud, Kind.DELETE, bucket="delete")
    operation = desk.do(cloud, Kind.DELETE)
    assert states(cloud, operation) == ("succeeded", "forgotten", "deleted")
    assert "was touched" in operation.message
    assert desk.sandbox.inventory() == before


def test_nothing_is_built_in_a_registered_cloud_nor_registered_in_a_managed_one(
    desk: Desk, given: Given
) -> None:
    cloud = connected(desk, given.by_ids())
    with pytest.raises(Problem) as refused:
        desk.ask(cloud, Kind.SETUP)
    assert refused.value.code == "registered_cloud"
    with pytest.raises(Problem) as refused:
        desk.ask(desk.connected(), Kind.REGISTER, **given.by_ids())
    assert refused.value.code == "managed_cloud"
    assert desk.do(cloud, Kind.REGISTER, **given.by_ids()).state == "succeeded"


def test_a_stop_leaves_what_was_registered_before(desk: Desk, given: Given) -> None:
    cloud = connected(desk, given.by_ids())
    register(desk, cloud, given.by_ids())
    known = desk.fresh(cloud).registration
    desk.sandbox.fault("ec2:DescribeVpcs", "error", times=None)
    operation = desk.do(cloud, Kind.REGISTER, **given.by_ids(vpc="vpc-00000000"))
    assert operation.state == "failed"
    assert desk.fresh(cloud).registration == known
    assert desk.fresh(cloud).state == "active"
