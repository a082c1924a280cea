"""EC2 as AWS has it: dry runs, client tokens, quotas, dependencies; a network made and taken away whole."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox import CUSTOMER, REGION, SandboxProcess
from tests.workers.sandbox.policies import TAG, allow, policy, tags, trust

Refused = Callable[..., tuple[str, int, str]]


class Network:
    """A VPC with what a cloud needs in it, as its own ids."""

    def __init__(self, ec2: Any, name: str) -> None:
        self.ec2, self.name = ec2, name
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", name))["Vpc"][
            "VpcId"
        ]
        self.subnet = ec2.create_subnet(
            VpcId=self.vpc, CidrBlock="10.0.0.0/20", TagSpecifications=tags("subnet", name)
        )["Subnet"]["SubnetId"]
        gateway = ec2.create_internet_gateway(TagSpecifications=tags("internet-gateway", name))
        self.gateway = gateway["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        table = ec2.create_route_table(VpcId=self.vpc, TagSpecifications=tags("route-table", name))
        self.table = table["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=self.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        tied = ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.subnet)
        self.association = tied["AssociationId"]
        self.endpoint = ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.s3",
            RouteTableIds=[self.table],
            TagSpecifications=tags("vpc-endpoint", name),
        )["VpcEndpoint"]["VpcEndpointId"]
        self.group = ec2.create_security_group(
            GroupName=name, Description="test", VpcId=self.vpc, TagSpecifications=tags("security-group", name)
        )["GroupId"]

    def take_away(self) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.endpoint])
        self.ec2.disassociate_route_table(AssociationId=self.association)
        self.ec2.delete_route_table(RouteTableId=self.table)
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.ec2.delete_internet_gateway(InternetGatewayId=self.gateway)
        self.ec2.delete_subnet(SubnetId=self.subnet)
        self.ec2.delete_security_group(GroupId=self.group)
        self.ec2.delete_vpc(VpcId=self.vpc)


@pytest.fixture
def network(sandbox: SandboxProcess, name: str) -> Network:
    return Network(sandbox.admin("ec2"), name)


def kinds(sandbox: SandboxProcess, network: Network) -> list[str]:
    items = [*sandbox.inventory()]
    return sorted(item["kind"].rpartition(":")[2] for item in items if item["tags"].get(TAG) == network.name)


def test_made_and_taken_away_whole(sandbox: SandboxProcess, name: str) -> None:
    sandbox.admin("ec2").describe_vpcs()
    before = {item["id"] for item in sandbox.inventory(everything=True)}
    network = Network(sandbox.admin("ec2"), name)
    assert kinds(sandbox, network) == [
        "InternetGateway", "RouteTable", "SecurityGroup", "Subnet", "VPC", "VPCEndpoint",
    ]  # fmt: skip
    network.take_away()
    assert {item["id"] for item in sandbox.inventory(everything=True)} == before


def test_nothing_is_deleted_that_is_still_needed(network: Network, refused: Refused) -> None:
    ec2 = network.ec2
    code = "DependencyViolation"
    assert refused(ec2.delete_vpc, VpcId=network.vpc)[0] == code
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=network.gateway)[0] == code
    assert refused(ec2.delete_route_table, RouteTableId=network.table)[0] == code
    eni = ec2.create_network_interface(SubnetId=network.subnet, Groups=[network.group])["NetworkInterface"]
    assert refused(ec2.delete_subnet, SubnetId=network.subnet)[0] == code
    assert refused(ec2.delete_security_group, GroupId=network.group)[0] == code
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    network.take_away()


@pytest.mark.parametrize("left", ["gateway", "group", "endpoint"])
def test_a_vpc_goes_last(network: Network, refused: Refused, left: str) -> None:
    ec2, vpc = network.ec2, network.vpc
    ec2.disassociate_route_table(AssociationId=network.association)
    ec2.delete_subnet(SubnetId=network.subnet)
    others: dict[str, Callable[[], Any]] = {
        "gateway": lambda: ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=vpc),
        "group": lambda: ec2.delete_security_group(GroupId=network.group),
        "endpoint": lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[network.endpoint]),
    }
    last = others.pop(left)
    for away in others.values():
        away()
    ec2.delete_route_table(RouteTableId=network.table)
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    last()
    ec2.delete_vpc(VpcId=vpc)


def test_a_group_that_another_group_names(network: Network, refused: Refused) -> None:
    ec2 = network.ec2
    other = ec2.create_security_group(GroupName="other", Description="test", VpcId=network.vpc)["GroupId"]
    rule = [
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": network.group}]}
    ]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
    assert refused(ec2.delete_security_group, GroupId=network.group)[0] == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=rule)
    ec2.delete_security_group(GroupId=network.group)


def test_the_default_group_stays(network: Network, refused: Refused) -> None:
    filters = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    [group] = network.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    assert refused(network.ec2.delete_security_group, GroupId=group["GroupId"])[0] == "CannotDelete"


def test_a_running_instance_holds_its_network(network: Network, refused: Refused) -> None:
    ec2 = network.ec2
    ec2.modify_subnet_attribute(SubnetId=network.subnet, MapPublicIpOnLaunch={"Value": True})
    wanted = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1, "SubnetId": network.subnet}
    instance = ec2.run_instances(**wanted, SecurityGroupIds=[network.group])["Instances"][0]["InstanceId"]
    both = {"InternetGatewayId": network.gateway, "VpcId": network.vpc}
    assert refused(ec2.detach_internet_gateway, **both)[0] == "DependencyViolation"
    assert refused(ec2.delete_subnet, SubnetId=network.subnet)[0] == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[instance])
    mine = [{"Name": "vpc-id", "Values": [network.vpc]}]
    assert ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"] == []
    network.take_away()


def test_a_subnet_has_one_route_table(network: Network, refused: Refused) -> None:
    other = network.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    tie = network.ec2.associate_route_table
    assert refused(tie, RouteTableId=other, SubnetId=network.subnet)[0] == "Resource.AlreadyAssociated"
    again = tie(RouteTableId=network.table, SubnetId=network.subnet)
    assert again["AssociationId"] == network.association


def test_a_missing_instance_profile(sandbox: SandboxProcess, refused: Refused) -> None:
    wanted = {
        "ImageId": "ami-12345678",
        "MinCount": 1,
        "MaxCount": 1,
        "IamInstanceProfile": {"Name": "nobody"},
    }
    assert refused(sandbox.admin("ec2").run_instances, **wanted)[:2] == ("InvalidParameterValue", 400)


def dry_runs(network: Network) -> dict[str, dict[str, Any]]:
    return {
        "create_vpc": {"CidrBlock": "10.1.0.0/16"},
        "create_subnet": {"VpcId": network.vpc, "CidrBlock": "10.0.16.0/20"},
        "create_internet_gateway": {},
        "create_route_table": {"VpcId": network.vpc},
        "create_route": {
            "RouteTableId": network.table,
            "DestinationCidrBlock": "1.0.0.0/8",
            "GatewayId": network.gateway,
        },
        "associate_route_table": {"RouteTableId": network.table, "SubnetId": network.subnet},
        "create_vpc_endpoint": {"VpcId": network.vpc, "ServiceName": f"com.amazonaws.{REGION}.s3"},
        "create_security_group": {"GroupName": "dry", "Description": "dry", "VpcId": network.vpc},
        "describe_security_groups": {},
        "delete_security_group": {"GroupId": network.group},
        "delete_vpc_endpoints": {"VpcEndpointIds": [network.endpoint]},
        "delete_vpc": {"VpcId": network.vpc},
    }


def test_a_dry_run_changes_nothing(
    sandbox: SandboxProcess, network: Network, refused: Refused, name: str
) -> None:
    before = sandbox.inventory()
    for call, params in dry_runs(network).items():
        answer = refused(getattr(network.ec2, call), DryRun=True, **params)
        assert answer[:2] == ("DryRunOperation", 412), call
    role = sandbox.customer_role(name, trust(), {"own": policy(allow("ec2:DescribeVpcs"))})
    client = sandbox.client("ec2", sandbox.assume(role))
    for call, params in dry_runs(network).items():
        assert refused(getattr(client, call), DryRun=True, **params)[0] == "UnauthorizedOperation", call
    after = [item for item in sandbox.inventory() if item["name"] != name or item["service"] != "iam"]
    assert after == before


def token_calls(network: Network) -> dict[str, tuple[dict[str, Any], dict[str, Any], Callable[[Any], str]]]:
    instance = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1, "SubnetId": network.subnet}
    endpoint = {"VpcId": network.vpc, "ServiceName": f"com.amazonaws.{REGION}.s3"}
    return {
        "run_instances": (instance, {"MaxCount": 2}, lambda got: got["Instances"][0]["InstanceId"]),
        "create_route_table": (
            {"VpcId": network.vpc},
            {"VpcId": "vpc-other"},
            lambda got: got["RouteTable"]["RouteTableId"],
        ),
        "create_vpc_endpoint": (
            endpoint, {"VpcEndpointType": "Gateway"}, lambda got: got["VpcEndpoint"]["VpcEndpointId"],
        ),
        "create_nat_gateway": (
            {"SubnetId": network.subnet, "ConnectivityType": "private"},
            {"SubnetId": "subnet-other"},
            lambda got: got["NatGateway"]["NatGatewayId"],
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    "call", ["run_instances", "create_route_table", "create_vpc_endpoint", "create_nat_gateway"]
)
def test_a_client_token_asks_once(
    sandbox: SandboxProcess, network: Network, refused: Refused, call: str
) -> None:
    params, other, identity = token_calls(network)[call]
    function = getattr(network.ec2, call)
    first, again = (identity(function(**params, ClientToken=f"{network.name}-1")) for _ in range(2))
    assert first == again
    count = sum(item["id"] == first for item in sandbox.inventory())
    assert count == 1
    assert refused(function, **(params | other), ClientToken=f"{network.name}-1")[:2] == (
        "IdempotentParameterMismatch", 400,
    )  # fmt: skip
    assert identity(function(**params, ClientToken=f"{network.name}-2")) != first


def test_a_token_survives_a_lost_reply(sandbox: SandboxProcess, network: Network, refused: Refused) -> None:
    asked = {
        "VpcId": network.vpc,
        "ClientToken": network.name,
        "TagSpecifications": tags("route-table", network.name),
    }
    sandbox.fault("ec2:CreateRouteTable", "lost_error")
    refused(network.ec2.create_route_table, **asked)
    network.ec2.create_route_table(**asked)
    assert kinds(sandbox, network).count("RouteTable") == 2


def test_quotas_are_answered_and_enforced(sandbox: SandboxProcess, refused: Refused) -> None:
    region = "ap-south-1"
    sandbox.switch(vpcs_per_region=2, internet_gateways_per_region=3)
    quotas, ec2 = sandbox.admin("service-quotas", region=region), sandbox.admin("ec2", region=region)

    def value(code: str) -> float:
        found = quotas.get_service_quota(ServiceCode="vpc", QuotaCode=code)["Quota"]
        assert found["QuotaArn"] == f"arn:aws:servicequotas:{region}:{CUSTOMER}:vpc/{code}"
        return float(found["Value"])

    assert (value("L-F678F1CE"), value("L-A4707A72")) == (2.0, 3.0)
    assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/16")[:2] == ("VpcLimitExceeded", 400)
    for _ in range(2):
        ec2.create_internet_gateway()
    assert refused(ec2.create_internet_gateway)[:2] == ("InternetGatewayLimitExceeded", 400)
    assert (
        refused(quotas.get_service_quota, ServiceCode="vpc", QuotaCode="L-NONE")[0]
        == "NoSuchResourceException"
    )


def test_a_region_begins_with_its_default_vpc(sandbox: SandboxProcess) -> None:
    region = "ap-northeast-2"
    ec2 = sandbox.admin("ec2", region=region)
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    gateways = ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
    )
    assert vpc["IsDefault"]
    assert len(gateways["InternetGateways"]) == 1
    items = [item for item in sandbox.inventory(everything=True) if item["region"] == region]
    assert {item["kind"] for item in items} >= {
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::InternetGateway",
    }
    assert all(item["default"] for item in items)


def test_what_is_not_emulated_says_so(sandbox: SandboxProcess, refused: Refused) -> None:
    role = "arn:aws:iam::222222222222:role/any"
    for call, params in (
        (sandbox.admin("ec2").describe_instance_topology, {}),
        (
            sandbox.admin("iam").simulate_principal_policy,
            {"PolicySourceArn": role, "ActionNames": ["s3:GetObject"]},
        ),
        (sandbox.admin("sts").get_session_token, {}),
        (sandbox.admin("lambda").list_functions, {}),
        (sandbox.admin("efs").update_file_system, {"FileSystemId": "fs-12345678"}),
    ):
        code, status, message = refused(call, **params)
        assert (code, status, "does not emulate" in message) == ("NotImplemented", 501, True)
