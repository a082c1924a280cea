"""What was seen of EC2: the network of a cloud, and what runs in it. See `clouds.facts`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CLOUD_TAG = "raydock-cloud-id"
LOGICAL_TAG = "raydock-name"


class Tagged:
    """A resource that carries tags; says whose it is."""

    tags: Mapping[str, str]

    @property
    def cloud_id(self) -> str:
        """The cloud that the resource says it belongs to, or an empty string."""
        return self.tags.get(CLOUD_TAG, "")

    @property
    def logical_name(self) -> str:
        """The name of the resource inside its cloud ("vpc", "subnet-use1-az1"), or an empty string."""
        return self.tags.get(LOGICAL_TAG, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """One availability zone. Only state "available" and kind "availability-zone" can hold our subnets."""

    name: str
    id: str
    state: str = "available"
    kind: str = "availability-zone"
    opt_in: str = "opt-in-not-required"


@dataclass(frozen=True, kw_only=True)
class Vpc(Tagged):
    """A VPC. DNS attributes are None when DescribeVpcAttribute was refused or not asked."""

    id: str
    cidr: str
    tags: Mapping[str, str] = field(default_factory=dict)
    state: str = "available"
    is_default: bool = False
    dns_support: bool | None = None
    dns_hostnames: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Subnet(Tagged):
    """A subnet; `free_addresses` is a count, `public_ips` is MapPublicIpOnLaunch."""

    id: str
    vpc_id: str
    cidr: str
    zone: str
    zone_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    free_addresses: int | None = None
    public_ips: bool = False
    state: str = "available"


@dataclass(frozen=True, kw_only=True)
class InternetGateway(Tagged):
    """An internet gateway and the VPCs that it is attached (or attaching) to."""

    id: str
    vpc_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NatGateway(Tagged):
    """A NAT gateway. Only state "available" lets anything out; kind "private" leads to no internet."""

    id: str
    vpc_id: str
    subnet_id: str
    state: str = "available"
    kind: str = "public"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route. `target` is the gateway, NAT, transit, interface, prefix endpoint… id, or "local"."""

    destination: str
    target: str
    state: str = "active"


@dataclass(frozen=True, kw_only=True)
class Association:
    """A route table association; `subnet_id` is None for the main one and for gateways."""

    id: str
    subnet_id: str | None = None
    main: bool = False
    state: str = "associated"


@dataclass(frozen=True, kw_only=True)
class RouteTable(Tagged):
    """A route table with its routes and associations."""

    id: str
    vpc_id: str
    routes: tuple[Route, ...] = ()
    associations: tuple[Association, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_main(self) -> bool:
        """True for the table that AWS made with the VPC; it goes with the VPC and is never ours."""
        return any(one.main for one in self.associations)

    def route_to(self, destination: str) -> Route | None:
        """The route for exactly this destination, or None."""
        return next((one for one in self.routes if one.destination == destination), None)


@dataclass(frozen=True, kw_only=True)
class VpcEndpoint(Tagged):
    """A VPC endpoint; `state` is lower case ("available", "pending", "deleting", "deleted")."""

    id: str
    vpc_id: str
    service: str
    kind: str = "Gateway"
    state: str = "available"
    route_table_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One security group rule for one source (ingress) or destination (egress).

    `protocol` is "-1" for all, "tcp", "udp"…; ports are None for all. `peer` is a CIDR (4 or 6),
    a security group id or a prefix list id: one Rule per peer, as AWS counts them.
    """

    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    peer: str = ""

    def covers(self, protocol: str, port: int | None) -> bool:
        """True when this rule lets `protocol` (and, when not None, TCP/UDP `port`) through."""
        if self.protocol == "-1":
            return True
        if protocol != self.protocol or port is None:
            return False
        low, high = self.from_port, self.to_port
        return low is None or high is None or low == -1 or low <= port <= high


@dataclass(frozen=True, kw_only=True)
class SecurityGroup(Tagged):
    """A security group with its flattened rules."""

    id: str
    name: str
    vpc_id: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NetworkInterface(Tagged):
    """A network interface in one of our VPCs, or one that uses one of our security groups."""

    id: str
    vpc_id: str
    subnet_id: str
    group_ids: tuple[str, ...] = ()
    status: str = "in-use"
    kind: str = "interface"
    description: str = ""
    requester: str = ""
    instance_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Instance(Tagged):
    """An EC2 instance in one of our VPCs, or one that carries the cloud's tag."""

    id: str
    state: str
    kind: str = ""
    vpc_id: str = ""
    subnet_id: str = ""
    profile_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
