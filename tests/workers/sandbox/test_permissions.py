"""Every call is allowed or refused by the policies that bear on it, on each resource that it touches."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox import CUSTOMER, REGION, SandboxProcess
from tests.workers.sandbox.policies import EC2_TRUST, EVERYTHING, TAG, allow, deny, policy, tags, trust

Refused = Callable[..., tuple[str, int, str]]
Acting = Callable[..., Any]
VPC = f"arn:aws:ec2:{REGION}:{CUSTOMER}:vpc"
DENIED = "UnauthorizedOperation"


@pytest.fixture
def acting(sandbox: SandboxProcess, name: str) -> Acting:
    """A client whose role has these statements; `session` narrows it further."""

    def client(service: str, *statements: dict[str, Any], session: Any = None, role: str = name) -> Any:
        arn = sandbox.customer_role(role, trust(), {"own": policy(*statements)} if statements else {})
        narrowed = {"Policy": json.dumps(session)} if session is not None else {}
        return sandbox.client(service, sandbox.assume(arn, **narrowed))

    return client


def new_vpc(client: Any, cloud: str) -> str:
    return str(
        client.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", cloud))["Vpc"]["VpcId"]
    )


def test_what_is_not_allowed_is_refused_and_says_what_is_missing(
    acting: Acting, refused: Refused, name: str
) -> None:
    client = acting("ec2", allow("ec2:Describe*"))
    assert client.describe_vpcs()["Vpcs"]
    code, status, message = refused(client.create_vpc, CidrBlock="10.0.0.0/16")
    assert (code, status) == (DENIED, 403)
    assert message == (
        "You are not authorized to perform this operation. "
        f"User: arn:aws:sts::{CUSTOMER}:assumed-role/{name}/op_test is not authorized to perform: "
        f"ec2:CreateVpc on resource: {VPC}/* because no identity-based policy allows the ec2:CreateVpc action"
    )


@pytest.mark.parametrize(
    ("service", "call", "params", "code", "status"),
    [
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403),
        ("iam", "list_roles", {}, "AccessDenied", 403),
        ("s3", "list_buckets", {}, "AccessDenied", 403),
        ("service-quotas", "list_service_quotas", {"ServiceCode": "vpc"}, "AccessDeniedException", 400),
        ("efs", "describe_file_systems", {}, "AccessDeniedException", 400),
    ],
)
def test_each_service_refuses_in_its_own_shape(
    acting: Acting, refused: Refused, service: str, call: str, params: Any, code: str, status: int
) -> None:
    client = acting(service)
    assert refused(getattr(client, call), **params)[:2] == (code, status)


def test_everybody_knows_who_he_is(acting: Acting) -> None:
    assert acting("sts", deny("*")).get_caller_identity()["Account"] == CUSTOMER


def test_an_explicit_deny_wins(acting: Acting, refused: Refused) -> None:
    client = acting("ec2", allow("*"), deny("ec2:CreateVpc"))
    assert client.describe_vpcs()["Vpcs"]
    assert "with an explicit deny" in refused(client.create_vpc, CidrBlock="10.0.0.0/16")[2]


def test_a_session_policy_only_narrows(acting: Acting, refused: Refused) -> None:
    client = acting(
        "ec2", allow("ec2:Describe*"), session=policy(allow(["ec2:DescribeVpcs", "ec2:CreateVpc"]))
    )
    assert client.describe_vpcs()["Vpcs"]
    assert "no session policy allows" in refused(client.describe_subnets)[2]
    assert "no identity-based policy allows" in refused(client.create_vpc, CidrBlock="10.0.0.0/16")[2]


def test_attached_policies_and_a_boundary(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    iam = sandbox.admin("iam")
    client = acting("ec2")
    assert refused(client.describe_vpcs)[0] == DENIED

    def managed(kind: str, *statements: dict[str, Any]) -> str:
        document = json.dumps(policy(*statements))
        return str(iam.create_policy(PolicyName=f"{name}-{kind}", PolicyDocument=document)["Policy"]["Arn"])

    iam.attach_role_policy(RoleName=name, PolicyArn=managed("all", allow("ec2:*")))
    assert client.describe_vpcs()["Vpcs"]
    iam.put_role_permissions_boundary(
        RoleName=name, PermissionsBoundary=managed("edge", allow("ec2:DescribeSubnets"))
    )
    assert client.describe_subnets()["Subnets"]
    assert "no permissions boundary allows" in refused(client.describe_vpcs)[2]


def test_a_change_of_a_policy_counts_at_once(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    client = acting("ec2", allow("ec2:DescribeVpcs"))
    assert client.describe_vpcs()["Vpcs"]
    sandbox.admin("iam").delete_role_policy(RoleName=name, PolicyName="own")
    assert refused(client.describe_vpcs)[0] == DENIED


def test_resources_are_told_apart(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    first, second = (new_vpc(sandbox.admin("ec2"), name) for _ in range(2))
    client = acting("ec2", allow("ec2:DeleteVpc", f"{VPC}/{first}"))
    assert refused(client.delete_vpc, VpcId=second)[0] == DENIED
    client.delete_vpc(VpcId=first)


def test_tags_asked_for_at_creation(acting: Acting, refused: Refused, name: str) -> None:
    client = acting(
        "ec2",
        allow("ec2:CreateVpc", f"{VPC}/*", StringEquals={f"aws:RequestTag/{TAG}": name}),
        allow("ec2:CreateTags", f"{VPC}/*", StringEquals={"ec2:CreateAction": "CreateVpc"}),
    )
    assert refused(client.create_vpc, CidrBlock="10.0.0.0/16")[0] == DENIED
    assert refused(new_vpc, client=client, cloud="another")[0] == DENIED
    vpc = new_vpc(client, name)
    code, _, message = refused(client.create_tags, Resources=[vpc], Tags=[{"Key": "more", "Value": "x"}])
    assert (code, "ec2:CreateTags" in message) == (DENIED, True)


def test_tagging_at_creation_is_a_permission_of_its_own(acting: Acting, refused: Refused, name: str) -> None:
    client = acting("ec2", allow("ec2:CreateVpc"))
    code, _, message = refused(new_vpc, client=client, cloud=name)
    assert (code, "ec2:CreateTags" in message) == (DENIED, True)


def test_only_the_tag_keys_that_are_allowed(acting: Acting, refused: Refused, name: str) -> None:
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": [TAG]}}
    client = acting("ec2", allow(["ec2:CreateVpc", "ec2:CreateTags"], "*", **only))
    vpc = new_vpc(client, name)
    assert refused(client.create_tags, Resources=[vpc], Tags=[{"Key": "more", "Value": "x"}])[0] == DENIED


def test_tags_of_what_exists(sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str) -> None:
    mine, other = new_vpc(sandbox.admin("ec2"), name), new_vpc(sandbox.admin("ec2"), "another")
    client = acting("ec2", allow("ec2:*", "*", StringEquals={f"aws:ResourceTag/{TAG}": name}))
    client.modify_vpc_attribute(VpcId=mine, EnableDnsHostnames={"Value": True})
    for call in (client.delete_vpc, client.describe_vpc_attribute):
        more = {"Attribute": "enableDnsSupport"} if call == client.describe_vpc_attribute else {}
        assert refused(call, VpcId=other, **more)[0] == DENIED
    sandbox.admin("ec2").create_tags(Resources=[other], Tags=[{"Key": TAG, "Value": name}])
    client.delete_vpc(VpcId=other)


def test_the_service_s_own_spelling_of_tags(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    mine, other = new_vpc(sandbox.admin("ec2"), name), new_vpc(sandbox.admin("ec2"), "another")
    client = acting("ec2", allow("ec2:DeleteVpc", "*", StringEquals={f"ec2:ResourceTag/{TAG}": name}))
    assert refused(client.delete_vpc, VpcId=other)[0] == DENIED
    client.delete_vpc(VpcId=mine)


def test_an_action_on_two_resources_needs_both(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    admin = sandbox.admin("ec2")
    vpc = new_vpc(admin, name)
    gateway = admin.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    both = {"InternetGatewayId": gateway, "VpcId": vpc}
    arns = [f"arn:aws:ec2:{REGION}:{CUSTOMER}:internet-gateway/{gateway}", f"{VPC}/{vpc}"]
    for arn in arns:
        client = acting("ec2", allow("ec2:AttachInternetGateway", arn))
        assert refused(client.attach_internet_gateway, **both)[0] == DENIED
    acting("ec2", allow("ec2:AttachInternetGateway", arns)).attach_internet_gateway(**both)


def test_a_subnet_needs_its_vpc_and_itself(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    vpc = new_vpc(sandbox.admin("ec2"), name)
    wanted = {"VpcId": vpc, "CidrBlock": "10.0.0.0/20", "TagSpecifications": tags("subnet", name)}
    subnet = f"arn:aws:ec2:{REGION}:{CUSTOMER}:subnet/*"
    tagging = allow("ec2:CreateTags", subnet)
    new = allow("ec2:CreateSubnet", subnet, StringEquals={f"aws:RequestTag/{TAG}": name})
    inside = allow("ec2:CreateSubnet", f"{VPC}/*", StringEquals={f"aws:ResourceTag/{TAG}": name})
    assert f"{VPC}/{vpc}" in refused(acting("ec2", new, tagging).create_subnet, **wanted)[2]
    assert subnet in refused(acting("ec2", inside, tagging).create_subnet, **wanted)[2]
    client = acting("ec2", new, inside, tagging)
    assert client.create_subnet(**wanted)["Subnet"]["VpcId"] == vpc


def test_resources_of_a_vpc(sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str) -> None:
    admin = sandbox.admin("ec2")
    vpc, other = new_vpc(admin, name), new_vpc(admin, "another")
    groups = [
        admin.create_security_group(GroupName=name, Description="test", VpcId=one)["GroupId"]
        for one in (vpc, other)
    ]
    client = acting("ec2", allow("ec2:DeleteSecurityGroup", "*", ArnEquals={"ec2:Vpc": f"{VPC}/{vpc}"}))
    client.delete_security_group(GroupId=groups[0])
    assert refused(client.delete_security_group, GroupId=groups[1])[0] == DENIED


def test_taking_a_route_table_off_a_subnet_is_checked_on_the_table(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    admin = sandbox.admin("ec2")
    vpc = new_vpc(admin, name)
    subnet = admin.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
    table = admin.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    tied = admin.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    prefix = f"arn:aws:ec2:{REGION}:{CUSTOMER}"
    client = acting("ec2", allow("ec2:DisassociateRouteTable", f"{prefix}:subnet/*"))
    assert f"{prefix}:route-table/{table}" in refused(client.disassociate_route_table, AssociationId=tied)[2]
    client = acting(
        "ec2", allow("ec2:DisassociateRouteTable", [f"{prefix}:subnet/*", f"{prefix}:route-table/*"])
    )
    client.disassociate_route_table(AssociationId=tied)


def test_iam_resources_and_their_tags(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    own = f"arn:aws:iam::{CUSTOMER}:role/{name}-made"
    asked = {"RoleName": f"{name}-made", "AssumeRolePolicyDocument": json.dumps(EC2_TRUST)}
    tagged = {**asked, "Tags": [{"Key": TAG, "Value": name}]}
    needs_tag = {"StringEquals": {f"aws:RequestTag/{TAG}": name}}
    client = acting("iam", allow("iam:CreateRole", own, **needs_tag))
    assert refused(client.create_role, **asked)[0] == "AccessDenied"
    assert "iam:TagRole" in refused(client.create_role, **tagged)[2]
    changes = allow("iam:PutRolePolicy", "*", StringEquals={f"aws:ResourceTag/{TAG}": name})
    client = acting("iam", allow(["iam:CreateRole", "iam:TagRole"], own, **needs_tag), changes)
    client.create_role(**tagged)
    document = {"PolicyName": "p", "PolicyDocument": json.dumps(EVERYTHING)}
    client.put_role_policy(RoleName=f"{name}-made", **document)
    assert refused(client.put_role_policy, RoleName=name, **document)[0] == "AccessDenied"


def test_a_role_is_passed_only_with_permission(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    admin = sandbox.admin("iam")
    role = admin.create_role(RoleName=f"{name}-node", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))["Role"][
        "Arn"
    ]
    admin.create_instance_profile(InstanceProfileName=name)
    joined = {"InstanceProfileName": name, "RoleName": f"{name}-node"}
    adding = allow("iam:AddRoleToInstanceProfile")
    client = acting("iam", adding)
    code, _, message = refused(client.add_role_to_instance_profile, **joined)
    assert (code, f"iam:PassRole on resource: {role}" in message) == ("AccessDenied", True)
    for service, may in (("lambda.amazonaws.com", False), ("ec2.amazonaws.com", True)):
        passing = allow("iam:PassRole", role, StringEquals={"iam:PassedToService": service})
        client = acting("iam", adding, passing)
        if may:
            client.add_role_to_instance_profile(**joined)
        else:
            assert refused(client.add_role_to_instance_profile, **joined)[0] == "AccessDenied"
    instance = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1, "IamInstanceProfile": {"Name": name}}
    assert "iam:PassRole" in refused(acting("ec2", allow("ec2:*")).run_instances, **instance)[2]
    client = acting("ec2", allow("ec2:*"), allow("iam:PassRole", role))
    assert client.run_instances(**instance)["Instances"]


def test_the_log_says_what_was_checked(
    sandbox: SandboxProcess, acting: Acting, refused: Refused, name: str
) -> None:
    client = acting("ec2", allow("ec2:CreateVpc"))
    refused(new_vpc, client=client, cloud=name)
    principal = f"arn:aws:iam::{CUSTOMER}:role/{name}"
    last = sandbox.calls(action="ec2:CreateVpc", principal=principal)[-1]
    assert last["checks"] == [
        {"action": "ec2:CreateVpc", "resource": f"{VPC}/*", "allowed": True},
        {"action": "ec2:CreateTags", "resource": f"{VPC}/*", "allowed": False},
    ]
    assert (last["allowed"], last["status"], last["error_code"]) == (False, 403, DENIED)
    assert (last["session_name"], last["region"], last["mutating"]) == ("op_test", REGION, True)
