"""Least privilege and the trail: each kind may call what it calls (S4), and every call is told (S5)."""

from collections.abc import Mapping
from typing import Any

import pytest

from clouds.models import AwsCall, Cloud, Operation
from clouds.states import Kind
from iam.policy.documents import canonical
from iam.policy.grants import Kind as Power
from iam.policy.grants import actions, session_policy
from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk
from workers.aws.client import Client
from workers.aws.ports import CallRecord, Door, Recorder
from workers.aws.session import Sessions
from workers.operations.entry import names_of

# Take-down has the same policy as delete.
ONE_OF_EACH = (Power.CONNECT, Power.SETUP, Power.VERIFY, Power.DELETE)


class Sorting(Sessions):
    """The worker's sessions, noting for each policy which requests went out under it."""

    requests: dict[str, set[str]]

    def assume(self, door: Door, policy: str, *, record: Recorder) -> tuple[Client, tuple[str, ...]]:
        mine = self.requests.setdefault(policy, set())

        def note(call: CallRecord) -> None:
            if call.action != "AssumeRole":
                mine.add(call.request_id)
            record(call)

        return super().assume(door, policy, record=note)


def life(desk: Desk) -> Cloud:
    """Everything that can happen to a cloud: what is missing, half there, foreign, taken down, deleted."""
    cloud = desk.active()
    place, spec = desk.place(cloud), desk.spec(cloud)
    managed = place.admin("iam").create_policy(
        PolicyName=spec.cloud_id, PolicyDocument=canonical(session_policy("verify", names_of(spec)))
    )["Policy"]["Arn"]
    for role in (spec.cluster_role_name, spec.cross_account_role_name):
        place.admin("iam").attach_role_policy(RoleName=role, PolicyArn=managed)
    desk.do(cloud, Kind.VERIFY)
    desk.do(cloud, Kind.CONNECT, role_arn=spec.cross_account_role_arn)
    mend(desk, cloud)
    kept = desk.do(cloud, Kind.DELETE)
    assert kept.state == "succeeded", kept.message
    other = desk.active()
    s3 = desk.place(other).admin("s3")
    s3.put_object(Bucket=desk.spec(other).bucket_name, Key="data", Body=b"data")
    s3.create_multipart_upload(Bucket=desk.spec(other).bucket_name, Key="big")
    desk.place(other).admin("iam").attach_role_policy(
        RoleName=desk.spec(other).cluster_role_name, PolicyArn=managed
    )
    desk.do(other, Kind.DELETE, bucket="delete")
    return cloud


def mend(desk: Desk, cloud: Cloud) -> None:
    """Break what set-up can mend, and let it."""
    damage(desk, cloud)
    assert desk.do(desk.fresh(cloud), Kind.SETUP).state == "succeeded"


def damage(desk: Desk, cloud: Cloud) -> None:
    """Break what set-up can mend, and let a verification find it."""
    ec2, facts = desk.place(cloud).admin("ec2"), desk.facts(cloud)
    (group,) = [one for one in facts.security_groups if one.cloud_id == cloud.id]
    (table,) = [one for one in facts.route_tables if one.cloud_id == cloud.id]
    (endpoint,) = [one for one in facts.vpc_endpoints if one.cloud_id == cloud.id]
    out = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=group.id, IpPermissions=out)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint.id, RemoveRouteTableIds=[table.id])
    stray = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.replace_route(RouteTableId=table.id, DestinationCidrBlock="0.0.0.0/0", GatewayId=stray)
    assert desk.do(cloud, Kind.VERIFY).state == "succeeded"


@pytest.fixture
def sorting(desk: Desk) -> Sorting:
    desk.sessions.__class__ = Sorting
    assert isinstance(desk.sessions, Sorting)
    desk.sessions.requests = {}
    return desk.sessions


@pytest.mark.usefixtures("mapping")
def test_s4_what_each_kind_calls_is_what_it_may_call(desk: Desk, sorting: Sorting) -> None:
    life(desk)
    taken = desk.connected()
    desk.sandbox.fault("ec2:CreateVpcEndpoint", "deny", times=None)
    desk.do(taken, Kind.SETUP)
    desk.sandbox.clear_faults()
    desk.do(desk.fresh(taken), Kind.TAKEDOWN)
    checked = checks_of(desk.sandbox)
    used: dict[Power, set[str]] = {kind: set() for kind in ONE_OF_EACH}
    for policy, requests in sorting.requests.items():
        used[kind_of(policy, desk)].update(*(checked.get(one, set()) for one in requests))
    for kind in ONE_OF_EACH:
        assert used[kind] == actions(kind), kind


def test_a_take_down_may_do_what_a_delete_may(desk: Desk) -> None:
    names = names_of(desk.spec(desk.reserved()))
    assert session_policy("takedown", names) == session_policy("delete", names)


def kind_of(policy: str, desk: Desk) -> Power:
    for cloud in Cloud.objects.all():
        for kind in ONE_OF_EACH:
            if canonical(session_policy(kind, names_of(desk.spec(cloud)))) == policy:
                return kind
    raise AssertionError(policy)


def checks_of(sandbox: SandboxProcess) -> dict[str, set[str]]:
    """Request id -> the permissions that AWS asked for."""
    return {row["request_id"]: {check["action"] for check in row["checks"]} for row in sandbox.calls()}


def test_s5_every_call_bears_operation_and_actor_and_is_on_record(desk: Desk) -> None:
    cloud = desk.active()
    desk.do(cloud, Kind.VERIFY)
    desk.do(cloud, Kind.DELETE, bucket="delete")
    operations = Operation.objects.filter(cloud=cloud)
    assert {one.kind for one in operations} == {"connect", "setup", "verify", "delete"}
    for operation in operations:
        rows = [row for row in desk.sandbox.calls() if operation.id in row["user_agent"]]
        assert rows
        for row in rows:
            told(row, operation, desk)
        recorded = AwsCall.objects.filter(operation=operation)
        assert sorted(one.request_id for one in recorded) == sorted(row["request_id"] for row in rows)
        assert {f"{one.service}:{one.action}" for one in recorded} == {row["action"] for row in rows}


def told(row: Mapping[str, Any], operation: Operation, desk: Desk) -> None:
    """The portal enters under its own name; from then on all is said."""
    if row["action"] == "sts:AssumeRole":
        return
    assert row["session_name"] == operation.id
    assert row["source_identity"] == desk.actor.id
    assert row["user_agent"].startswith("raydock/")
