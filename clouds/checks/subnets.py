"""Are there enough public subnets, one per zone, large enough, with a way to the internet?

Which route counts for a subnet is in `clouds.checks.routing`.
"""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network

from clouds.checks.asking import Answer, Case, Check, refusal
from clouds.checks.given import given_answer
from clouds.checks.routing import Trouble, table_of, way_out
from clouds.facts import Subnet
from clouds.planning.survey import ANYWHERE
from clouds.specs import LEAST_ZONES, SMALLEST_SUBNET

FREE = 50
_RESERVED = 5  # AWS keeps five addresses of each subnet for itself.


def _mine(case: Case) -> list[Subnet]:
    """Every subnet with the cloud's tag, those that set-up would not adopt included; or those given."""
    return sorted((one for one in case.facts.subnets if case.survey.ours(one)), key=lambda one: one.id)


def _in_vpc_ones(case: Case) -> list[Subnet]:
    return [one for one in _mine(case) if one.vpc_id == case.survey.vpc_id]


def _exist(case: Case) -> Iterator[Answer]:
    found = _mine(case)
    if case.survey.vpc is None:
        return
    if case.registration:
        seen = {one.id: one for one in found}
        for part in case.registration.subnets:
            yield given_answer(case, part, seen.get(part.id), "subnet", "describe-subnets", "aws_subnet.id")
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
            fix=f"A subnet cannot move. Register the cloud again with subnets of {case.survey.vpc_id}."
            if case.spec.registered
            else f"A subnet cannot move. Delete {one.id} when nothing uses it, and run set-up again.",
            cli=_list_in_vpc(case)
            if case.spec.registered
            else f"aws ec2 delete-subnet --subnet-id {one.id} {case.region}",
            terraform="aws_subnet.vpc_id",
            console_path=f"VPC > Subnets > {one.id}",
        )


def _count(case: Case) -> Iterator[Answer]:
    if case.survey.vpc:
        given = case.registration
        found = len(given.subnets if given else _in_vpc_ones(case))
        yield Answer(
            good=found >= LEAST_ZONES,
            subject=case.survey.vpc_id,
            observed=f"{found} subnet{'' if found == 1 else 's'}.",
            expected=f"At least {LEAST_ZONES} subnets.",
            detail="With one subnet, one zone that fails or is out of capacity stops everything.",
            fix=f"Make a subnet in another zone of {case.survey.vpc_id}, and register again with both."
            if given
            else "Run set-up again: it makes a subnet in each zone that lacks one.",
            terraform="aws_subnet (one per zone)",
            console_path="VPC > Subnets > Create subnet",
        )


def _zones(case: Case) -> Iterator[Answer]:
    found = _mine(case) if case.registration else _in_vpc_ones(case)
    if not found or case.survey.vpc is None:
        return
    per_zone = Counter(one.zone for one in found)
    twice = sorted(zone for zone, count in per_zone.items() if count > 1)
    extra = [one.id for one in found if one.zone in twice]
    expected = f"At most one public subnet in a zone, and at least {LEAST_ZONES} zones."
    given = case.registration
    unseen = given is not None and (len(found) < len(given.subnets) or len(given.subnets) < LEAST_ZONES)
    if twice and not case.spec.private_network:
        yield Answer(
            good=False,
            subject=case.survey.vpc_id,
            observed=f"{', '.join(extra)} share {', '.join(twice)}.",
            expected=expected,
            detail="Load balancers take one subnet per zone, and placement counts zones by subnet.",
            fix=f"Register the cloud again with one subnet of {', '.join(twice)}, and one of another zone."
            if case.registration
            else f"Keep one subnet in {', '.join(twice)} and delete the other when nothing uses it.",
            cli=_list_in_vpc(case)
            if case.registration
            else f"aws ec2 delete-subnet --subnet-id <one of {', '.join(extra)}> {case.region}",
            terraform="aws_subnet.availability_zone",
            console_path="VPC > Subnets",
        )
        return
    yield Answer(
        # That a subnet is not there, or is the only one, is told elsewhere.
        good=len(per_zone) >= LEAST_ZONES or unseen,
        soft=True,
        subject=case.survey.vpc_id,
        observed=f"Subnets in {', '.join(sorted(per_zone))}.",
        expected=expected,
        fix="Register the cloud again with subnets of several zones."
        if case.registration
        else "Run set-up again with more zones.",
        terraform="aws_subnet.availability_zone",
        console_path="VPC > Subnets > Create subnet",
    )


def _list_in_vpc(case: Case) -> str:
    return f"aws ec2 describe-subnets --filters Name=vpc-id,Values={case.survey.vpc_id} {case.region}"


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


def _routes(case: Case) -> Iterator[Answer]:
    private = case.spec.private_network
    if private and (refused := case.facts.refusals("ec2:DescribeNatGateways")):
        yield refusal(case, refused)
        return
    expected = f"{ANYWHERE} goes to an attached internet gateway, and machines get public addresses."
    if private:
        expected = (
            f"{ANYWHERE} goes to an available NAT gateway or a transit gateway, not to the internet itself."
        )
    for one in _in_vpc_ones(case):
        table, explicit = table_of(case.facts, one)
        troubles = [found] if (found := way_out(case, table)) else []
        if not one.public_ips and not private:
            troubles.append(_no_addresses(case, one))
        through = f"{table.id} ({'associated' if explicit else 'main table'})" if table else "no route table"
        yield Answer(
            good=not troubles,
            subject=one.id,
            observed=f"Through {through}: {'; '.join(found.wrong for found in troubles) or 'as expected'}.",
            expected=expected,
            detail="Nodes in this subnet cannot reach the control plane, so clusters in it never start."
            if troubles
            else "",
            fix=f"In {one.zone}: {'; '.join(found.fix for found in troubles)}.",
            cli="; ".join(found.cli for found in troubles),
            terraform="aws_route.nat_gateway_id, aws_route_table_association.subnet_id"
            if private
            else "aws_route.gateway_id, aws_route_table_association.subnet_id, "
            "aws_subnet.map_public_ip_on_launch",
            console_path=f"VPC > Subnets > {one.id} > Route table",
        )


def _no_addresses(case: Case, subnet: Subnet) -> Trouble:
    return Trouble(
        "machines get no public address",
        "turn on public IPv4 addresses for the subnet",
        f"aws ec2 modify-subnet-attribute --subnet-id {subnet.id} --map-public-ip-on-launch {case.region}",
    )


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
        actions=(
            *_SUBNETS,
            "ec2:DescribeRouteTables",
            "ec2:DescribeInternetGateways",
        ),
        ask=_routes,
    ),
)
