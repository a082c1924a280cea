"""Set-up: exactly the planned resources, seen with plain boto3; resumed, adopted, refused with a reason."""

import json
from typing import Any

from clouds.models import AwsCall, CloudResource, Intent, OperationEvent
from clouds.planning import plan_setup
from clouds.services import operations
from clouds.states import Kind
from iam.policy.grants import PROBE_PREFIX
from iam.policy.trust import cluster_trust_policy
from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk, states
from workers.operations.rehearsal import ALLOWED
from workers.operations.waiting import PROPAGATION


def mine(desk: Desk, cloud: Any) -> dict[str, int]:
    """How many of each kind carry the cloud's tag."""
    counts: dict[str, int] = {}
    for one in desk.place(cloud).own():
        counts[one["kind"].rpartition("::")[2].lower()] = (
            counts.get(one["kind"].rpartition("::")[2].lower(), 0) + 1
        )
    return counts


def tagged(cloud: Any, kind: str, logical: str) -> list[dict[str, Any]]:
    tags = {"raydock-cloud-id": cloud.id, "raydock-name": logical}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": kind, "Tags": listed}]


def test_exactly_the_planned_resources_are_there(desk: Desk) -> None:
    cloud = desk.connected()
    before = desk.sandbox.inventory(cloud.account_id)
    operation = desk.do(cloud, Kind.SETUP)
    assert states(cloud, operation) == ("succeeded", "verified", "active"), operation.message
    spec, place = desk.spec(cloud), desk.place(cloud)
    ec2, iam, s3 = place.admin("ec2"), place.admin("iam"), place.admin("s3")
    only = [{"Name": "tag:raydock-cloud-id", "Values": [cloud.id]}]

    (vpc,) = ec2.describe_vpcs(Filters=only)["Vpcs"]
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
        assert answer[name[0].upper() + name[1:]]["Value"]
    subnets = ec2.describe_subnets(Filters=only)["Subnets"]
    assert len({one["AvailabilityZone"] for one in subnets}) == len(subnets) == 2
    assert all(one["MapPublicIpOnLaunch"] and one["CidrBlock"].endswith("/20") for one in subnets)
    (gateway,) = ec2.describe_internet_gateways(Filters=only)["InternetGateways"]
    assert [one["VpcId"] for one in gateway["Attachments"]] == [vpc["VpcId"]]
    (table,) = ec2.describe_route_tables(Filters=only)["RouteTables"]
    assert {one["SubnetId"] for one in table["Associations"]} == {one["SubnetId"] for one in subnets}
    assert {"0.0.0.0/0"} <= {one.get("DestinationCidrBlock") for one in table["Routes"]}
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=only)["VpcEndpoints"]
    assert (endpoint["VpcEndpointType"], endpoint["RouteTableIds"]) == ("Gateway", [table["RouteTableId"]])
    (group,) = ec2.describe_security_groups(Filters=only)["SecurityGroups"]
    assert {one["IpProtocol"] for one in group["IpPermissions"]} == {"tcp", "-1"}

    role = iam.get_role(RoleName=spec.cluster_role_name)["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    profile = iam.get_instance_profile(InstanceProfileName=spec.cluster_role_name)["InstanceProfile"]
    assert [one["RoleName"] for one in profile["Roles"]] == [spec.cluster_role_name]
    assert all(s3.get_public_access_block(Bucket=spec.bucket_name)["PublicAccessBlockConfiguration"].values())
    policy = json.loads(s3.get_bucket_policy(Bucket=spec.bucket_name)["Policy"])
    assert {"RaydockTlsOnly", "RaydockObjects"} <= {one["Sid"] for one in policy["Statement"]}

    made = [one for one in desk.sandbox.inventory(cloud.account_id) if one not in before]
    strangers = [one for one in made if one["tags"].get("raydock-cloud-id") != cloud.id]
    assert strangers == []


def test_the_verification_leaves_no_probe_behind(desk: Desk) -> None:
    cloud = desk.active()
    operation = desk.do(cloud, Kind.VERIFY)
    assert operation.message.endswith("checks passed.")
    keys = [row["action"] for row in desk.place(cloud, operation).seen()]
    assert {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"} <= set(keys)
    listed = (
        desk.place(cloud)
        .admin("s3")
        .list_objects_v2(Bucket=desk.spec(cloud).bucket_name, Prefix=PROBE_PREFIX)
    )
    assert listed["KeyCount"] == 0


def test_every_change_was_written_down_before_and_after(desk: Desk) -> None:
    cloud = desk.connected()
    operation = desk.do(cloud, Kind.SETUP)
    intents = Intent.objects.filter(operation=operation)
    assert {one.outcome for one in intents} == {"done"}
    seen = desk.place(cloud, operation).seen()
    changes = [row for row in seen if row["mutating"] and not row["dry_run"]]
    probes = [row for row in changes if row["action"] in {"s3:PutObject", "s3:DeleteObject"}]
    entries = [row for row in changes if row["action"] == "sts:AssumeRole"]
    assert len(changes) - len(probes) - len(entries) == len(intents)
    assert operation.steps_done == operation.steps_total == len(intents)
    finished = OperationEvent.objects.filter(operation=operation, state="done")
    assert set(finished.values_list("step", flat=True)) == {one.step for one in intents}
    resources = CloudResource.objects.filter(cloud=cloud)
    assert {one.state for one in resources} == {"present"}


def test_what_carries_the_tag_already_is_taken_and_not_made_twice(desk: Desk) -> None:
    cloud = desk.connected()
    ec2 = desk.place(cloud).admin("ec2")
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged(cloud, "vpc", "vpc"))
    operation = desk.do(cloud, Kind.SETUP)
    assert operation.state == "succeeded", operation.message
    assert mine(desk, cloud)["vpc"] == 1
    assert "vpc" not in set(Intent.objects.filter(operation=operation).values_list("step", flat=True))
    assert CloudResource.objects.get(cloud=cloud, logical_name="vpc").aws_id == made["Vpc"]["VpcId"]


def test_a_second_set_up_changes_nothing(desk: Desk) -> None:
    cloud = desk.active()
    before = mine(desk, cloud)
    cloud.state = "setup_failed"
    cloud.save(update_fields=["state"])
    operation = desk.do(desk.fresh(cloud), Kind.SETUP)
    assert operation.state == "succeeded"
    assert not Intent.objects.filter(operation=operation).exists()
    assert mine(desk, cloud) == before


def test_a_foreign_role_of_our_name_is_left_alone_and_named(desk: Desk) -> None:
    cloud = desk.connected()
    name = desk.spec(cloud).cluster_role_name
    desk.place(cloud).admin("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(cluster_trust_policy())
    )
    operation = desk.do(cloud, Kind.SETUP)
    assert operation.state == "failed"
    assert name in operation.message + operation.fix
    assert mine(desk, cloud) == {}


def test_a_permission_that_the_role_lacks_is_named_before_anything_is_made(desk: Desk) -> None:
    cloud = desk.reserved(zones=2)
    arn = desk.role_for(cloud)
    allowed = {
        "Effect": "Allow",
        "Action": ["ec2:Describe*", "iam:Get*", "iam:List*", "s3:*"],
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    desk.do(cloud, Kind.CONNECT, role_arn=arn)
    desk.role_for(cloud, policies={"raydock": policy})
    operation = desk.do(desk.fresh(cloud), Kind.SETUP)
    assert states(cloud, operation) == ("failed", "preflight_failed", "setup_failed")
    assert "ec2:CreateVpc" in operation.message + operation.fix
    assert mine(desk, cloud) == {}


def test_what_an_organization_forbids_is_told_before_anything_is_made(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.connected()
    desk.clock.jump(desk.clock.now() + 2 * PROPAGATION)
    forbidden = (
        "You are not authorized to perform this operation. User: raydock is not authorized to perform: "
        "ec2:CreateVpc with an explicit deny in a service control policy"
    )
    aws_sandbox.fault("ec2:CreateVpc", "deny", times=None, message=forbidden)
    operation = desk.do(cloud, Kind.SETUP)
    assert states(cloud, operation) == ("failed", "permission_missing", "setup_failed")
    assert operation.message.startswith("Nothing was created.")
    assert "service control policy of your AWS organization denies ec2:CreateVpc" in operation.fix
    assert not Intent.objects.filter(operation=operation).exists()
    assert mine(desk, cloud) == {}


def test_a_rehearsal_is_tried_once_and_makes_nothing(desk: Desk) -> None:
    cloud = desk.connected()
    operation = desk.do(cloud, Kind.SETUP)
    rows = AwsCall.objects.filter(operation=operation, error_code=ALLOWED).values_list("action", flat=True)
    assert sorted(rows) == ["CreateInternetGateway", "CreateVpc"]


def test_a_denial_in_the_middle_keeps_what_is_there_and_names_the_permission(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateSubnet", "deny", times=None)
    operation = desk.do(cloud, Kind.SETUP)
    assert states(cloud, operation) == ("failed", "permission_missing", "setup_failed")
    assert "ec2:CreateSubnet" in operation.fix
    assert mine(desk, cloud)["vpc"] == 1
    aws_sandbox.clear_faults()
    rows = CloudResource.objects.filter(cloud=cloud).values_list("logical_name", "state")
    shown: dict[str, str] = dict(rows)
    assert shown["vpc"] == "present", "what is left behind is there to see"
    assert {state for name, state in shown.items() if name.startswith("subnet-")} == {"missing"}
    again = operations.retry(actor=desk.actor, operation=operation, now=desk.clock.now())
    assert desk.finish(again).state == "succeeded"
    assert mine(desk, cloud)["vpc"] == 1


def test_a_refusal_to_a_new_role_may_pass_and_is_waited_for(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateSubnet", "deny", times=3)
    operation = desk.ask(cloud, Kind.SETUP)
    waiting = desk.turn(operation)
    assert (waiting.state, "ec2:CreateSubnet" in waiting.message) == ("waiting", True)
    assert desk.finish(operation).state == "succeeded"


def test_a_refusal_to_a_role_that_is_long_there_is_final(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.connected()
    desk.clock.jump(desk.clock.now() + 2 * PROPAGATION)
    aws_sandbox.fault("ec2:CreateSubnet", "deny")
    operation = desk.turn(desk.ask(cloud, Kind.SETUP))
    assert (operation.state, operation.code) == ("failed", "permission_missing")


def test_a_used_up_quota_is_told_before_anything_is_made(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.connected()
    aws_sandbox.switch(vpcs_per_region=1)
    operation = desk.do(cloud, Kind.SETUP)
    aws_sandbox.switch(vpcs_per_region=10_000)
    assert states(cloud, operation) == ("failed", "preflight_failed", "setup_failed")
    assert "VPC" in operation.message
    assert mine(desk, cloud) == {}


def test_a_lost_reply_is_looked_up_and_not_repeated(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateVpc", "lost_reply", first=2)  # the dry run is the first
    operation = desk.ask(cloud, Kind.SETUP)
    waiting = desk.turn(operation)
    assert (waiting.state, mine(desk, cloud)["vpc"]) == ("waiting", 1)
    assert Intent.objects.get(operation=operation, step="vpc").outcome == "unknown"
    assert desk.finish(operation).state == "succeeded"
    assert mine(desk, cloud)["vpc"] == 1
    assert Intent.objects.get(operation=operation, step="vpc").outcome == "resolved"


def test_a_call_of_unknown_end_is_not_repeated_before_aws_had_time_to_show_it(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateVpc", "timeout", first=2)
    operation = desk.ask(cloud, Kind.SETUP)
    desk.turn(operation)
    began = Intent.objects.get(operation=operation, step="vpc").started_at
    assert desk.finish(operation).state == "succeeded"
    vpc = Intent.objects.get(operation=operation, step="vpc")
    assert vpc.outcome == "done"
    made = AwsCall.objects.filter(operation=operation, action="CreateVpc").exclude(error_code=ALLOWED)
    assert made.count() == 2
    assert (vpc.started_at - began).total_seconds() >= desk.patience.grace


def test_stopping_between_steps_leaves_what_a_take_down_finds(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateSubnet", "throttle", times=None)
    operation = desk.ask(cloud, Kind.SETUP)
    desk.turn(operation)
    operations.cancel(actor=desk.actor, operation=desk.again(operation), now=desk.clock.now())
    assert states(cloud, desk.finish(operation)) == ("cancelled", "cancelled", "setup_failed")
    assert mine(desk, cloud)
    aws_sandbox.clear_faults()
    assert desk.do(desk.fresh(cloud), Kind.TAKEDOWN).state == "succeeded"
    assert mine(desk, cloud) == {}


def test_the_plan_that_is_shown_is_the_plan_that_is_carried_out(desk: Desk) -> None:
    cloud = desk.connected()
    shown = plan_setup(desk.spec(cloud), desk.facts(cloud)).steps
    operation = desk.do(cloud, Kind.SETUP)
    done = Intent.objects.filter(operation=operation).values_list("step", flat=True)
    assert sorted(one.name for one in shown) == sorted(done)
