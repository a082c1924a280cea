"""What a customer makes for a registered cloud, with plain boto3 and nothing of ours."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.sandbox import CUSTOMER, SandboxProcess

REGION = "us-west-2"
ORIGIN = "http://127.0.0.1:8000"
ANYWHERE = "0.0.0.0/0"
EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def bucket_use(bucket: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": f"{arn}/*",
            },
        ],
    }


def tls_only(bucket: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


@dataclass
class Given:
    """A network, a role and a bucket of the customer's own; each attribute is AWS's id or name."""

    sandbox: SandboxProcess
    private: bool = False
    name: str = field(default_factory=lambda: f"own-{uuid4().hex[:10]}")
    path: str = "/"
    cidr: str = "10.0.0.0/16"
    ranges: tuple[str, str] = ("10.0.0.0/20", "10.0.16.0/20")
    zones: str = "ab"
    region_of_bucket: str = REGION

    def __post_init__(self) -> None:
        self.ec2, self.iam, self.s3 = (self.admin(one) for one in ("ec2", "iam", "s3"))
        self.vpc, self.subnets, self.table, self.gateway = self.network()
        self.group = self.security_group()
        self.nat = self.nat_gateway() if self.private else ""
        self.endpoint = self.s3_endpoint(self.table)
        self.role_arn = self.role()
        self.bucket_of_its_own()

    def admin(self, service: str) -> Any:
        return self.sandbox.admin(service, CUSTOMER, region=REGION)

    # the network ----------------------------------------------------------------------------------------
    def named(self, kind: str, name: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]

    def network(self) -> tuple[str, list[str], str, str]:
        vpc = self.make_vpc(self.cidr, self.name)
        subnets = [
            self.subnet(vpc, cidr, f"{REGION}{zone}", f"{self.name}-{letter}")
            for cidr, zone, letter in zip(self.ranges, self.zones, "ab", strict=True)
        ]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for one in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=one)
        if not self.private:
            self.route(table, GatewayId=gateway)
        return vpc, subnets, table, gateway

    def make_vpc(self, cidr: str, name: str) -> str:
        made = self.ec2.create_vpc(CidrBlock=cidr, TagSpecifications=self.named("vpc", name))
        vpc = str(made["Vpc"]["VpcId"])
        for flag in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=vpc, **{flag: {"Value": True}})
        return vpc

    def subnet(self, vpc: str, cidr: str, zone: str, name: str) -> str:
        made = self.ec2.create_subnet(
            VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=self.named("subnet", name)
        )
        subnet = str(made["Subnet"]["SubnetId"])
        self.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": not self.private})
        return subnet

    def route(self, table: str, **target: str) -> None:
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **target)

    def nat_gateway(self) -> str:
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=address)
        nat = str(made["NatGateway"]["NatGatewayId"])
        self.route(self.table, NatGatewayId=nat)
        return nat

    def s3_endpoint(self, *tables: str) -> str:
        service = f"com.amazonaws.{REGION}.s3"
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=service, RouteTableIds=list(tables))
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def security_group(self, vpc: str = "", name: str = "") -> str:
        made = self.ec2.create_security_group(
            GroupName=name or f"{self.name}-nodes", Description="nodes", VpcId=vpc or self.vpc
        )
        group = str(made["GroupId"])
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]}
        itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https, itself])
        return group

    # the role and the bucket ----------------------------------------------------------------------------
    @property
    def bucket(self) -> str:
        return f"{self.name}-data"

    def role(self) -> str:
        trust = json.dumps(EC2_TRUST)
        made = self.iam.create_role(RoleName=self.name, Path=self.path, AssumeRolePolicyDocument=trust)
        self.allow(bucket_use(self.bucket))
        self.iam.create_instance_profile(InstanceProfileName=self.name, Path=self.path)
        self.iam.add_role_to_instance_profile(InstanceProfileName=self.name, RoleName=self.name)
        return str(made["Role"]["Arn"])

    def allow(self, document: dict[str, Any]) -> None:
        self.iam.put_role_policy(RoleName=self.name, PolicyName="bucket", PolicyDocument=json.dumps(document))

    def bucket_of_its_own(self) -> None:
        s3 = self.sandbox.admin("s3", CUSTOMER, region=self.region_of_bucket)
        where = {"LocationConstraint": self.region_of_bucket}
        s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self.s3.put_public_access_block(
            Bucket=self.bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True)
        )
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        self.s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        self.cors(ORIGIN)
        self.bucket_policy(tls_only(self.bucket))

    def cors(self, *origins: str, methods: tuple[str, ...] = ("GET", "PUT", "HEAD")) -> None:
        rule = {"AllowedOrigins": list(origins), "AllowedMethods": list(methods), "AllowedHeaders": ["*"]}
        self.s3.put_bucket_cors(Bucket=self.bucket, CORSConfiguration={"CORSRules": [rule]})

    def bucket_policy(self, document: dict[str, Any]) -> None:
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(document))

    def cross_account_role(self, arn: str, trust: dict[str, Any], policy: dict[str, Any]) -> None:
        """The role that Raydock asks for, or another one."""
        name = arn.rpartition("/")[2]
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        self.iam.put_role_policy(RoleName=name, PolicyName="raydock", PolicyDocument=json.dumps(policy))

    # what is given --------------------------------------------------------------------------------------
    def by_ids(self, **other: Any) -> dict[str, Any]:
        usual = {
            "vpc": self.vpc,
            "subnets": list(self.subnets),
            "security_groups": [self.group],
            "cluster_role": self.role_arn,
            "bucket": self.bucket,
            "private_network": self.private,
        }
        return {name: value for name, value in {**usual, **other}.items() if value is not None}

    def by_names(self, **other: Any) -> dict[str, Any]:
        usual = {
            "vpc": self.name,
            "subnets": [f"{self.name}-a", f"{self.name}-b"],
            "security_groups": [f"{self.name}-nodes"],
            "cluster_role": None,
            "instance_profile": self.name,
            "bucket": f"s3://{self.bucket}",
        }
        return self.by_ids(**{**usual, **other})
