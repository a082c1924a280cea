"""Clouds that a customer made and broke: exactly what is broken is named, and nothing of a healthy one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from clouds.models import Cloud, VerificationFinding
from clouds.queries import spec_of
from clouds.registration import read_registration
from clouds.states import CloudState, Kind
from iam.policy.grants import control_plane_policy
from iam.policy.trust import trust_policy
from tests import factories
from tests.sandbox import CUSTOMER, PORTAL_ROLE, SandboxProcess
from tests.workers.desk import Desk
from tests.workers.given import ANYWHERE, EC2_TRUST, EVERYTHING, REGION, Given, bucket_use, tls_only
from tests.workers.places import sessions
from workers.aws.session import Sessions
from workers.operations.entry import names_of

Break = Callable[[Given], Mapping[str, Any] | None]
ENDS = {"deny": {"verified"}, "error": {"verified", "aws_unavailable"}}
UNKNOWN_ID = "0123456789abcdef0"
ROOT = PORTAL_ROLE.rpartition(":role/")[0] + ":root"


@dataclass(frozen=True)
class Role:
    """How the customer makes the cross-account role; each changes what Raydock asks for."""

    trust: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
    policy: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document


@dataclass(frozen=True)
class Case:
    """A cloud of a customer: how it is made and broken, and which checks do not pass (FAIL unless said)."""

    name: str
    expected: Mapping[str, str]
    damage: Break = lambda given: None
    role: Role = field(default_factory=Role)
    made: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def fails(*checks: str) -> dict[str, str]:
    return dict.fromkeys(checks, "FAIL")


def warns(*checks: str) -> dict[str, str]:
    return dict.fromkeys(checks, "WARN")


# How things are broken ----------------------------------------------------------------------------------


def dns(flag: str) -> Break:
    return lambda given: given.ec2.modify_vpc_attribute(VpcId=given.vpc, **{flag: {"Value": False}}) and None


def second_vpc(given: Given) -> dict[str, Any]:
    given.make_vpc("10.9.0.0/16", given.name)
    return {"vpc": given.name}


def endpoint_elsewhere(given: Given) -> None:
    other = given.ec2.create_route_table(VpcId=given.vpc)["RouteTable"]["RouteTableId"]
    given.ec2.delete_vpc_endpoints(VpcEndpointIds=[given.endpoint])
    given.s3_endpoint(other)


def no_endpoint(given: Given) -> None:
    given.ec2.delete_vpc_endpoints(VpcEndpointIds=[given.endpoint])


def subnet_elsewhere(given: Given) -> dict[str, Any]:
    other = given.make_vpc("10.9.0.0/16", "other")
    return {"subnets": [given.subnets[0], given.subnet(other, "10.9.0.0/20", f"{REGION}b", "x")]}


def group_elsewhere(given: Given) -> dict[str, Any]:
    return {"security_groups": [given.security_group(given.make_vpc("10.9.0.0/16", "other"), "elsewhere")]}


def no_route(given: Given) -> None:
    given.ec2.delete_route(RouteTableId=given.table, DestinationCidrBlock=ANYWHERE)


def route_to(given: Given, **target: str) -> None:
    given.ec2.replace_route(RouteTableId=given.table, DestinationCidrBlock=ANYWHERE, **target)


def stray_gateway(given: Given) -> None:
    stray = given.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    route_to(given, GatewayId=stray)


def through_nat(given: Given) -> None:
    no_route(given)
    given.nat_gateway()


def no_public_ips(given: Given) -> None:
    given.ec2.modify_subnet_attribute(SubnetId=given.subnets[1], MapPublicIpOnLaunch={"Value": False})


def on_main_table(given: Given) -> str:
    """Take the second subnet off its table; the main table, which has the endpoint, counts then."""
    tables = given.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [given.vpc]}])
    ties = {tie.get("SubnetId"): tie for one in tables["RouteTables"] for tie in one["Associations"]}
    main = next(tie["RouteTableId"] for tie in ties.values() if tie["Main"])
    tie = ties[given.subnets[1]]["RouteTableAssociationId"]
    given.ec2.disassociate_route_table(AssociationId=tie)
    given.ec2.modify_vpc_endpoint(VpcEndpointId=given.endpoint, AddRouteTableIds=[main])
    return str(main)


def routed_main_table(given: Given) -> None:
    given.route(on_main_table(given), GatewayId=given.gateway)


def main_table(given: Given) -> None:
    on_main_table(given)


def internet_gateway_in_private(given: Given) -> None:
    route_to(given, GatewayId=given.gateway)


def nat_gone(given: Given) -> None:
    given.ec2.delete_nat_gateway(NatGatewayId=given.nat)


def transit(given: Given) -> None:
    gateway = given.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    no_route(given)
    given.route(given.table, TransitGatewayId=gateway)


def ingress(given: Given, protocol: str) -> None:
    rules = given.ec2.describe_security_groups(GroupIds=[given.group])["SecurityGroups"][0]["IpPermissions"]
    (one,) = [rule for rule in rules if rule["IpProtocol"] == protocol]
    given.ec2.revoke_security_group_ingress(GroupId=given.group, IpPermissions=[one])


def egress(*allowed: str) -> Break:
    def limit(given: Given) -> None:
        rules = {
            "itself": {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": given.group}]},
            "https": {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": ANYWHERE}],
            },
        }
        given.ec2.revoke_security_group_egress(GroupId=given.group, IpPermissions=EVERYTHING)
        given.ec2.authorize_security_group_egress(
            GroupId=given.group, IpPermissions=[rules[name] for name in allowed]
        )

    return limit


def two_groups(given: Given) -> dict[str, Any]:
    """Users come in by one group, nodes reach each other by another."""
    made = given.ec2.create_security_group(GroupName="web", Description="web", VpcId=given.vpc)
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    given.ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=[https])
    ingress(given, "tcp")
    return {"security_groups": [given.group, made["GroupId"]]}


def trusted_by(service: str) -> Break:
    document = str(EC2_TRUST).replace("ec2.amazonaws.com", service).replace("'", '"')
    return lambda given: (
        given.iam.update_assume_role_policy(RoleName=given.name, PolicyDocument=document) and None
    )


def emptied(given: Given) -> None:
    given.iam.remove_role_from_instance_profile(InstanceProfileName=given.name, RoleName=given.name)


def no_profile(given: Given) -> None:
    emptied(given)
    given.iam.delete_instance_profile(InstanceProfileName=given.name)


def other_profile(given: Given) -> None:
    no_profile(given)
    given.iam.create_instance_profile(InstanceProfileName=f"{given.name}-hosts")
    given.iam.add_role_to_instance_profile(InstanceProfileName=f"{given.name}-hosts", RoleName=given.name)


def empty_profile(given: Given) -> dict[str, Any]:
    emptied(given)
    return {"cluster_role": None, "instance_profile": given.name}


def no_bucket_use(given: Given) -> None:
    given.iam.delete_role_policy(RoleName=given.name, PolicyName="bucket")


def cannot_delete(given: Given) -> None:
    document = bucket_use(given.bucket)
    document["Statement"][1]["Action"].remove("s3:DeleteObject")
    given.allow(document)


def by_bucket_policy(given: Given) -> None:
    no_bucket_use(given)
    document = tls_only(given.bucket)
    allowed = bucket_use(given.bucket)["Statement"]
    document["Statement"] += [{**one, "Principal": {"AWS": given.role_arn}} for one in allowed]
    given.bucket_policy(document)


def by_managed_policy(given: Given) -> None:
    no_bucket_use(given)
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    made = given.iam.create_policy(PolicyName=given.name, PolicyDocument=document)["Policy"]["Arn"]
    given.iam.attach_role_policy(RoleName=given.name, PolicyArn=made)


def denied(principal: Callable[[Given], dict[str, Any]], action: str) -> Break:
    def deny(given: Given) -> None:
        document = tls_only(given.bucket)
        arn = f"arn:aws:s3:::{given.bucket}/*"
        one = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": arn, **principal(given)}
        document["Statement"].append(one)
        given.bucket_policy(document)

    return deny


def to_nodes(given: Given) -> dict[str, Any]:
    return {"Condition": {"ArnEquals": {"aws:PrincipalArn": given.role_arn}}}


def to_others(given: Given) -> dict[str, Any]:
    return {"Condition": {"ArnNotEquals": {"aws:PrincipalArn": given.role_arn}}}


def settings(call: str, **more: Any) -> Break:
    return lambda given: getattr(given.s3, call)(Bucket=given.bucket, **more) and None


def open_blocks(given: Given) -> None:
    half = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
    given.s3.put_public_access_block(Bucket=given.bucket, PublicAccessBlockConfiguration=half)


def without(action: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The policy without one action."""

    def lacking(document: dict[str, Any]) -> dict[str, Any]:
        kept = []
        for one in document["Statement"]:
            actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
            left = [name for name in actions if name != action]
            kept += [{**one, "Action": left}] if left else []
        return {**document, "Statement": kept}

    return lacking


def beside(document: dict[str, Any]) -> dict[str, Any]:
    more = {"Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*"}
    return {**document, "Statement": [*document["Statement"], more]}


def anybody_of_the_portal(document: dict[str, Any]) -> dict[str, Any]:
    statements = [{**one, "Principal": {"AWS": ROOT}} for one in document["Statement"]]
    return {**document, "Statement": statements}


def without_condition(document: dict[str, Any]) -> dict[str, Any]:
    kept = [
        {name: value for name, value in one.items() if name != "Condition"} for one in document["Statement"]
    ]
    return {**document, "Statement": kept}


PRIVATE = {"private": True}
SMALL = {"cidr": "10.0.0.0/20", "ranges": ("10.0.0.0/22", "10.0.4.0/22")}
HEALTHY = (
    Case("by ids", {}),
    Case("by names", {}, lambda given: given.by_names()),
    Case("private", {}, made=PRIVATE),
    Case("private through a transit gateway", {}, transit, made=PRIVATE),
    Case("roles with a path", {}, made={"path": "/ray/"}),
    Case("two groups", {}, two_groups),
    Case("by the main table", {}, routed_main_table),
    Case("bucket by its policy", {}, by_bucket_policy),
    Case("bucket by a managed policy", {}, by_managed_policy),
    Case("every origin", {}, lambda given: given.cors("*", methods=("GET", "PUT", "HEAD", "POST"))),
    Case("private in one zone twice and another", {}, made={**PRIVATE, "zones": "ab"}),
)
BROKEN = (
    Case("no such VPC", fails("vpc.exists"), lambda _: {"vpc": f"vpc-{UNKNOWN_ID}"}),
    Case("no VPC of this name", fails("vpc.exists"), lambda _: {"vpc": "nowhere"}),
    Case("two VPCs of this name", fails("vpc.exists"), second_vpc),
    Case("a small VPC", warns("vpc.cidr"), made=SMALL),
    Case("no host names", fails("vpc.dns"), dns("EnableDnsHostnames")),
    Case("no DNS", fails("vpc.dns"), dns("EnableDnsSupport")),
    Case("no S3 endpoint", warns("vpc.s3_endpoint"), no_endpoint),
    Case("S3 endpoint on another table", warns("vpc.s3_endpoint"), endpoint_elsewhere),
    Case(
        "no such subnet",
        fails("subnets.exist"),
        lambda given: {"subnets": [given.subnets[0], f"subnet-{UNKNOWN_ID}"]},
    ),
    Case("a subnet of another VPC", fails("subnets.in_vpc"), subnet_elsewhere),
    Case("one subnet", fails("subnets.count"), lambda given: {"subnets": given.subnets[:1]}),
    Case("two subnets in one zone", fails("subnets.zones"), made={"zones": "aa"}),
    Case("private, and one zone", warns("subnets.zones"), made={**PRIVATE, "zones": "aa"}),
    Case("small subnets", warns("subnets.cidr"), made={"ranges": ("10.0.0.0/24", "10.0.1.0/24")}),
    Case(
        "tiny subnets",
        warns("subnets.cidr", "subnets.free_addresses"),
        made={"ranges": ("10.0.0.0/27", "10.0.1.0/27")},
    ),
    Case("no route out", fails("subnets.routes"), no_route),
    Case("a gateway of nobody", fails("subnets.routes"), stray_gateway),
    Case("public through NAT", fails("subnets.routes"), through_nat),
    Case("no public addresses", fails("subnets.routes"), no_public_ips),
    Case("the main table leads nowhere", fails("subnets.routes"), main_table),
    Case("public called private", fails("subnets.routes"), lambda _: {"private_network": True}),
    Case("private to the internet", fails("subnets.routes"), internet_gateway_in_private, made=PRIVATE),
    Case("the NAT gateway is gone", fails("subnets.routes"), nat_gone, made=PRIVATE),
    Case("private without a route", fails("subnets.routes"), no_route, made=PRIVATE),
    Case("no such group", fails("sg.exists"), lambda _: {"security_groups": [f"sg-{UNKNOWN_ID}"]}),
    Case("a group of another VPC", fails("sg.in_vpc"), group_elsewhere),
    Case("nobody on 443", fails("sg.https_in"), lambda given: ingress(given, "tcp")),
    Case("nodes shut out", fails("sg.self_in"), lambda given: ingress(given, "-1")),
    Case("limited out", warns("sg.all_out"), egress("itself", "https")),
    Case("nothing out", fails("sg.all_out"), egress("itself")),
    Case("nothing out to itself", fails("sg.all_out", "sg.self_out"), egress("https")),
    Case("no such role", fails("cluster_role.exists"), lambda _: {"cluster_role": "nobody"}),
    Case("a role for functions", fails("cluster_role.trusts_ec2"), trusted_by("lambda.amazonaws.com")),
    Case("no profile", fails("cluster_role.instance_profile"), no_profile),
    Case("an empty profile", fails("cluster_role.instance_profile"), emptied),
    Case("an empty profile given", fails("cluster_role.instance_profile"), empty_profile),
    Case(
        "no such profile",
        fails("cluster_role.instance_profile"),
        lambda _: {"instance_profile": "nowhere"},
    ),
    Case("a profile of another name", warns("cluster_role.instance_profile"), other_profile),
    Case("no bucket for nodes", fails("cluster_role.bucket"), no_bucket_use),
    Case("nodes cannot delete", fails("cluster_role.bucket"), cannot_delete),
    Case("the bucket denies nodes", fails("cluster_role.bucket"), denied(to_nodes, "s3:PutObject")),
    Case("no such bucket", fails("bucket.exists"), lambda given: {"bucket": f"{given.name}-none"}),
    Case("a bucket far away", warns("bucket.region"), made={"region_of_bucket": "eu-central-1"}),
    Case("the bucket denies Raydock", fails("bucket.control_plane"), denied(to_others, "s3:PutObject")),
    Case("public access", warns("bucket.public_access"), settings("delete_public_access_block")),
    Case("half of public access", warns("bucket.public_access"), open_blocks),
    Case("no TLS", warns("bucket.tls_only"), settings("delete_bucket_policy")),
    Case("no CORS", warns("bucket.cors"), settings("delete_bucket_cors")),
    Case("CORS of others", warns("bucket.cors"), lambda given: given.cors("https://other.example.com")),
    Case("CORS to read", warns("bucket.cors"), lambda given: given.cors("*", methods=("GET", "HEAD"))),
    Case("all of the portal", warns("trust.names_portal"), role=Role(trust=anybody_of_the_portal)),
    Case(
        "no external ID",
        fails("trust.requires_external_id") | warns("trust.names_portal"),
        role=Role(trust=without_condition),
    ),
    Case("cannot pass", fails("role.pass_role"), role=Role(policy=without("iam:PassRole"))),
    Case(
        "cannot see NAT",
        fails("role.permissions") | warns("role.policy_version"),
        role=Role(policy=without("ec2:DescribeNatGateways")),
    ),
    Case("more than needed", warns("role.policy_version"), role=Role(policy=beside)),
)


@pytest.fixture(scope="module")
def kept(aws_process: SandboxProcess) -> Sessions:
    """One worker for all cases: to read service models for each would be most of their time."""
    return sessions(aws_process)


def given_role(desk: Desk, made: Given, given: Mapping[str, Any], role: Role) -> Cloud:
    """A connected cloud whose role has the policy for what is to be given."""
    cloud = factories.cloud(
        desk.organization, CloudState.CONNECTED, kind="registered", region=REGION, account_id=CUSTOMER
    )
    spec = spec_of(cloud)
    wanted = replace(spec, registration=read_registration(given, account_id=CUSTOMER, region=REGION))
    arn = f"arn:aws:iam::{CUSTOMER}:role/raydock-{spec.cloud_id[-10:]}"
    policy = control_plane_policy(names_of(replace(wanted, cross_account_role_arn=arn)))
    trust = trust_policy(spec.portal_role_arn, spec.external_id or "")
    made.cross_account_role(arn, role.trust(trust), role.policy(policy))
    Cloud.objects.filter(pk=cloud.pk).update(role_arn=arn)
    return desk.fresh(cloud)


def found(desk: Desk, case: Case) -> dict[str, str]:
    """Check id -> the worst answer but PASS, after one registration."""
    made = Given(desk.sandbox, **case.made)
    given = made.by_ids(**(case.damage(made) or {}))
    cloud = given_role(desk, made, given, case.role)
    operation = desk.do(cloud, Kind.REGISTER, **given)
    assert operation.state == "succeeded", (operation.code, operation.message)
    rows = VerificationFinding.objects.filter(verification__operation=operation).exclude(status="PASS")
    return {one.check_id: one.status for one in rows}


@pytest.mark.parametrize("case", HEALTHY, ids=str)
def test_a_healthy_cloud_has_nothing_to_say(worker: Desk, case: Case) -> None:
    assert found(worker, case) == {}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_exactly_what_is_broken_is_named(worker: Desk, case: Case) -> None:
    assert found(worker, case) == case.expected


@pytest.mark.parametrize("kind", ["deny", "error"])
def test_whatever_call_fails_the_registration_ends_and_says_so(worker: Desk, kind: str) -> None:
    """Each call refused for good, or answered with an error; no probe is left in the bucket."""
    made = Given(worker.sandbox)
    given = made.by_ids(instance_profile=made.name)
    cloud = given_role(worker, made, given, Role())
    first = worker.do(cloud, Kind.REGISTER, **given)
    calls = {row["action"] for row in worker.sandbox.calls() if row["session_name"] == first.id}
    assert len(calls) > 20
    for action in sorted(calls):
        worker.clock.jump(worker.clock.now() + timedelta(minutes=1))
        worker.sandbox.fault(action, kind, times=None)
        operation = worker.do(cloud, Kind.REGISTER, **given)
        worker.sandbox.clear_faults()
        assert operation.code in ENDS[kind], (action, operation.code, operation.message)
        left = made.s3.list_objects_v2(Bucket=made.bucket).get("Contents", [])
        assert not left or action == "s3:DeleteObject"
        for one in left:
            made.s3.delete_object(Bucket=made.bucket, Key=one["Key"])
    worker.clock.jump(worker.clock.now() + timedelta(minutes=1))
    assert worker.do(cloud, Kind.REGISTER, **given).code == "verified"
    assert worker.fresh(cloud).state == "active"
