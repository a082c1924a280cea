"""The network of a cloud: VPC, subnets, gateway, routes, S3 endpoint and security group.

The longest chain is three calls (VPC, subnet, association), whatever the number of zones. Which call needs
which: Amazon VPC User Guide, "Create a VPC", and the API reference of each call.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from clouds.facts import Rule, SecurityGroup
from clouds.planning.steps import Step, Token
from clouds.planning.survey import ANYWHERE, Survey, kind_of, result_of, subnet_name

HTTPS = 443

_NOT_YET = (
    "InvalidVpcID.NotFound",
    "InvalidVpcId.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidGatewayID.NotFound",
    "InvalidGroup.NotFound",
)


def network_steps(survey: Survey) -> Iterator[Step]:
    """Every step that the network still lacks."""
    yield from _vpc(survey)
    yield from _gateway(survey)
    yield from _routes(survey)
    for zone in survey.zones:
        yield from _subnet(survey, zone.id, zone.name)
    yield from _endpoint(survey)
    yield from _group(survey)


def _vpc(survey: Survey) -> Iterator[Step]:
    yield from _create(
        survey,
        "vpc",
        "ec2:CreateVpc",
        {"CidrBlock": str(survey.network)},
        f"Create the VPC {survey.network}",
        tag_kind="vpc",
    )
    # AWS makes VPCs with DNS support on and host names off.
    support = survey.vpc.dns_support if survey.vpc else True
    hostnames = survey.vpc.dns_hostnames if survey.vpc else False
    if support is False:
        yield _attribute(survey, "vpc-dns-support", "EnableDnsSupport", "Turn DNS on in the VPC")
    if hostnames is False:
        after = ("vpc-dns-support",) if support is False else ()
        yield _attribute(
            survey, "vpc-dns-hostnames", "EnableDnsHostnames", "Give machines in the VPC DNS names", after
        )


def _attribute(survey: Survey, name: str, attribute: str, sentence: str, after: tuple[str, ...] = ()) -> Step:
    return _change(
        survey,
        name,
        "ec2:ModifyVpcAttribute",
        {"VpcId": survey.handle("vpc"), attribute: {"Value": True}},
        sentence,
        resource="vpc",
        needs=survey.needs("vpc").union(after),
    )


def _gateway(survey: Survey) -> Iterator[Step]:
    yield from _create(
        survey,
        "internet-gateway",
        "ec2:CreateInternetGateway",
        {},
        "Create the internet gateway",
        tag_kind="internet-gateway",
    )
    if not _attached(survey):
        yield _change(
            survey,
            "internet-gateway-attachment",
            "ec2:AttachInternetGateway",
            {"InternetGatewayId": survey.handle("internet-gateway"), "VpcId": survey.handle("vpc")},
            "Attach the internet gateway to the VPC",
            resource="internet-gateway",
            needs=survey.needs("internet-gateway", "vpc"),
            settled=("Resource.AlreadyAssociated",),
        )


def _attached(survey: Survey) -> bool:
    return bool(survey.gateway and survey.vpc_id and survey.vpc_id in survey.gateway.vpc_ids)


def _routes(survey: Survey) -> Iterator[Step]:
    yield from _create(
        survey,
        "route-table",
        "ec2:CreateRouteTable",
        {"VpcId": survey.handle("vpc")},
        "Create the public route table",
        tag_kind="route-table",
        needs=survey.needs("vpc"),
        with_token=True,
    )
    present = survey.table.route_to(ANYWHERE) if survey.table else None
    good = present and survey.gateway and present.target == survey.gateway.id and present.state == "active"
    if not good:
        # A gateway can only be routed to from the VPC that it is attached to.
        attachment = () if _attached(survey) else ("internet-gateway-attachment",)
        yield _change(
            survey,
            "default-route",
            "ec2:ReplaceRoute" if present else "ec2:CreateRoute",
            {
                "RouteTableId": survey.handle("route-table"),
                "DestinationCidrBlock": ANYWHERE,
                "GatewayId": survey.handle("internet-gateway"),
            },
            "Route everything else (0.0.0.0/0) to the internet gateway",
            resource="route-table",
            needs=survey.needs("route-table", "internet-gateway").union(attachment),
        )


def _subnet(survey: Survey, zone_id: str, zone: str) -> Iterator[Step]:
    name = subnet_name(zone_id)
    block = survey.ranges.get(zone_id)
    present = survey.subnets.get(zone_id)
    if present is None and block is None:
        return
    yield from _create(
        survey,
        name,
        "ec2:CreateSubnet",
        {"VpcId": survey.handle("vpc"), "CidrBlock": str(block), "AvailabilityZone": zone},
        f"Create the subnet {block} in {zone}",
        tag_kind="subnet",
        needs=survey.needs("vpc"),
    )
    if present is None or not present.public_ips:
        yield _change(
            survey,
            f"{name}-public-ips",
            "ec2:ModifySubnetAttribute",
            {"SubnetId": survey.handle(name), "MapPublicIpOnLaunch": {"Value": True}},
            f"Give machines in {zone} public addresses",
            resource=name,
            needs=survey.needs(name),
        )
    ties = survey.table.associations if survey.table else ()
    if present is None or present.id not in {one.subnet_id for one in ties}:
        yield _change(
            survey,
            f"{name}-route-table",
            "ec2:AssociateRouteTable",
            {"SubnetId": survey.handle(name), "RouteTableId": survey.handle("route-table")},
            f"Use the public route table in {zone}",
            resource=name,
            needs=survey.needs(name, "route-table"),
        )


def _endpoint(survey: Survey) -> Iterator[Step]:
    yield from _create(
        survey,
        "s3-endpoint",
        "ec2:CreateVpcEndpoint",
        {
            "VpcId": survey.handle("vpc"),
            "VpcEndpointType": "Gateway",
            "ServiceName": f"com.amazonaws.{survey.spec.region}.s3",
            "RouteTableIds": [survey.handle("route-table")],
        },
        "Create the S3 gateway endpoint, so that traffic to S3 stays inside AWS",
        tag_kind="vpc-endpoint",
        needs=survey.needs("vpc", "route-table"),
        with_token=True,
    )
    if survey.endpoint and survey.adopted.get("route-table") not in survey.endpoint.route_table_ids:
        yield _change(
            survey,
            "s3-endpoint-route-table",
            "ec2:ModifyVpcEndpoint",
            {"VpcEndpointId": survey.endpoint.id, "AddRouteTableIds": [survey.handle("route-table")]},
            "Use the S3 gateway endpoint in the public route table",
            resource="s3-endpoint",
            needs=survey.needs("route-table"),
        )


def _group(survey: Survey) -> Iterator[Step]:
    yield from _create(
        survey,
        "security-group",
        "ec2:CreateSecurityGroup",
        {
            "GroupName": survey.spec.security_group_name,
            "Description": f"Raydock cloud {survey.spec.name}: clusters and their users",
            "VpcId": survey.handle("vpc"),
        },
        "Create the security group; it starts with all traffic out",
        tag_kind="security-group",
        needs=survey.needs("vpc"),
    )
    group = survey.handle("security-group")
    if not (survey.group and covers_all(survey.group.ingress, survey.group.id)):
        permission: dict[str, Any] = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        sentence = "Let machines of the group reach each other on every port"
        yield _rule(survey, "self", "Ingress", permission, sentence)
    if missing := missing_https(survey.spec.ingress_cidrs, survey.group):
        permission = {
            "IpProtocol": "tcp",
            "FromPort": HTTPS,
            "ToPort": HTTPS,
            "IpRanges": [{"CidrIp": one, "Description": "Raydock: HTTPS to clusters"} for one in missing],
        }
        yield _rule(
            survey,
            "https",
            "Ingress",
            permission,
            f"Let {', '.join(missing)} reach port 443",
            settles=len(missing) == 1,
        )
    if survey.group and not covers_all(survey.group.egress, ANYWHERE):
        permission = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
        yield _rule(survey, "out", "Egress", permission, "Let machines of the group reach everything")


def covers_all(rules: tuple[Rule, ...], peer: str) -> bool:
    """True when a rule lets all protocols through to or from exactly this peer."""
    return any(one.protocol == "-1" and one.peer == peer for one in rules)


def missing_https(cidrs: tuple[str, ...], group: SecurityGroup | None) -> tuple[str, ...]:
    """The ranges among `cidrs` that no rule of the group lets in on port 443."""
    rules = group.ingress if group else ()
    open_to = [ip_network(one.peer) for one in rules if "." in one.peer and one.covers("tcp", HTTPS)]
    ranges = [one for one in open_to if isinstance(one, IPv4Network)]
    return tuple(one for one in cidrs if not any(IPv4Network(one).subnet_of(other) for other in ranges))


def _rule(
    survey: Survey,
    name: str,
    direction: str,
    permission: Mapping[str, Any],
    sentence: str,
    *,
    settles: bool = True,
) -> Step:
    # With several ranges in one call, "duplicate" only says that one of them is there: look again then.
    return _change(
        survey,
        f"security-group-{name}",
        f"ec2:AuthorizeSecurityGroup{direction}",
        {"GroupId": survey.handle("security-group"), "IpPermissions": [permission]},
        sentence,
        resource="security-group",
        needs=survey.needs("security-group"),
        settled=("InvalidPermission.Duplicate",) if settles else (),
    )


def _create(
    survey: Survey,
    logical: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    *,
    tag_kind: str,
    needs: frozenset[str] = frozenset(),
    with_token: bool = False,
) -> Iterator[Step]:
    if logical in survey.adopted:
        return
    tags = [{"Key": key, "Value": value} for key, value in survey.spec.tags(logical).items()]
    specification = {"TagSpecifications": [{"ResourceType": tag_kind, "Tags": tags}]}
    once = {"ClientToken": _token(survey, logical)} if with_token else {}
    yield Step(
        name=logical,
        action=action,
        params={**params, **specification, **once},
        resource=logical,
        kind=kind_of(logical),
        sentence=sentence,
        needs=needs,
        result=result_of(logical),
        token_param="ClientToken" if with_token else None,
        not_yet=_NOT_YET,
    )


def _token(survey: Survey, logical: str) -> Token:
    """One token for one resource in one place: with other parameters AWS would refuse it for ever."""
    place: tuple[str | Ref, ...] = (survey.handle("vpc"),)
    if logical == "s3-endpoint":
        place = (*place, survey.handle("route-table"))
    return Token(seed=f"{survey.spec.cloud_id}/{logical}/{survey.salt}", parts=place)


def _change(
    survey: Survey,
    name: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    *,
    resource: str,
    needs: frozenset[str],
    settled: tuple[str, ...] = (),
) -> Step:
    return Step(
        name=name,
        action=action,
        params=params,
        resource=resource,
        kind=kind_of(resource),
        sentence=sentence,
        needs=needs,
        settled=settled,
        not_yet=_NOT_YET,
    )
