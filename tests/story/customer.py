"""The customer of the stories: plain boto3 with the administrator's keys of his own account."""

import json
from typing import Any

from tests.stack import Stack

TAG = "raydock-cloud-id"


def create_role(stack: Stack, *, name: str, document: dict[str, Any], policy: dict[str, Any]) -> str:
    """The ARN of a new role with this trust document and one inline policy."""
    iam = stack.aws("iam", "us-east-1")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="raydock", PolicyDocument=json.dumps(policy))
    return arn


def tagged(stack: Stack, cloud_id: str, region: str) -> list[str]:
    """Everything in the account that carries the cloud's tag: 'vpc vpc-1', 'role x', 'bucket y'."""
    return sorted(
        [*network(stack, cloud_id, region), *identities(stack, cloud_id), *buckets(stack, cloud_id, region)]
    )


def network(stack: Stack, cloud_id: str, region: str) -> list[str]:
    ec2 = stack.aws("ec2", region)
    mine = [{"Name": f"tag:{TAG}", "Values": [cloud_id]}]
    looks = {
        "vpc": [item["VpcId"] for item in ec2.describe_vpcs(Filters=mine)["Vpcs"]],
        "subnet": [item["SubnetId"] for item in ec2.describe_subnets(Filters=mine)["Subnets"]],
        "gateway": [
            i["InternetGatewayId"] for i in ec2.describe_internet_gateways(Filters=mine)["InternetGateways"]
        ],
        "routes": [item["RouteTableId"] for item in ec2.describe_route_tables(Filters=mine)["RouteTables"]],
        "endpoint": [
            item["VpcEndpointId"] for item in ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"]
        ],
        "group": [item["GroupId"] for item in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]],
    }
    return [f"{kind} {name}" for kind, names in looks.items() for name in names]


def identities(stack: Stack, cloud_id: str) -> list[str]:
    iam = stack.aws("iam", "us-east-1")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    profiles = [item["InstanceProfileName"] for item in iam.list_instance_profiles()["InstanceProfiles"]]
    carried = [("role", name) for name in roles if _has(iam.list_role_tags(RoleName=name)["Tags"], cloud_id)]
    carried += [
        ("profile", name)
        for name in profiles
        if _has(iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Tags"], cloud_id)
    ]
    return [f"{kind} {name}" for kind, name in carried]


def buckets(stack: Stack, cloud_id: str, region: str) -> list[str]:
    s3 = stack.aws("s3", region)
    suffix = cloud_id.removeprefix("cld_")
    return [f"bucket {item['Name']}" for item in s3.list_buckets()["Buckets"] if suffix in item["Name"]]


def _has(tags: list[dict[str, str]], cloud_id: str) -> bool:
    return {"Key": TAG, "Value": cloud_id} in tags
