"""The EC2 of the small account in memory: what can be created in what, and what keeps it from going."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from typing import Any

from clouds.facts import (
    Association,
    InternetGateway,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
    Zone,
)

REGION = "eu-central-1"
ZONES = tuple(Zone(name=f"{REGION}{c}", id=f"euc1-az{n}") for c, n in zip("abc", (2, 3, 1), strict=True))


class RefusedError(Exception):
    """AWS said no; the text is its error code."""


@dataclass
class Things:
    """What exists in EC2. Ids are made from logical names, so that the order of calls does not show."""

    zones: tuple[Zone, ...] = ZONES
    things: dict[str, Any] = field(default_factory=dict)

    def all(self, kind: type) -> tuple[Any, ...]:
        found = (one for one in self.things.values() if isinstance(one, kind))
        return tuple(sorted(found, key=lambda one: one.id))

    def get(self, kind: type, identifier: str, code: str) -> Any:
        found = self.things.get(identifier)
        if not isinstance(found, kind):
            raise RefusedError(code)
        return found

    def add(self, prefix: str, tags: Mapping[str, str], make: Callable[[str], Any]) -> Any:
        name = f"{prefix}-{tags.get('raydock-name', 'foreign')}"
        number = next(n for n in range(1, 99) if f"{name}-{n}" not in self.things)
        made = make(f"{name}-{number}")
        self.things[made.id] = made
        return made


class Network(Things):
    """The EC2 calls."""

    def ec2_CreateVpc(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's names
        tags = _tags(params, "vpc")
        vpc = self.add(
            "vpc",
            tags,
            lambda made: Vpc(
                id=made, cidr=params["CidrBlock"], tags=tags, dns_support=True, dns_hostnames=False
            ),
        )
        self.things[f"rtb-main-{vpc.id}"] = RouteTable(
            id=f"rtb-main-{vpc.id}",
            vpc_id=vpc.id,
            associations=(Association(id=f"rtbassoc-main-{vpc.id}", main=True),),
            routes=(Route(destination=vpc.cidr, target="local"),),
        )
        self.things[f"sg-default-{vpc.id}"] = SecurityGroup(
            id=f"sg-default-{vpc.id}", name="default", vpc_id=vpc.id
        )
        return {"Vpc": {"VpcId": vpc.id}}

    def ec2_ModifyVpcAttribute(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcID.NotFound")
        changes = {"EnableDnsSupport": "dns_support", "EnableDnsHostnames": "dns_hostnames"}
        (name,) = changes.keys() & params.keys()
        if name == "EnableDnsHostnames" and not vpc.dns_support:
            raise RefusedError("InvalidParameterCombination")
        self.things[vpc.id] = replace(vpc, **{changes[name]: params[name]["Value"]})

    def ec2_CreateSubnet(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcID.NotFound")
        block = IPv4Network(params["CidrBlock"])
        if not block.subnet_of(IPv4Network(vpc.cidr)):
            raise RefusedError("InvalidSubnet.Range")
        if any(one.vpc_id == vpc.id and block.overlaps(IPv4Network(one.cidr)) for one in self.all(Subnet)):
            raise RefusedError("InvalidSubnet.Conflict")
        zone = next(one for one in self.zones if one.name == params["AvailabilityZone"])
        tags = _tags(params, "subnet")
        made = self.add(
            "subnet",
            tags,
            lambda made: Subnet(
                id=made,
                vpc_id=vpc.id,
                cidr=str(block),
                zone=zone.name,
                zone_id=zone.id,
                tags=tags,
                free_addresses=block.num_addresses - 5,
            ),
        )
        return {"Subnet": {"SubnetId": made.id}}

    def ec2_ModifySubnetAttribute(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        subnet = self.get(Subnet, params["SubnetId"], "InvalidSubnetID.NotFound")
        self.things[subnet.id] = replace(subnet, public_ips=params["MapPublicIpOnLaunch"]["Value"])

    def ec2_CreateInternetGateway(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        tags = _tags(params, "internet-gateway")
        made = self.add("igw", tags, lambda made: InternetGateway(id=made, tags=tags))
        return {"InternetGateway": {"InternetGatewayId": made.id}}

    def ec2_AttachInternetGateway(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        gateway = self.get(InternetGateway, params["InternetGatewayId"], "InvalidInternetGatewayID.NotFound")
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcID.NotFound")
        if gateway.vpc_ids:
            raise RefusedError("Resource.AlreadyAssociated")
        if any(vpc.id in one.vpc_ids for one in self.all(InternetGateway)):
            raise RefusedError("InvalidParameterValue")
        self.things[gateway.id] = replace(gateway, vpc_ids=(vpc.id,))

    def ec2_CreateRouteTable(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcID.NotFound")
        tags = _tags(params, "route-table")
        local = (Route(destination=vpc.cidr, target="local"),)
        made = self.add("rtb", tags, lambda made: RouteTable(id=made, vpc_id=vpc.id, routes=local, tags=tags))
        return {"RouteTable": {"RouteTableId": made.id}}

    def ec2_CreateRoute(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        self._route(params, present=False)

    def ec2_ReplaceRoute(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        self._route(params, present=True)

    def _route(self, params: Mapping[str, Any], *, present: bool) -> None:
        table = self.get(RouteTable, params["RouteTableId"], "InvalidRouteTableID.NotFound")
        gateway = self.get(InternetGateway, params["GatewayId"], "InvalidGatewayID.NotFound")
        if table.vpc_id not in gateway.vpc_ids:
            raise RefusedError("InvalidParameterValue")
        destination = params["DestinationCidrBlock"]
        if (table.route_to(destination) is not None) is not present:
            raise RefusedError("InvalidRoute.NotFound" if present else "RouteAlreadyExists")
        others = tuple(one for one in table.routes if one.destination != destination)
        route = Route(destination=destination, target=gateway.id)
        self.things[table.id] = replace(table, routes=(*others, route))

    def ec2_AssociateRouteTable(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        table = self.get(RouteTable, params["RouteTableId"], "InvalidRouteTableID.NotFound")
        subnet = self.get(Subnet, params["SubnetId"], "InvalidSubnetID.NotFound")
        if any(tie.subnet_id == subnet.id for one in self.all(RouteTable) for tie in one.associations):
            raise RefusedError("Resource.AlreadyAssociated")
        tie = Association(id=f"rtbassoc-{subnet.id}", subnet_id=subnet.id)
        ties = sorted((*table.associations, tie), key=lambda one: one.id)
        self.things[table.id] = replace(table, associations=tuple(ties))
        return {"AssociationId": tie.id}

    def ec2_CreateVpcEndpoint(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcId.NotFound")
        for one in params["RouteTableIds"]:
            self.get(RouteTable, one, "InvalidRouteTableId.NotFound")
        tags = _tags(params, "vpc-endpoint")
        made = self.add(
            "vpce",
            tags,
            lambda made: VpcEndpoint(
                id=made,
                vpc_id=vpc.id,
                service=params["ServiceName"],
                route_table_ids=tuple(params["RouteTableIds"]),
                tags=tags,
            ),
        )
        return {"VpcEndpoint": {"VpcEndpointId": made.id}}

    def ec2_ModifyVpcEndpoint(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        one = self.get(VpcEndpoint, params["VpcEndpointId"], "InvalidVpcEndpointId.NotFound")
        self.things[one.id] = replace(
            one, route_table_ids=(*one.route_table_ids, *params["AddRouteTableIds"])
        )

    def ec2_CreateSecurityGroup(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcID.NotFound")
        name = params["GroupName"]
        if any(one.name == name and one.vpc_id == vpc.id for one in self.all(SecurityGroup)):
            raise RefusedError("InvalidGroup.Duplicate")
        tags = _tags(params, "security-group")
        out = (Rule(protocol="-1", peer="0.0.0.0/0"),)
        made = self.add(
            "sg",
            tags,
            lambda made: SecurityGroup(id=made, name=name, vpc_id=vpc.id, egress=out, tags=tags),
        )
        return {"GroupId": made.id}

    def ec2_AuthorizeSecurityGroupIngress(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        self._authorize(params, "ingress")

    def ec2_AuthorizeSecurityGroupEgress(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        self._authorize(params, "egress")

    def _authorize(self, params: Mapping[str, Any], side: str) -> None:
        group = self.get(SecurityGroup, params["GroupId"], "InvalidGroup.NotFound")
        rules = [rule for one in params["IpPermissions"] for rule in _rules(one)]
        present = getattr(group, side)
        if any(rule in present for rule in rules):
            raise RefusedError("InvalidPermission.Duplicate")
        ordered = sorted((*present, *rules), key=lambda one: (one.peer, one.protocol))
        self.things[group.id] = replace(group, **{side: tuple(ordered)})

    def ec2_DisassociateRouteTable(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        wanted = params["AssociationId"]
        for table in self.all(RouteTable):
            left = tuple(one for one in table.associations if one.id != wanted)
            if len(left) != len(table.associations):
                self.things[table.id] = replace(table, associations=left)
                return
        raise RefusedError("InvalidAssociationID.NotFound")

    def ec2_DeleteRouteTable(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        table = self.get(RouteTable, params["RouteTableId"], "InvalidRouteTableID.NotFound")
        used = any(table.id in one.route_table_ids for one in self.all(VpcEndpoint))
        if table.associations or used:
            raise RefusedError("DependencyViolation")
        del self.things[table.id]

    def ec2_DeleteVpcEndpoints(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        for one in params["VpcEndpointIds"]:
            self.get(VpcEndpoint, one, "InvalidVpcEndpointId.NotFound")
            del self.things[one]
        return {"Unsuccessful": []}

    def ec2_DetachInternetGateway(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        gateway = self.get(InternetGateway, params["InternetGatewayId"], "InvalidInternetGatewayID.NotFound")
        if params["VpcId"] not in gateway.vpc_ids:
            raise RefusedError("Gateway.NotAttached")
        self.things[gateway.id] = replace(gateway, vpc_ids=())

    def ec2_DeleteInternetGateway(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        gateway = self.get(InternetGateway, params["InternetGatewayId"], "InvalidInternetGatewayID.NotFound")
        if gateway.vpc_ids:
            raise RefusedError("DependencyViolation")
        del self.things[gateway.id]
        for table in self.all(RouteTable):
            routes = tuple(
                replace(one, state="blackhole") if one.target == gateway.id else one for one in table.routes
            )
            self.things[table.id] = replace(table, routes=routes)

    def ec2_DeleteSubnet(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        subnet = self.get(Subnet, params["SubnetId"], "InvalidSubnetID.NotFound")
        del self.things[subnet.id]
        for table in self.all(RouteTable):
            left = tuple(one for one in table.associations if one.subnet_id != subnet.id)
            self.things[table.id] = replace(table, associations=left)

    def ec2_DeleteSecurityGroup(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        group = self.get(SecurityGroup, params["GroupId"], "InvalidGroup.NotFound")
        del self.things[group.id]

    def ec2_DeleteVpc(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        vpc = self.get(Vpc, params["VpcId"], "InvalidVpcID.NotFound")
        inside = (
            *self.all(Subnet),
            *self.all(VpcEndpoint),
            *(one for one in self.all(RouteTable) if not one.is_main),
            *(one for one in self.all(SecurityGroup) if one.name != "default"),
        )
        attached = any(vpc.id in one.vpc_ids for one in self.all(InternetGateway))
        if attached or any(one.vpc_id == vpc.id for one in inside):
            raise RefusedError("DependencyViolation")
        for one in [vpc.id, f"rtb-main-{vpc.id}", f"sg-default-{vpc.id}"]:
            del self.things[one]


def pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in tags}


def _tags(params: Mapping[str, Any], kind: str) -> dict[str, str]:
    for one in params.get("TagSpecifications", ()):
        if one["ResourceType"] != kind:
            raise RefusedError("InvalidParameterValue")
        return pairs(one["Tags"])
    return {}


def _rules(permission: Mapping[str, Any]) -> list[Rule]:
    ports = {"from_port": permission.get("FromPort"), "to_port": permission.get("ToPort")}
    peers = [one["CidrIp"] for one in permission.get("IpRanges", ())]
    peers += [one["GroupId"] for one in permission.get("UserIdGroupPairs", ())]
    return [Rule(protocol=permission["IpProtocol"], peer=peer, **ports) for peer in peers]
