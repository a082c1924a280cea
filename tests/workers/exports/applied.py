"""A Terraform file, applied as the AWS provider does it: resource by resource, in the order of references."""

import json
from collections.abc import Mapping
from typing import Any

from tests.unit.export.hcl import Block, Call, Reference, read, references
from tests.workers.exports.making import Clients, Made, Make, Maker, bucket_tags, dns, public_ips


def _pascal(*names: str) -> dict[str, str]:
    return {name: "".join(word.capitalize() for word in name.split("_")) for name in names}


def _held(clients: Clients, profile: str, role: Any) -> None:
    clients("iam").add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)


def makes(region: str) -> dict[str, Make]:
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    policy = {"assume_role_policy": "AssumeRolePolicyDocument"}
    rule = {"security_group_id": "GroupId", "IpPermissions": "IpPermissions"}
    return {
        "aws_vpc": Make("ec2.create_vpc", _pascal("cidr_block"), "Vpc.VpcId", tagged="vpc"),
        "aws_internet_gateway": Make(
            "ec2.create_internet_gateway", {}, "InternetGateway.InternetGatewayId", tagged="internet-gateway"
        ),
        "aws_internet_gateway_attachment": Make(
            "ec2.attach_internet_gateway", _pascal("vpc_id", "internet_gateway_id")
        ),
        "aws_route_table": Make(
            "ec2.create_route_table", _pascal("vpc_id"), "RouteTable.RouteTableId", tagged="route-table"
        ),
        "aws_route": Make(
            "ec2.create_route", _pascal("route_table_id", "destination_cidr_block", "gateway_id")
        ),
        "aws_subnet": Make(
            "ec2.create_subnet",
            _pascal("vpc_id", "cidr_block", "availability_zone"),
            "Subnet.SubnetId",
            tagged="subnet",
        ),
        "aws_route_table_association": Make(
            "ec2.associate_route_table", _pascal("subnet_id", "route_table_id"), "AssociationId"
        ),
        "aws_vpc_endpoint": Make(
            "ec2.create_vpc_endpoint",
            _pascal("vpc_id", "vpc_endpoint_type", "service_name", "route_table_ids"),
            "VpcEndpoint.VpcEndpointId",
            tagged="vpc-endpoint",
        ),
        "aws_security_group": Make(
            "ec2.create_security_group",
            {**_pascal("description", "vpc_id"), "name": "GroupName"},
            "GroupId",
            tagged="security-group",
        ),
        "aws_vpc_security_group_ingress_rule": Make("ec2.authorize_security_group_ingress", rule),
        "aws_vpc_security_group_egress_rule": Make("ec2.authorize_security_group_egress", rule),
        "aws_iam_role": Make(
            "iam.create_role",
            {**_pascal("path", "description"), **policy, "name": "RoleName"},
            "Role.RoleName",
            tagged="",
        ),
        "aws_iam_role_policy": Make(
            "iam.put_role_policy", {"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"}
        ),
        "aws_iam_instance_profile": Make(
            "iam.create_instance_profile",
            {"name": "InstanceProfileName"},
            "InstanceProfile.InstanceProfileName",
            tagged="",
        ),
        "aws_s3_bucket": Make("s3.create_bucket", _pascal("bucket"), known_by="Bucket", always=where),
        "aws_s3_bucket_public_access_block": Make(
            "s3.put_public_access_block", {"bucket": "Bucket", "all": "PublicAccessBlockConfiguration"}
        ),
        "aws_s3_bucket_server_side_encryption_configuration": Make(
            "s3.put_bucket_encryption", {"bucket": "Bucket", "all": "ServerSideEncryptionConfiguration"}
        ),
        "aws_s3_bucket_cors_configuration": Make(
            "s3.put_bucket_cors", {"bucket": "Bucket", "all": "CORSConfiguration"}
        ),
        "aws_s3_bucket_policy": Make("s3.put_bucket_policy", _pascal("bucket", "policy")),
    }


LATERS = {
    ("aws_vpc", "enable_dns_hostnames"): dns,
    ("aws_subnet", "map_public_ip_on_launch"): public_ips,
    ("aws_iam_instance_profile", "role"): _held,
    ("aws_s3_bucket", "tags"): bucket_tags,
}


class Applied:
    """One file, applied."""

    def __init__(self, text: str, clients: Clients, region: str) -> None:
        self.file = read(text)
        self.clients = clients
        self.maker = Maker(clients, makes(region), LATERS)
        zones = clients("ec2").describe_availability_zones()["AvailabilityZones"]
        self.zones = sorted(one["ZoneName"] for one in zones)
        self.made: dict[tuple[str, ...], Made] = {}

    def apply(self) -> None:
        waiting = {one.labels: one for one in self.file.blocks if one.kind == "resource"}
        while waiting:
            ready = [key for key, one in waiting.items() if _needs(one) <= self.made.keys()]
            assert ready, f"these wait for each other: {sorted(waiting)}"
            for key in ready:
                self.made[key] = self._create(key[0], waiting.pop(key))

    def _create(self, kind: str, block: Block) -> Made:
        given = {name: one for name, one in block.attributes.items() if name not in {"depends_on", "tags"}}
        properties: dict[str, Any] = {name: self._value(one) for name, one in given.items()}
        if kind.endswith("_rule"):
            group = properties.pop("security_group_id")
            properties = {"security_group_id": group, "IpPermissions": [_permission(properties)]}
        elif kind == "aws_s3_bucket_public_access_block":
            closed = {_name(key): value for key, value in properties.items() if key != "bucket"}
            properties = {"bucket": properties["bucket"], "all": closed}
        elif block.blocks:
            properties["all"] = self._inner(kind, block)
        made = self.maker.make(kind, properties, block.attributes.get("tags", {}))
        if kind == "aws_security_group":
            # As the provider does: a group begins without the rule that AWS gives it.
            (found,) = self.clients("ec2").describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
            self.clients("ec2").revoke_security_group_egress(
                GroupId=made.id, IpPermissions=found["IpPermissionsEgress"]
            )
        return made

    def _inner(self, kind: str, block: Block) -> dict[str, Any]:
        if kind == "aws_s3_bucket_cors_configuration":
            rules = [{_name(key): value for key, value in one.attributes.items()} for one in block.blocks]
            return {"CORSRules": rules}
        ((inner,),) = [one.blocks for one in block.blocks]
        assert inner.kind == "apply_server_side_encryption_by_default"
        default = {"SSEAlgorithm": inner.attributes["sse_algorithm"]}
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}

    def _value(self, value: Any) -> Any:
        if isinstance(value, Call):
            assert value.function == "jsonencode"
            return json.dumps(value.argument)
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if isinstance(value, dict):
            return {self._value(key): self._value(one) for key, one in value.items()}
        if not isinstance(value, Reference):
            return value
        if value.parts[:2] == ("local", "zones"):
            return self.zones[int(value.parts[2])]
        kind, name, attribute = value.parts
        made = self.made[kind, name]
        return {"id": made.id, "arn": made.arn}[attribute]

    def output(self) -> str:
        """What `terraform output -json` would say."""
        found: Mapping[str, Any] = {
            one.labels[0]: {
                "sensitive": False,
                "type": "dynamic",
                "value": self._value(one.attributes["value"]),
            }
            for one in self.file.blocks
            if one.kind == "output"
        }
        return json.dumps(found)


def _needs(block: Block) -> set[tuple[str, ...]]:
    return {one.parts[:2] for one in references(block) if one.parts[0] != "local"}


def _name(attribute: str) -> str:
    return "".join(word.capitalize() for word in attribute.split("_"))


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    known = {
        "ip_protocol",
        "from_port",
        "to_port",
        "description",
        "cidr_ipv4",
        "referenced_security_group_id",
    }
    assert rule.keys() <= known
    ports = {_name(key): rule[key] for key in ("ip_protocol", "from_port", "to_port") if key in rule}
    said = {"Description": rule["description"]} if "description" in rule else {}
    if "referenced_security_group_id" in rule:
        return ports | {"UserIdGroupPairs": [{"GroupId": rule["referenced_security_group_id"], **said}]}
    return ports | {"IpRanges": [{"CidrIp": rule["cidr_ipv4"], **said}]}
