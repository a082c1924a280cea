"""What of the cloud is already there, and which of it is adopted.

Adoption is stable: of two resources with the same part to play (a create call whose reply was lost, made
again), the one that the rest of the network already hangs on is taken, then the one with the lowest id.
The other carries the cloud's tag too, so a delete finds it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network

from clouds.facts import (
    Bucket,
    Facts,
    InstanceProfile,
    InternetGateway,
    Role,
    RouteTable,
    SecurityGroup,
    Subnet,
    Tagged,
    Vpc,
    VpcEndpoint,
    Zone,
)
from clouds.planning.registered import given
from clouds.planning.steps import Ref
from clouds.specs import CloudSpec

GOING = frozenset({"deleting", "deleted", "failed", "rejected", "expired"})
ANYWHERE = "0.0.0.0/0"

KINDS = {
    "vpc": "AWS::EC2::VPC",
    "internet-gateway": "AWS::EC2::InternetGateway",
    "route-table": "AWS::EC2::RouteTable",
    "s3-endpoint": "AWS::EC2::VPCEndpoint",
    "security-group": "AWS::EC2::SecurityGroup",
    "cluster-role": "AWS::IAM::Role",
    "instance-profile": "AWS::IAM::InstanceProfile",
    "bucket": "AWS::S3::Bucket",
}
SUBNET = "AWS::EC2::Subnet"

RESULTS = {
    "vpc": "Vpc.VpcId",
    "internet-gateway": "InternetGateway.InternetGatewayId",
    "route-table": "RouteTable.RouteTableId",
    "s3-endpoint": "VpcEndpoint.VpcEndpointId",
    "security-group": "GroupId",
    "cluster-role": "Role.RoleName",
    "instance-profile": "InstanceProfile.InstanceProfileName",
}


def kind_of(logical: str) -> str:
    """The CloudFormation type of a logical name."""
    return KINDS.get(logical, SUBNET)


def result_of(logical: str) -> str | None:
    """Where the reply of the create call holds the id; None for a bucket, whose name is its id."""
    return RESULTS.get(logical, "Subnet.SubnetId") if logical != "bucket" else None


def subnet_name(zone_id: str) -> str:
    """The logical name of the subnet in this zone; zone ids mean the same place in every account."""
    return f"subnet-{zone_id}"


@dataclass(frozen=True)
class Survey:
    """One look at the account with one cloud in mind."""

    spec: CloudSpec
    facts: Facts
    salt: str = ""

    def ours(self, one: Tagged, logical: str = "") -> bool:
        """True when the resource carries this cloud's tag (and this logical name, or none).

        Of a registered cloud it is what the customer gave, whatever its tags say.
        """
        if self.spec.registered:
            return given(self.spec.registration, one)
        return one.cloud_id == self.spec.cloud_id and (not logical or one.logical_name in {"", logical})

    @cached_property
    def vpc(self) -> Vpc | None:
        """The VPC to build in: the one that most of the cloud already hangs on, then the lowest id."""
        found = [one for one in self.facts.vpcs if self.ours(one, "vpc") and one.state not in GOING]
        return min(found, key=lambda one: (-self._weight(one.id), one.id), default=None)

    def _weight(self, vpc_id: str) -> int:
        inside: Iterable[Subnet | RouteTable | SecurityGroup | VpcEndpoint] = (
            *self.facts.subnets,
            *self.facts.route_tables,
            *self.facts.security_groups,
            *self.facts.vpc_endpoints,
        )
        gateways = sum(vpc_id in one.vpc_ids for one in self.facts.internet_gateways if self.ours(one))
        return gateways + sum(one.vpc_id == vpc_id for one in inside if self.ours(one))

    @cached_property
    def vpc_id(self) -> str:
        """The id of the VPC, or an empty string."""
        return self.vpc.id if self.vpc else ""

    @cached_property
    def gateway(self) -> InternetGateway | None:
        """The internet gateway: attached to our VPC, else free."""
        found = [
            one
            for one in self.facts.internet_gateways
            if self.ours(one, "internet-gateway") and set(one.vpc_ids) <= {self.vpc_id}
        ]
        return min(found, key=lambda one: (not one.vpc_ids, one.id), default=None)

    @cached_property
    def table(self) -> RouteTable | None:
        """The public route table of our VPC: the one with most associations, then the lowest id."""
        found = [
            one
            for one in self.facts.route_tables
            if self.ours(one, "route-table") and one.vpc_id == self.vpc_id and not one.is_main
        ]
        return min(found, key=lambda one: (-len(one.associations), one.id), default=None)

    @cached_property
    def endpoint(self) -> VpcEndpoint | None:
        """The S3 gateway endpoint of our VPC."""
        found = [
            one
            for one in self.facts.vpc_endpoints
            if self.ours(one, "s3-endpoint") and one.vpc_id == self.vpc_id and one.state not in GOING
        ]
        return min(found, key=lambda one: (-len(one.route_table_ids), one.id), default=None)

    @cached_property
    def group(self) -> SecurityGroup | None:
        """The clusters' security group in our VPC."""
        found = [
            one
            for one in self.facts.security_groups
            if self.ours(one, "security-group")
            and one.vpc_id == self.vpc_id
            and (self.spec.registered or one.name != "default")
        ]
        return min(found, key=lambda one: one.id, default=None)

    @cached_property
    def groups(self) -> tuple[SecurityGroup, ...]:
        """All groups that nodes bear: those that a customer gave, else the cloud's one."""
        if not self.spec.registered:
            return (self.group,) if self.group else ()
        inside = (one for one in self.facts.security_groups if one.vpc_id == self.vpc_id)
        return tuple(sorted((one for one in inside if self.ours(one)), key=lambda one: one.id))

    @cached_property
    def subnets(self) -> Mapping[str, Subnet]:
        """Zone id -> our subnet there; of two in one zone the one that is routed, then the lowest id."""
        routed = {one.subnet_id for one in (self.table.associations if self.table else ())}
        best: dict[str, Subnet] = {}
        for one in sorted(self.facts.subnets, key=lambda one: (one.id not in routed, one.id)):
            if self.ours(one, subnet_name(one.zone_id)) and one.vpc_id == self.vpc_id:
                best.setdefault(one.zone_id, one)
        return best

    @cached_property
    def role(self) -> Role | None:
        """The cluster role, when it is ours."""
        found = self.facts.role(self.spec.cluster_role_name)
        return found if found and self.ours(found) else None

    @cached_property
    def profile(self) -> InstanceProfile | None:
        """The instance profile, when it is ours."""
        found = self.facts.profile(self.spec.profile_name)
        return found if found and self.ours(found) else None

    @cached_property
    def bucket(self) -> Bucket | None:
        """The bucket, when it is ours.

        S3 tags a bucket only after creating it: one with the cloud's own name in the cloud's own account
        and no tag at all is ours, half made.
        """
        found = self.facts.bucket
        if found is None or found.name != self.spec.bucket_name:
            return None
        return found if self.ours(found) or not found.tags else None

    @cached_property
    def adopted(self) -> Mapping[str, str]:
        """Logical name -> id of everything that is already there and will be used."""
        parts: Mapping[str, Vpc | InternetGateway | RouteTable | VpcEndpoint | SecurityGroup | Subnet | None]
        parts = {
            "vpc": self.vpc,
            "internet-gateway": self.gateway,
            "route-table": self.table,
            "s3-endpoint": self.endpoint,
            "security-group": self.group,
            **{subnet_name(zone_id): one for zone_id, one in self.subnets.items()},
        }
        named = {"cluster-role": self.role, "instance-profile": self.profile, "bucket": self.bucket}
        return {name: one.id for name, one in parts.items() if one} | {
            name: one.name for name, one in named.items() if one
        }

    def handle(self, logical: str) -> str | Ref:
        """The id of the resource, or the place in the create call's reply where it will stand."""
        if logical in self.adopted:
            return self.adopted[logical]
        return Ref(logical, result_of(logical) or "")

    def needs(self, *logical: str) -> frozenset[str]:
        """The create steps among these logical names that the plan will hold."""
        return frozenset(name for name in logical if name not in self.adopted)

    @cached_property
    def network(self) -> IPv4Network:
        """The range of the VPC, as it is or as it will be."""
        return IPv4Network(self.vpc.cidr if self.vpc else self.spec.vpc_cidr)

    @cached_property
    def blocks(self) -> tuple[IPv4Network, ...]:
        """The ranges that subnets are cut from."""
        return tuple(self.network.subnets(new_prefix=max(self.spec.subnet_prefix, self.network.prefixlen)))

    @cached_property
    def zones(self) -> tuple[Zone, ...]:
        """The zones that hold, or will hold, a subnet: those that have one first, then by zone id."""
        usable = sorted(usable_zones(self.facts), key=lambda one: (one.id not in self.subnets, one.id))
        wanted = self.spec.zones or len(self.blocks)
        return tuple(usable[: max(min(wanted, len(self.blocks)), len(self.subnets))])

    @cached_property
    def ranges(self) -> Mapping[str, IPv4Network]:
        """Zone id -> range of each subnet that is still to be made.

        The same zone always asks for the same range first: when a create call's reply was lost, making
        the call again meets AWS's own refusal of overlapping ranges instead of a second subnet.
        """
        taken = [IPv4Network(one.cidr) for one in self.facts.subnets if one.vpc_id == self.vpc_id]
        ranks = {one.id: rank for rank, one in enumerate(sorted(self.facts.zones, key=lambda one: one.id))}
        found: dict[str, IPv4Network] = {}
        for zone in self.zones:
            first = ranks[zone.id] % len(self.blocks)
            in_turn = (*self.blocks[first:], *self.blocks[:first])
            free = (one for one in in_turn if not any(one.overlaps(other) for other in taken))
            block = next(free, None) if zone.id not in self.subnets else None
            if block:
                found[zone.id] = block
                taken.append(block)
        return found


def usable_zones(facts: Facts) -> tuple[Zone, ...]:
    """The zones that can hold a subnet now."""
    return tuple(
        one
        for one in facts.zones
        if one.state == "available" and one.kind == "availability-zone" and one.opt_in != "not-opted-in"
    )
