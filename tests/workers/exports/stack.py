"""A CloudFormation stack, made as CloudFormation would: resource by resource, in the order of references."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.workers.exports.making import (
    Clients,
    Made,
    Make,
    Maker,
    bucket_tags,
    dns,
    public_ips,
)


def _inline(clients: Clients, role: str, policies: Any) -> None:
    for one in policies:
        document = json.dumps(one["PolicyDocument"])
        clients("iam").put_role_policy(RoleName=role, PolicyName=one["PolicyName"], PolicyDocument=document)


def _held(clients: Clients, profile: str, roles: Any) -> None:
    for role in roles:
        clients("iam").add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)


def _encrypted(clients: Clients, bucket: str, value: Any) -> None:
    rules = [
        {"ApplyServerSideEncryptionByDefault": one["ServerSideEncryptionByDefault"]}
        for one in value["ServerSideEncryptionConfiguration"]
    ]
    clients("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _cors(clients: Clients, bucket: str, value: Any) -> None:
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
    rules = [{names.get(key, key): item for key, item in one.items()} for one in value["CorsRules"]]
    clients("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})


def _closed(clients: Clients, bucket: str, value: Any) -> None:
    clients("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=value)


def same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def makes(region: str) -> dict[str, Make]:
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    return {
        "AWS::EC2::VPC": Make("ec2.create_vpc", same("CidrBlock"), "Vpc.VpcId", tagged="vpc"),
        "AWS::EC2::InternetGateway": Make(
            "ec2.create_internet_gateway", {}, "InternetGateway.InternetGatewayId", tagged="internet-gateway"
        ),
        "AWS::EC2::VPCGatewayAttachment": Make(
            "ec2.attach_internet_gateway", same("VpcId", "InternetGatewayId")
        ),
        "AWS::EC2::RouteTable": Make(
            "ec2.create_route_table", same("VpcId"), "RouteTable.RouteTableId", tagged="route-table"
        ),
        "AWS::EC2::Route": Make(
            "ec2.create_route", same("RouteTableId", "DestinationCidrBlock", "GatewayId")
        ),
        "AWS::EC2::Subnet": Make(
            "ec2.create_subnet",
            same("VpcId", "CidrBlock", "AvailabilityZone"),
            "Subnet.SubnetId",
            tagged="subnet",
        ),
        "AWS::EC2::SubnetRouteTableAssociation": Make(
            "ec2.associate_route_table", same("SubnetId", "RouteTableId"), "AssociationId"
        ),
        "AWS::EC2::VPCEndpoint": Make(
            "ec2.create_vpc_endpoint",
            same("VpcId", "VpcEndpointType", "ServiceName", "RouteTableIds"),
            "VpcEndpoint.VpcEndpointId",
            tagged="vpc-endpoint",
        ),
        "AWS::EC2::SecurityGroup": Make(
            "ec2.create_security_group",
            {**same("GroupName", "VpcId"), "GroupDescription": "Description"},
            "GroupId",
            tagged="security-group",
        ),
        "AWS::EC2::SecurityGroupIngress": Make(
            "ec2.authorize_security_group_ingress", same("GroupId", "IpPermissions")
        ),
        "AWS::IAM::Role": Make(
            "iam.create_role",
            same("RoleName", "Path", "Description", "AssumeRolePolicyDocument"),
            "Role.RoleName",
            tagged="",
        ),
        "AWS::IAM::InstanceProfile": Make(
            "iam.create_instance_profile",
            same("InstanceProfileName"),
            "InstanceProfile.InstanceProfileName",
            tagged="",
        ),
        "AWS::S3::Bucket": Make(
            "s3.create_bucket", {"BucketName": "Bucket"}, known_by="Bucket", always=where
        ),
        "AWS::S3::BucketPolicy": Make(
            "s3.put_bucket_policy", {"Bucket": "Bucket", "PolicyDocument": "Policy"}
        ),
    }


LATERS = {
    ("AWS::EC2::VPC", "EnableDnsHostnames"): dns,
    ("AWS::EC2::Subnet", "MapPublicIpOnLaunch"): public_ips,
    ("AWS::IAM::Role", "Policies"): _inline,
    ("AWS::IAM::InstanceProfile", "Roles"): _held,
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration"): _closed,
    ("AWS::S3::Bucket", "BucketEncryption"): _encrypted,
    ("AWS::S3::Bucket", "CorsConfiguration"): _cors,
    ("AWS::S3::Bucket", "tags"): bucket_tags,
}
TEXTS = {"AssumeRolePolicyDocument", "PolicyDocument"}


class Stack:
    """One stack. After `create`, `described` is what `aws cloudformation describe-stacks` would say."""

    def __init__(self, template: Mapping[str, Any], clients: Clients, region: str) -> None:
        self.template = template
        self.maker = Maker(clients, makes(region), LATERS)
        zones = clients("ec2").describe_availability_zones()["AvailabilityZones"]
        self.zones = sorted(one["ZoneName"] for one in zones)
        self.made: dict[str, Made] = {}
        self.functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: self.made[name].id,
            "Fn::GetAtt": self._attribute,
            "Fn::GetAZs": lambda _: self.zones,
            "Fn::Select": lambda asked: asked[1][asked[0]],
            "Fn::Join": lambda asked: asked[0].join(asked[1]),
        }

    def create(self) -> None:
        waiting = dict(self.template["Resources"])
        while waiting:
            ready = [name for name, one in waiting.items() if self._needs(one) <= self.made.keys()]
            assert ready, f"these wait for each other: {sorted(waiting)}"
            for name in ready:
                self._create(name, waiting.pop(name))

    def _create(self, name: str, resource: Mapping[str, Any]) -> None:
        known = {"Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"}
        assert resource.keys() <= known
        properties = self._filled(resource["Properties"])
        tags = {one["Key"]: one["Value"] for one in properties.pop("Tags", [])}
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            properties = {"GroupId": properties.pop("GroupId"), "IpPermissions": [_permission(properties)]}
        texts = {key: json.dumps(value) for key, value in properties.items() if key in TEXTS}
        self.made[name] = self.maker.make(resource["Type"], properties | texts, tags)

    def _needs(self, value: Any) -> set[str]:
        if isinstance(value, dict):
            named = value.get("Ref") or next(iter(value.get("Fn::GetAtt", [])), None)
            inner = [self._needs(one) for one in value.values()]
            after = set(value.get("DependsOn", []))
            return set.union(after, {named} if named else set(), *inner)
        return set().union(*map(self._needs, value)) if isinstance(value, list) else set()

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        if not isinstance(value, dict):
            return value
        ((name, asked), *more) = value.items() or [("", None)]
        if more or name not in self.functions:
            return {key: self._filled(one) for key, one in value.items()}
        return self.functions[name](self._filled(asked))

    def _attribute(self, asked: list[str]) -> str:
        name, attribute = asked
        return {"Arn": self.made[name].arn, "GroupId": self.made[name].id}[attribute]

    def described(self, state: str = "CREATE_COMPLETE") -> str:
        outputs = [
            {"OutputKey": key, "OutputValue": self._filled(one["Value"]), "Description": one["Description"]}
            for key, one in self.template["Outputs"].items()
        ]
        return json.dumps({"Stacks": [{"StackName": "x", "StackStatus": state, "Outputs": outputs}]})


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    permission = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
    said = {"Description": rule["Description"]} if "Description" in rule else {}
    if "SourceSecurityGroupId" in rule:
        return permission | {"UserIdGroupPairs": [{"GroupId": rule["SourceSecurityGroupId"], **said}]}
    return permission | {"IpRanges": [{"CidrIp": rule["CidrIp"], **said}]}
