"""The EC2 side of a look: VPCs and what is in them, by tag and by place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from clouds.facts import CLOUD_TAG, Vpc
from workers.aws import replies
from workers.aws.looks import Ask, Looks

Reader = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Listing:
    """One kind of resource: its fact, the call that lists it, the list's name, how a row is read."""

    fact: str
    action: str
    key: str
    read: Reader


GATEWAYS = Listing(
    "internet_gateways", "ec2:DescribeInternetGateways", "InternetGateways", replies.internet_gateway
)
INTERFACES = Listing(
    "interfaces", "ec2:DescribeNetworkInterfaces", "NetworkInterfaces", replies.network_interface
)
NATS = Listing("nat_gateways", "ec2:DescribeNatGateways", "NatGateways", replies.nat_gateway)
SUBNETS = Listing("subnets", "ec2:DescribeSubnets", "Subnets", replies.subnet)
GROUPS = Listing("security_groups", "ec2:DescribeSecurityGroups", "SecurityGroups", replies.security_group)
PARTS = (
    SUBNETS,
    Listing("route_tables", "ec2:DescribeRouteTables", "RouteTables", replies.route_table),
    Listing("vpc_endpoints", "ec2:DescribeVpcEndpoints", "VpcEndpoints", replies.vpc_endpoint),
    GROUPS,
)
_ID_FILTERS = {"subnets": "subnet-id", "security_groups": "group-id"}
_DNS = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}


@dataclass
class NetworkLook:
    """What was found so far, by id: two ways of asking find the same thing twice."""

    looks: Looks
    cloud_id: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    dns: dict[tuple[str, str], bool] = field(default_factory=dict)

    def region(self, *, zones: bool) -> list[Ask]:
        """Every VPC and internet gateway of the region, because quotas count them all; zones when asked."""
        asks: list[Ask] = [self._vpcs, partial(self._list, GATEWAYS, {})]
        return [*asks, self._zones] if zones else asks

    def tagged(self) -> list[Ask]:
        """What says that it belongs to the cloud, wherever it is."""
        mine = _filter(f"tag:{CLOUD_TAG}", [self.cloud_id])
        return [partial(self._list, part, mine) for part in PARTS]

    def inside(self, vpc_ids: frozenset[str], *, occupants: bool) -> list[Ask]:
        """What lies inside these VPCs, whoever made it; with `occupants` what would keep them from going."""
        if not vpc_ids:
            return []
        there = _filter("vpc-id", vpc_ids)
        asks: list[Ask] = [partial(self._list, part, there) for part in PARTS]
        if occupants:
            return [*asks, partial(self._list, INTERFACES, there), partial(self._instances, there)]
        return asks + [partial(self._attribute, one, name) for one in sorted(vpc_ids) for name in _DNS]

    def given(self, listing: Listing, ids: Iterable[str], names: Iterable[str]) -> list[Ask]:
        """What a customer named by id or by name; a security group has a name beside its tag."""
        ways = {_ID_FILTERS[listing.fact]: frozenset(ids), "tag:Name": frozenset(names)}
        if listing is GROUPS:
            ways["group-name"] = ways["tag:Name"]
        return [partial(self._list, listing, _filter(name, found)) for name, found in ways.items() if found]

    def nat_gateways(self, vpc_id: str) -> list[Ask]:
        """The NAT gateways inside a VPC."""
        return [partial(self._list, NATS, _filter("vpc-id", [vpc_id]))]

    def vpcs(self) -> tuple[Vpc, ...]:
        """All VPCs, with the DNS attributes of those that were asked for them."""
        return tuple(
            replace(
                one,
                dns_support=self.dns.get((one.id, "enableDnsSupport")),
                dns_hostnames=self.dns.get((one.id, "enableDnsHostnames")),
            )
            for one in self.all("vpcs")
        )

    def all(self, fact: str) -> tuple[Any, ...]:
        """Everything found of one kind, in one order whichever reply came first."""
        return tuple(item for _, item in sorted(self.rows.get(fact, {}).items()))

    def _vpcs(self) -> None:
        self._list(Listing("vpcs", "ec2:DescribeVpcs", "Vpcs", replies.vpc), {})

    def _zones(self) -> None:
        self._list(Listing("zones", "ec2:DescribeAvailabilityZones", "AvailabilityZones", replies.zone), {})

    def _list(self, listing: Listing, params: Mapping[str, Any]) -> None:
        found = [listing.read(row) for row in self.looks.rows(listing.action, params, listing.key)]
        self.rows.setdefault(listing.fact, {}).update({one.id: one for one in found})

    def _instances(self, there: Mapping[str, Any]) -> None:
        for reservation in self.looks.rows("ec2:DescribeInstances", there, "Reservations"):
            found = [replies.instance(row) for row in reservation["Instances"]]
            self.rows.setdefault("instances", {}).update({one.id: one for one in found})

    def _attribute(self, vpc_id: str, name: str) -> None:
        asked = {"VpcId": vpc_id, "Attribute": name}
        reply = self.looks.one("ec2:DescribeVpcAttribute", asked, subject=vpc_id)
        if reply is not None:
            self.dns[vpc_id, name] = bool(reply[_DNS[name]]["Value"])


def _filter(name: str, values: Iterable[str]) -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Values": sorted(values)}]}
