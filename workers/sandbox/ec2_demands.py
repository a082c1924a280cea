"""What EC2's actions demand: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html.

An action checks each resource that it touches: `CreateSubnet` wants the permission on the VPC and on the
subnet to be. A resource to be has no id yet (`subnet/*`) and carries the tags of the request; one that
exists carries its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.sandbox.backends import backend
from workers.sandbox.calls import Call
from workers.sandbox.demands import Demand, pass_role, request_tags, resource_tags

#: Resource types by the prefix of their ids; longer prefixes first where one begins another.
_TYPES: Mapping[str, str] = {
    "vpce": "vpc-endpoint",
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "rtb": "route-table",
    "sgr": "security-group-rule",
    "sg": "security-group",
    "eni": "network-interface",
    "nat": "natgateway",
    "eipalloc": "elastic-ip",
    "acl": "network-acl",
    "ami": "image",
    "vol": "volume",
    "lt": "launch-template",
    "dopt": "dhcp-options",
    "pl": "prefix-list",
    "i": "instance",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """What an action touches: types it creates, and parameters that hold ids of what exists."""

    creates: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


_ACTIONS: Mapping[str, Touch] = {
    "CreateVpc": Touch(creates=("vpc",)),
    "DeleteVpc": Touch(ids=("VpcId",)),
    "ModifyVpcAttribute": Touch(ids=("VpcId",)),
    "DescribeVpcAttribute": Touch(ids=("VpcId",)),
    "CreateSubnet": Touch(creates=("subnet",), ids=("VpcId",)),
    "DeleteSubnet": Touch(ids=("SubnetId",)),
    "ModifySubnetAttribute": Touch(ids=("SubnetId",)),
    "CreateInternetGateway": Touch(creates=("internet-gateway",)),
    "DeleteInternetGateway": Touch(ids=("InternetGatewayId",)),
    "AttachInternetGateway": Touch(ids=("InternetGatewayId", "VpcId")),
    "DetachInternetGateway": Touch(ids=("InternetGatewayId", "VpcId")),
    "CreateRouteTable": Touch(creates=("route-table",), ids=("VpcId",)),
    "DeleteRouteTable": Touch(ids=("RouteTableId",)),
    "CreateRoute": Touch(ids=("RouteTableId",)),
    "ReplaceRoute": Touch(ids=("RouteTableId",)),
    "DeleteRoute": Touch(ids=("RouteTableId",)),
    "AssociateRouteTable": Touch(ids=("RouteTableId", "SubnetId", "GatewayId")),
    "CreateVpcEndpoint": Touch(
        creates=("vpc-endpoint",), ids=("VpcId", "RouteTableIds", "SubnetIds", "SecurityGroupIds")
    ),
    "DeleteVpcEndpoints": Touch(ids=("VpcEndpointIds",)),
    "ModifyVpcEndpoint": Touch(
        ids=(
            "VpcEndpointId",
            "AddRouteTableIds",
            "RemoveRouteTableIds",
            "AddSubnetIds",
            "AddSecurityGroupIds",
        )
    ),
    "CreateSecurityGroup": Touch(creates=("security-group",), ids=("VpcId",)),
    "DeleteSecurityGroup": Touch(ids=("GroupId",)),
    "AuthorizeSecurityGroupIngress": Touch(ids=("GroupId",)),
    "AuthorizeSecurityGroupEgress": Touch(ids=("GroupId",)),
    "RevokeSecurityGroupIngress": Touch(ids=("GroupId",)),
    "RevokeSecurityGroupEgress": Touch(ids=("GroupId",)),
    "ModifySecurityGroupRules": Touch(ids=("GroupId",)),
    "UpdateSecurityGroupRuleDescriptionsIngress": Touch(ids=("GroupId",)),
    "CreateTags": Touch(ids=("Resources",)),
    "DeleteTags": Touch(ids=("Resources",)),
    "CreateNatGateway": Touch(creates=("natgateway",), ids=("SubnetId", "AllocationId")),
    "DeleteNatGateway": Touch(ids=("NatGatewayId",)),
    "AllocateAddress": Touch(creates=("elastic-ip",)),
    "ReleaseAddress": Touch(ids=("AllocationId",)),
    "CreateNetworkInterface": Touch(creates=("network-interface",), ids=("SubnetId", "Groups")),
    "DeleteNetworkInterface": Touch(ids=("NetworkInterfaceId",)),
    "RunInstances": Touch(
        creates=("instance", "volume", "network-interface"), ids=("ImageId", "SubnetId", "SecurityGroupIds")
    ),
    "TerminateInstances": Touch(ids=("InstanceIds",)),
    "StartInstances": Touch(ids=("InstanceIds",)),
    "StopInstances": Touch(ids=("InstanceIds",)),
    "RebootInstances": Touch(ids=("InstanceIds",)),
    "ModifyInstanceAttribute": Touch(ids=("InstanceId",)),
    "CreateLaunchTemplate": Touch(creates=("launch-template",)),
    "DeleteLaunchTemplate": Touch(ids=("LaunchTemplateId",)),
    "CreateVolume": Touch(creates=("volume",)),
    "DeleteVolume": Touch(ids=("VolumeId",)),
    "CreateNetworkAcl": Touch(creates=("network-acl",), ids=("VpcId",)),
    "DeleteNetworkAcl": Touch(ids=("NetworkAclId",)),
}


def ec2_demands(call: Call) -> Iterator[Demand]:
    """Answer every permission of an EC2 call; actions that AWS checks on no resource have `*`."""
    touch = _ACTIONS.get(call.operation, Touch())
    ids = [one for name in touch.ids for one in _listed(call.params.get(name))]
    if call.operation == "DisassociateRouteTable":
        ids = _associated(call)
    if not touch.creates and not ids:
        yield Demand(call.name, "*", _region(call))
    for kind in touch.creates:
        yield Demand(
            call.name, _new_arn(call, kind), _region(call) | _wanted(call, kind) | _new_in(call, kind)
        )
    for kind in _tagged_kinds(call):
        created = {"ec2:CreateAction": call.operation}
        yield Demand("ec2:CreateTags", _new_arn(call, kind), _region(call) | _wanted(call, kind) | created)
    set_tags = request_tags(call.params.get("Tags")) if call.operation in ("CreateTags", "DeleteTags") else {}
    for one in ids:
        yield Demand(call.name, _arn(call, one), existing_context(call, one) | set_tags)
    if call.operation == "RunInstances":
        yield from _passed_role(call)


def _new_arn(call: Call, kind: str) -> str:
    return f"arn:aws:ec2:{call.region}:{call.account_id}:{kind}/*"


def _tagged_kinds(call: Call) -> list[str]:
    """Tags given at creation are checked a second time, as CreateTags limited to this creation."""
    specs = _listed(call.params.get("TagSpecifications"))
    return [str(spec.get("ResourceType")) for spec in specs if spec.get("Tags")]


def _wanted(call: Call, kind: str) -> dict[str, Any]:
    specs = _listed(call.params.get("TagSpecifications"))
    return request_tags(
        tag for spec in specs if spec.get("ResourceType") == kind for tag in spec.get("Tags", ())
    )


def _region(call: Call) -> dict[str, Any]:
    return {"ec2:Region": call.region}


def _new_in(call: Call, kind: str) -> dict[str, Any]:
    """Answer what is known of a resource before it exists: its VPC, an instance's type and profile."""
    keys: dict[str, Any] = {}
    vpc = call.params.get("VpcId") or _vpc_of(call, str(call.params.get("SubnetId", "")))
    if vpc and kind != "vpc":
        keys["ec2:Vpc"] = f"arn:aws:ec2:{call.region}:{call.account_id}:vpc/{vpc}"
    if kind == "instance":
        keys["ec2:InstanceType"] = call.params.get("InstanceType", "m1.small")
        keys["ec2:InstanceProfile"] = _profile_arn(call) or None
    return keys


def existing_context(call: Call, resource_id: str) -> dict[str, Any]:
    """Answer the condition keys of a resource that exists; one that does not has no tags."""
    owned = backend("ec2", call.account_id, call.region)
    keys = _region(call) | resource_tags(owned.tags.get(resource_id, {}), "ec2")
    vpc = _vpc_of(call, resource_id)
    if resource_id.startswith("vpc-"):
        keys["ec2:VpcID"] = resource_id
    elif vpc:
        keys["ec2:Vpc"] = f"arn:aws:ec2:{call.region}:{call.account_id}:vpc/{vpc}"
    return keys


def _vpc_of(call: Call, resource_id: str) -> str:
    owned = backend("ec2", call.account_id, call.region)
    kind = resource_id.partition("-")[0]
    if kind == "subnet":
        found = next((zone[resource_id] for zone in owned.subnets.values() if resource_id in zone), None)
    elif kind == "sg":
        found = next((vpc[resource_id] for vpc in owned.groups.values() if resource_id in vpc), None)
    else:
        stores = {"rtb": owned.route_tables, "vpce": owned.vpc_end_points, "eni": owned.enis}
        found = stores.get(kind, {}).get(resource_id)
    return str(getattr(found, "vpc_id", "") or "")


def _associated(call: Call) -> list[str]:
    """Answer the route table and the subnet (or gateway) that an association ties together."""
    wanted = call.params.get("AssociationId")
    for table in backend("ec2", call.account_id, call.region).route_tables.values():
        for one in table.associations:
            if one["RouteTableAssociationId"] == wanted:
                other = one.get("SubnetId") or one.get("GatewayId")
                return [table.id, *([other] if other else [])]
    return []


def _profile_arn(call: Call) -> str:
    profile = call.params.get("IamInstanceProfile") or {}
    if profile.get("Arn"):
        return str(profile["Arn"])
    name = profile.get("Name")
    return f"arn:aws:iam::{call.account_id}:instance-profile/{name}" if name else ""


def _passed_role(call: Call) -> Iterator[Demand]:
    """Answer iam:PassRole for the role in the profile that the instance gets."""
    wanted = _profile_arn(call).rpartition("/")[2]
    profile = next((one for one in instance_profiles(call.account_id) if one.name == wanted), None)
    for role in profile.roles if profile is not None and wanted else ():
        yield pass_role(role.arn, "ec2.amazonaws.com")


def instance_profiles(account_id: str) -> list[Any]:
    """Answer moto's instance profiles of an account."""
    return list(backend("iam", account_id).instance_profiles.values())


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def resource_arn(account_id: str, region: str, resource_id: str) -> str:
    """Answer the ARN of an EC2 resource by its id; images belong to no account."""
    kind = _TYPES.get(resource_id.partition("-")[0], "*")
    owner = "" if kind == "image" else account_id
    return f"arn:aws:ec2:{region}:{owner}:{kind}/{resource_id}"


def _arn(call: Call, resource_id: str) -> str:
    return resource_arn(call.account_id, call.region, resource_id)
