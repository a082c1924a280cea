"""The network of a cloud, taken down: everything that carries its tag, wherever it is.

Order: Amazon VPC User Guide, "Delete your VPC". What AWS makes and removes with a VPC (main route table,
default security group, local routes) is left to it.
"""

from collections.abc import Iterable, Iterator, Mapping

from clouds.facts import InternetGateway, RouteTable, SecurityGroup, Subnet, Tagged, Vpc, VpcEndpoint
from clouds.planning.removal_steps import removal_step
from clouds.planning.steps import Step
from clouds.planning.survey import GOING, Survey

_NETWORK_KINDS: tuple[tuple[type[Tagged], str, str], ...] = (
    (Vpc, "vpc", "VPC"),
    (Subnet, "subnet", "subnet"),
    (RouteTable, "route-table", "route table"),
    (VpcEndpoint, "s3-endpoint", "S3 gateway endpoint"),
    (SecurityGroup, "security-group", "security group"),
    (InternetGateway, "internet-gateway", "internet gateway"),
)
_Network = Vpc | Subnet | RouteTable | VpcEndpoint | SecurityGroup | InternetGateway


def network_removal(survey: Survey) -> Iterator[Step]:
    """Every step that is left until the network is gone."""
    facts = survey.facts
    steps = [
        *_gateways(survey),
        *_endpoints(survey),
        *_tables(survey),
        *_subnets(survey),
        *(
            _drop(one, "ec2:DeleteSecurityGroup", "GroupId")
            for one in facts.security_groups
            if survey.ours(one) and one.name != "default"
        ),
    ]
    yield from steps
    inside = _by_vpc(survey, steps)
    for vpc in facts.vpcs:
        if survey.ours(vpc):
            yield _drop(vpc, "ec2:DeleteVpc", "VpcId", needs=inside.get(vpc.id, ()))


def _by_vpc(survey: Survey, steps: Iterable[Step]) -> Mapping[str, list[str]]:
    """VPC id -> steps that have to be over before it can go; deleting a detached gateway need not be."""
    facts = survey.facts
    parts: tuple[Subnet | RouteTable | VpcEndpoint | SecurityGroup, ...]
    parts = (*facts.subnets, *facts.route_tables, *facts.vpc_endpoints, *facts.security_groups)
    homes = {_deletion(one.id): one.vpc_id for one in parts}
    homes |= {
        _detachment(gateway.id, vpc_id): vpc_id
        for gateway in facts.internet_gateways
        for vpc_id in gateway.vpc_ids
    }
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.name in homes:
            found.setdefault(homes[step.name], []).append(step.name)
    return found


def _gateways(survey: Survey) -> Iterator[Step]:
    mine = {one.id for one in survey.facts.vpcs if survey.ours(one)}
    for gateway in survey.facts.internet_gateways:
        if not survey.ours(gateway):
            continue
        attached = [vpc_id for vpc_id in gateway.vpc_ids if vpc_id in mine]
        for vpc_id in attached:
            yield removal_step(
                _detachment(gateway.id, vpc_id),
                "ec2:DetachInternetGateway",
                {"InternetGatewayId": gateway.id, "VpcId": vpc_id},
                f"Detach the internet gateway {gateway.id} from {vpc_id}",
                resource="internet-gateway",
                settled=("Gateway.NotAttached",),
            )
        needs = [_detachment(gateway.id, vpc_id) for vpc_id in attached]
        yield _drop(gateway, "ec2:DeleteInternetGateway", "InternetGatewayId", needs=needs)


def _endpoints(survey: Survey) -> Iterator[Step]:
    for one in survey.facts.vpc_endpoints:
        if survey.ours(one) and one.state not in GOING:
            yield removal_step(
                _deletion(one.id),
                "ec2:DeleteVpcEndpoints",
                {"VpcEndpointIds": [one.id]},
                f"Delete the S3 gateway endpoint {one.id}",
                resource=one.logical_name or "s3-endpoint",
                refused="Unsuccessful",
            )


def _tables(survey: Survey) -> Iterator[Step]:
    endpoints = [one for one in survey.facts.vpc_endpoints if survey.ours(one) and one.state not in GOING]
    for table in survey.facts.route_tables:
        if not survey.ours(table) or table.is_main:
            continue
        ties = [one for one in table.associations if not one.main]
        for tie in ties:
            yield removal_step(
                _untying(tie.id),
                "ec2:DisassociateRouteTable",
                {"AssociationId": tie.id},
                f"Take {tie.subnet_id or 'a gateway'} off the route table {table.id}",
                resource=table.logical_name or "route-table",
            )
        # An endpoint takes its routes along when it goes, so it goes while the table is there.
        routed = [_deletion(one.id) for one in endpoints if table.id in one.route_table_ids]
        yield _drop(
            table,
            "ec2:DeleteRouteTable",
            "RouteTableId",
            needs=[*(_untying(one.id) for one in ties), *routed],
        )


def _subnets(survey: Survey) -> Iterator[Step]:
    """A subnet goes after it was taken off its table: AWS asks for the tags of both to allow that."""
    for subnet in survey.facts.subnets:
        if survey.ours(subnet):
            ties = [
                _untying(tie.id)
                for table in survey.facts.route_tables
                if survey.ours(table) and not table.is_main
                for tie in table.associations
                if tie.subnet_id == subnet.id
            ]
            yield _drop(subnet, "ec2:DeleteSubnet", "SubnetId", needs=ties)


def _deletion(identifier: str) -> str:
    return f"delete-{identifier}"


def _detachment(gateway_id: str, vpc_id: str) -> str:
    return f"detach-{gateway_id}-{vpc_id}"


def _untying(association_id: str) -> str:
    return f"disassociate-{association_id}"


def _drop(one: _Network, action: str, parameter: str, *, needs: Iterable[str] = ()) -> Step:
    _, logical, noun = next(row for row in _NETWORK_KINDS if isinstance(one, row[0]))
    return removal_step(
        _deletion(one.id),
        action,
        {parameter: one.id},
        f"Delete the {noun} {one.id}",
        resource=one.logical_name or logical,
        needs=needs,
    )
