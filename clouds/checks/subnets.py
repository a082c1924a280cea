"""Are there enough public subnets, one per zone, large enough, with a way to the internet?

Amazon VPC User Guide, "Subnet route tables": an explicit association counts, else the main table.
"""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network

from clouds.checks.asking import Answer, Case, Check
from clouds.facts import RouteTable, Subnet
from clouds.planning.survey import ANYWHERE
from clouds.specs import LEAST_ZONES, SMALLEST_SUBNET

FREE = 50
_RESERVED = 5  # AWS keeps five addresses of each subnet for itself.


def _mine(case: Case) -> list[Subnet]:
    """Every subnet with the cloud's tag, those that set-up would not adopt included."""
    return sorted((one for one in case.facts.subnets if case.survey.ours(one)), key=lambda one: one.id)


def _in_vpc_ones(case: Case) -> list[Subnet]:
    return [one for one in _mine(case) if one.vpc_id == case.survey.vpc_id]


def _exist(case: Case) -> Iterator[Answer]:
    found = _mine(case)
    if case.survey.vpc is None:
        return
    yield Answer(
        good=bool(found),
        subject=case.survey.vpc_id,
        observed=f"{', '.join(one.id for one in found)}." if found else "No subnet carries the cloud's tag.",
        expected="Subnets with the cloud's tag.",
        fix="Run set-up again: it makes what is missing.",
        console_path="VPC > Subnets",
    )


def _in_vpc(case: Case) -> Iterator[Answer]:
    for one in _mine(case) if case.survey.vpc else ():
        yield Answer(
            good=one.vpc_id == case.survey.vpc_id,
            subject=one.id,
            observed=f"{one.id} is in {one.vpc_id}.",
            expected=f"It is in the cloud's VPC, {case.survey.vpc_id}.",
            fix=f"A subnet cannot move. Delete {one.id} when nothing uses it, and run set-up again.",
            cli=f"aws ec2 delete-subnet --subnet-id {one.id} {case.region}",
            terraform="aws_subnet.vpc_id",
            console_path=f"VPC > Subnets > {one.id}",
        )


def _count(case: Case) -> Iterator[Answer]:
    if case.survey.vpc:
        found = len(_in_vpc_ones(case))
        yield Answer(
            good=found >= LEAST_ZONES,
            subject=case.survey.vpc_id,
            observed=f"{found} subnet{'' if found == 1 else 's'}.",
            expected=f"At least {LEAST_ZONES} subnets.",
            detail="With one subnet, one zone that fails or is out of capacity stops everything.",
            fix="Run set-up again: it makes a subnet in each zone that lacks one.",
            terraform="aws_subnet (one per zone)",
            console_path="VPC > Subnets > Create subnet",
        )


def _zones(case: Case) -> Iterator[Answer]:
    found = _in_vpc_ones(case)
    if not found:
        return
    per_zone = Counter(one.zone for one in found)
    twice = sorted(zone for zone, count in per_zone.items() if count > 1)
    extra = [one.id for one in found if one.zone in twice]
    expected = f"At most one public subnet in a zone, and at least {LEAST_ZONES} zones."
    if twice:
        yield Answer(
            good=False,
            subject=case.survey.vpc_id,
            observed=f"{', '.join(extra)} share {', '.join(twice)}.",
            expected=expected,
            detail="Load balancers take one subnet per zone, and placement counts zones by subnet.",
            fix=f"Keep one subnet in {', '.join(twice)} and delete the other when nothing uses it.",
            cli=f"aws ec2 delete-subnet --subnet-id <one of {', '.join(extra)}> {case.region}",
            terraform="aws_subnet.availability_zone",
            console_path="VPC > Subnets",
        )
        return
    yield Answer(
        good=len(per_zone) >= LEAST_ZONES,
        soft=True,
        subject=case.survey.vpc_id,
        observed=f"Subnets in {', '.join(sorted(per_zone))}.",
        expected=expected,
        fix="Run set-up again with more zones.",
        terraform="aws_subnet.availability_zone",
        console_path="VPC > Subnets > Create subnet",
    )


def _cidr(case: Case) -> Iterator[Answer]:
    for one in _in_vpc_ones(case):
        length = IPv4Network(one.cidr).prefixlen
        yield Answer(
            good=length <= SMALLEST_SUBNET,
            subject=one.id,
            observed=f"{one.cidr} has {2 ** (32 - length) - _RESERVED:,} usable addresses.",
            expected=f"/{SMALLEST_SUBNET} or larger (1,019 usable addresses).",
            fix="A subnet cannot grow. Add a larger one in this zone and delete this one, "
            "or set up a new cloud with a larger range.",
            terraform="aws_subnet.cidr_block",
            console_path=f"VPC > Subnets > {one.id}",
        )


def _free(case: Case) -> Iterator[Answer]:
    for one in _in_vpc_ones(case):
        if one.free_addresses is None:
            continue
        yield Answer(
            good=one.free_addresses >= FREE,
            subject=one.id,
            observed=f"{one.free_addresses:,} free addresses.",
            expected=f"At least {FREE} free addresses.",
            detail="A cluster that grows takes one address per node and fails when there is none.",
            fix="Stop what is not needed in this subnet, or let clusters use another zone.",
            cli=f"aws ec2 describe-network-interfaces --filters Name=subnet-id,Values={one.id} {case.region}",
            console_path=f"VPC > Subnets > {one.id}",
        )


def _table_of(case: Case, subnet: Subnet) -> tuple[RouteTable | None, bool]:
    """The route table that counts for a subnet, and whether it is tied to it explicitly."""
    main = None
    for table in case.facts.route_tables:
        if table.vpc_id == subnet.vpc_id:
            if any(tie.subnet_id == subnet.id for tie in table.associations):
                return table, True
            main = table if table.is_main else main
    return main, False


def _routes(case: Case) -> Iterator[Answer]:
    expected = "0.0.0.0/0 goes to an attached internet gateway, and machines get public addresses."
    for one in _in_vpc_ones(case):
        table, explicit = _table_of(case, one)
        wrong, fix, cli = _route_trouble(case, table)
        if not one.public_ips:
            wrong.append("machines get no public address")
            fix.append("turn on public IPv4 addresses for the subnet")
            cli.append(
                f"aws ec2 modify-subnet-attribute --subnet-id {one.id} "
                f"--map-public-ip-on-launch {case.region}"
            )
        through = f"{table.id} ({'associated' if explicit else 'main table'})" if table else "no route table"
        yield Answer(
            good=not wrong,
            subject=one.id,
            observed=f"Through {through}: {'; '.join(wrong) or 'as expected'}.",
            expected=expected,
            detail="Nodes in this subnet cannot reach the control plane, so clusters in it never start."
            if wrong
            else "",
            fix=f"In {one.zone}: {'; '.join(fix)}.",
            cli="; ".join(cli),
            terraform="aws_route.gateway_id, aws_route_table_association.subnet_id, "
            "aws_subnet.map_public_ip_on_launch",
            console_path=f"VPC > Subnets > {one.id} > Route table",
        )


def _route_trouble(case: Case, table: RouteTable | None) -> tuple[list[str], list[str], list[str]]:
    """What is wrong with the way out, what to do, and the command."""
    gateway = case.survey.gateway.id if case.survey.gateway else "<internet gateway id>"
    route = table.route_to(ANYWHERE) if table else None
    named = table.id if table else "<route table id>"
    command = (
        f"--route-table-id {named} --destination-cidr-block {ANYWHERE} --gateway-id {gateway} {case.region}"
    )
    if table is None or route is None:
        return (
            ["there is no route to 0.0.0.0/0"],
            [f"add a route from 0.0.0.0/0 to {gateway} in {named}"],
            [f"aws ec2 create-route {command}"],
        )
    fix = [f"point 0.0.0.0/0 in {named} to {gateway}"]
    replace = [f"aws ec2 replace-route {command}"]
    if route.state == "blackhole":
        return [f"0.0.0.0/0 is a black hole: {route.target or 'its target'} is gone"], fix, replace
    if not route.target.startswith("igw-"):
        return [f"0.0.0.0/0 goes to {route.target}, which is no internet gateway"], fix, replace
    target = next((one for one in case.facts.internet_gateways if one.id == route.target), None)
    if target is None or table.vpc_id not in target.vpc_ids:
        attach = f"--internet-gateway-id {route.target} --vpc-id {table.vpc_id} {case.region}"
        return (
            [f"the internet gateway {route.target} is not attached to {table.vpc_id}"],
            [f"attach {route.target} to {table.vpc_id}"],
            [f"aws ec2 attach-internet-gateway {attach}"],
        )
    return [], [], []


_SUBNETS = ("ec2:DescribeSubnets",)
CHECKS = (
    Check(id="subnets.exist", severity="must", title="Subnets exist", actions=_SUBNETS, ask=_exist),
    Check(
        id="subnets.in_vpc", severity="must", title="Subnets are in the VPC", actions=_SUBNETS, ask=_in_vpc
    ),
    Check(
        id="subnets.count", severity="must", title="There are enough subnets", actions=_SUBNETS, ask=_count
    ),
    Check(
        id="subnets.zones",
        severity="must",
        title="Each subnet has a zone to itself",
        actions=_SUBNETS,
        ask=_zones,
    ),
    Check(
        id="subnets.cidr", severity="should", title="Subnets are large enough", actions=_SUBNETS, ask=_cidr
    ),
    Check(
        id="subnets.free_addresses",
        severity="should",
        title="Subnets have addresses left",
        actions=_SUBNETS,
        ask=_free,
    ),
    Check(
        id="subnets.routes",
        severity="must",
        title="Subnets reach the internet",
        actions=(*_SUBNETS, "ec2:DescribeRouteTables", "ec2:DescribeInternetGateways"),
        ask=_routes,
    ),
)
