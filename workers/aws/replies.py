"""AWS replies read into facts: shapes only, no calls and no judgement."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from clouds.facts import (
    Association,
    AttachedPolicy,
    CorsRule,
    Document,
    Instance,
    InstanceProfile,
    InternetGateway,
    NatGateway,
    NetworkInterface,
    PublicAccess,
    Role,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    StoredObject,
    Subnet,
    Upload,
    Vpc,
    VpcEndpoint,
    Zone,
)

Reply = Mapping[str, Any]

_ROUTE_TARGETS = (
    "GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "InstanceId",
    "VpcPeeringConnectionId", "EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId",
    "CoreNetworkArn",
)  # fmt: skip
_ROUTE_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_PEERS = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("UserIdGroupPairs", "GroupId"),
    ("PrefixListIds", "PrefixListId"),
)


def tags(item: Reply) -> dict[str, str]:
    """The tags of a resource; EC2, IAM (`Tags`) and S3 (`TagSet`) write them alike."""
    found = item.get("Tags") or item.get("TagSet") or ()
    return {one["Key"]: one["Value"] for one in found}


def zone(item: Reply) -> Zone:
    """One of DescribeAvailabilityZones."""
    return Zone(
        name=item["ZoneName"],
        id=item["ZoneId"],
        state=item.get("State", "available"),
        kind=item.get("ZoneType", "availability-zone"),
        opt_in=item.get("OptInStatus", "opt-in-not-required"),
    )


def vpc(item: Reply) -> Vpc:
    """One of DescribeVpcs."""
    return Vpc(
        id=item["VpcId"],
        cidr=item["CidrBlock"],
        tags=tags(item),
        state=item.get("State", "available"),
        is_default=bool(item.get("IsDefault")),
    )


def subnet(item: Reply) -> Subnet:
    """One of DescribeSubnets."""
    return Subnet(
        id=item["SubnetId"],
        vpc_id=item["VpcId"],
        cidr=item["CidrBlock"],
        zone=item["AvailabilityZone"],
        zone_id=item.get("AvailabilityZoneId", ""),
        tags=tags(item),
        free_addresses=item.get("AvailableIpAddressCount"),
        public_ips=bool(item.get("MapPublicIpOnLaunch")),
        state=item.get("State", "available"),
    )


def internet_gateway(item: Reply) -> InternetGateway:
    """One of DescribeInternetGateways."""
    attached = tuple(
        one["VpcId"]
        for one in item.get("Attachments", ())
        if one.get("State") not in {"detached", "detaching"}
    )
    return InternetGateway(id=item["InternetGatewayId"], vpc_ids=attached, tags=tags(item))


def nat_gateway(item: Reply) -> NatGateway:
    """One of DescribeNatGateways."""
    return NatGateway(
        id=item["NatGatewayId"],
        vpc_id=item.get("VpcId", ""),
        subnet_id=item.get("SubnetId", ""),
        state=item.get("State", "available"),
        kind=item.get("ConnectivityType", "public"),
        tags=tags(item),
    )


def route_table(item: Reply) -> RouteTable:
    """One of DescribeRouteTables."""
    return RouteTable(
        id=item["RouteTableId"],
        vpc_id=item["VpcId"],
        routes=tuple(_route(one) for one in item.get("Routes", ())),
        associations=tuple(
            _association(one)
            for one in item.get("Associations", ())
            if _association(one).state not in {"disassociated", "disassociating"}
        ),
        tags=tags(item),
    )


def _route(item: Reply) -> Route:
    return Route(
        destination=_first(item, _ROUTE_DESTINATIONS),
        target=_first(item, _ROUTE_TARGETS),
        state=item.get("State", "active"),
    )


def _first(item: Reply, names: Iterable[str]) -> str:
    return next((str(item[name]) for name in names if item.get(name)), "")


def _association(item: Reply) -> Association:
    return Association(
        id=item["RouteTableAssociationId"],
        subnet_id=item.get("SubnetId"),
        main=bool(item.get("Main")),
        state=item.get("AssociationState", {}).get("State", "associated"),
    )


def vpc_endpoint(item: Reply) -> VpcEndpoint:
    """One of DescribeVpcEndpoints."""
    return VpcEndpoint(
        id=item["VpcEndpointId"],
        vpc_id=item["VpcId"],
        service=item["ServiceName"],
        kind=item.get("VpcEndpointType", "Gateway"),
        state=str(item.get("State", "available")).lower(),
        route_table_ids=tuple(item.get("RouteTableIds", ())),
        tags=tags(item),
    )


def security_group(item: Reply) -> SecurityGroup:
    """One of DescribeSecurityGroups, with one rule per peer."""
    return SecurityGroup(
        id=item["GroupId"],
        name=item["GroupName"],
        vpc_id=item.get("VpcId", ""),
        ingress=_rules(item.get("IpPermissions", ())),
        egress=_rules(item.get("IpPermissionsEgress", ())),
        tags=tags(item),
    )


def _rules(permissions: Iterable[Reply]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            protocol=one["IpProtocol"],
            from_port=one.get("FromPort"),
            to_port=one.get("ToPort"),
            peer=peer[name],
        )
        for one in permissions
        for group, name in _PEERS
        for peer in one.get(group, ())
        if name in peer
    )


def network_interface(item: Reply) -> NetworkInterface:
    """One of DescribeNetworkInterfaces."""
    return NetworkInterface(
        id=item["NetworkInterfaceId"],
        vpc_id=item.get("VpcId", ""),
        subnet_id=item.get("SubnetId", ""),
        group_ids=tuple(one["GroupId"] for one in item.get("Groups", ())),
        status=item.get("Status", "in-use"),
        kind=item.get("InterfaceType", "interface"),
        description=item.get("Description", ""),
        requester=item.get("RequesterId", ""),
        instance_id=item.get("Attachment", {}).get("InstanceId", ""),
        tags={one["Key"]: one["Value"] for one in item.get("TagSet", ())},
    )


def instance(item: Reply) -> Instance:
    """One instance of DescribeInstances."""
    return Instance(
        id=item["InstanceId"],
        state=item["State"]["Name"],
        kind=item.get("InstanceType", ""),
        vpc_id=item.get("VpcId", ""),
        subnet_id=item.get("SubnetId", ""),
        profile_arn=item.get("IamInstanceProfile", {}).get("Arn", ""),
        tags=tags(item),
    )


def role(
    item: Reply,
    inline: Mapping[str, Document] | None,
    attached: tuple[AttachedPolicy, ...] | None,
    boundary: Document | None,
) -> Role:
    """The role of GetRole, with the policies that were read beside it."""
    return Role(
        name=item["RoleName"],
        arn=item["Arn"],
        path=item.get("Path", "/"),
        trust=document(item.get("AssumeRolePolicyDocument")),
        inline=inline,
        attached=attached,
        boundary_arn=boundary_arn(item),
        boundary=boundary,
        tags=tags(item),
        created_at=item.get("CreateDate"),
    )


def boundary_arn(item: Reply) -> str:
    """The policy that bounds the role of GetRole, or an empty string."""
    return str(item.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))


def instance_profile(item: Reply) -> InstanceProfile:
    """The profile of GetInstanceProfile."""
    return InstanceProfile(
        name=item["InstanceProfileName"],
        arn=item["Arn"],
        path=item.get("Path", "/"),
        role_names=tuple(one["RoleName"] for one in item.get("Roles", ())),
        tags=tags(item),
    )


def document(value: Any) -> dict[str, Any]:
    """A policy document: IAM replies hold it decoded, S3's and a garbled one hold text."""
    if not isinstance(value, str):
        return dict(value or {})
    try:
        parsed = json.loads(value)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def public_access(reply: Reply) -> PublicAccess:
    """GetPublicAccessBlock."""
    switches = reply["PublicAccessBlockConfiguration"]
    return PublicAccess(
        block_acls=bool(switches.get("BlockPublicAcls")),
        ignore_acls=bool(switches.get("IgnorePublicAcls")),
        block_policy=bool(switches.get("BlockPublicPolicy")),
        restrict=bool(switches.get("RestrictPublicBuckets")),
    )


def encryption(reply: Reply) -> str | None:
    """The algorithm of GetBucketEncryption ("AES256", "aws:kms")."""
    rules = reply.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    defaults = (one.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for one in rules)
    return next((one for one in defaults if one), None)


def cors_rules(reply: Reply) -> tuple[CorsRule, ...]:
    """GetBucketCors."""
    return tuple(
        CorsRule(
            origins=tuple(one.get("AllowedOrigins", ())),
            methods=tuple(one.get("AllowedMethods", ())),
            headers=tuple(one.get("AllowedHeaders", ())),
            expose=tuple(one.get("ExposeHeaders", ())),
            max_age=one.get("MaxAgeSeconds"),
        )
        for one in reply.get("CORSRules", ())
    )


def stored_objects(reply: Reply) -> tuple[StoredObject, ...]:
    """One page of ListObjectVersions: versions and delete markers."""
    versions = (
        StoredObject(key=one["Key"], version_id=one.get("VersionId") or "null", size=int(one.get("Size", 0)))
        for one in reply.get("Versions", ())
    )
    markers = (
        StoredObject(key=one["Key"], version_id=one.get("VersionId") or "null", delete_marker=True)
        for one in reply.get("DeleteMarkers", ())
    )
    return (*versions, *markers)


def uploads(reply: Reply) -> tuple[Upload, ...]:
    """One page of ListMultipartUploads."""
    return tuple(Upload(key=one["Key"], upload_id=one["UploadId"]) for one in reply.get("Uploads", ()))
