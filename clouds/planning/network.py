"""The network of a cloud: VPC, subnets, gateway, routes, S3 endpoint and security group.

The longest chain is three calls (VPC, subnet, association), whatever the number of zones. Which call needs
which: Amazon VPC User Guide, "Create a VPC", and the API reference of each call.
"""

from collections.abc import Iterator

from clouds.planning.building import change, creation
from clouds.planning.security_group import group_steps
from clouds.planning.steps import Step
from clouds.planning.survey import ANYWHERE, Survey, subnet_name


def network_steps(survey: Survey) -> Iterator[Step]:
    """Every step that the network still lacks."""
    yield from _vpc(survey)
    yield from _gateway(survey)
    yield from _routes(survey)
    for zone in survey.zones:
        yield from _subnet(survey, zone.id, zone.name)
    yield from _endpoint(survey)
    yield from group_steps(survey)


def _vpc(survey: Survey) -> Iterator[Step]:
    yield from creation(
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
    return change(
        survey,
        name,
        "ec2:ModifyVpcAttribute",
        {"VpcId": survey.handle("vpc"), attribute: {"Value": True}},
        sentence,
        resource="vpc",
        needs=survey.needs("vpc").union(after),
    )


def _gateway(survey: Survey) -> Iterator[Step]:
    yield from creation(
        survey,
        "internet-gateway",
        "ec2:CreateInternetGateway",
        {},
        "Create the internet gateway",
        tag_kind="internet-gateway",
    )
    if not _attached(survey):
        yield change(
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
    yield from creation(
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
        yield change(
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
    yield from creation(
        survey,
        name,
        "ec2:CreateSubnet",
        {"VpcId": survey.handle("vpc"), "CidrBlock": str(block), "AvailabilityZone": zone},
        f"Create the subnet {block} in {zone}",
        tag_kind="subnet",
        needs=survey.needs("vpc"),
    )
    if present is None or not present.public_ips:
        yield change(
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
        yield change(
            survey,
            f"{name}-route-table",
            "ec2:AssociateRouteTable",
            {"SubnetId": survey.handle(name), "RouteTableId": survey.handle("route-table")},
            f"Use the public route table in {zone}",
            resource=name,
            needs=survey.needs(name, "route-table"),
        )


def _endpoint(survey: Survey) -> Iterator[Step]:
    yield from creation(
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
        yield change(
            survey,
            "s3-endpoint-route-table",
            "ec2:ModifyVpcEndpoint",
            {"VpcEndpointId": survey.endpoint.id, "AddRouteTableIds": [survey.handle("route-table")]},
            "Use the S3 gateway endpoint in the public route table",
            resource="s3-endpoint",
            needs=survey.needs("route-table"),
        )
