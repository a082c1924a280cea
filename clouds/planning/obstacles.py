"""What stands in the way of a delete: who owns it, and what to do about it.

AWS answers a delete that comes too early with "DependencyViolation" and no name. These are the names.
"""

from collections.abc import Iterable, Iterator, Mapping

from clouds.facts import NetworkInterface, RouteTable, SecurityGroup, Subnet, VpcEndpoint
from clouds.planning.claims import NETWORK_READS, not_seen
from clouds.planning.steps import Blocker
from clouds.planning.survey import GOING, Survey

GONE, LEAVING = "terminated", "shutting-down"

_OWNERS = {
    "nat_gateway": "a NAT gateway",
    "network_load_balancer": "a network load balancer",
    "load_balancer": "a load balancer",
    "gateway_load_balancer": "a gateway load balancer",
    "vpc_endpoint": "a VPC interface endpoint",
    "lambda": "a Lambda function",
    "efs": "an EFS mount target",
    "transit_gateway": "a transit gateway",
    "quicksight": "QuickSight",
}
_DESCRIBED = (
    ("ELB ", "a load balancer"),
    ("EFS mount target", "an EFS mount target"),
    ("RDSNetworkInterface", "an RDS database"),
    ("ElastiCache", "an ElastiCache or MemoryDB cluster"),
    ("AWS Lambda VPC ENI", "a Lambda function"),
    ("Interface for NAT Gateway", "a NAT gateway"),
    ("VPC Endpoint Interface", "a VPC interface endpoint"),
)


def removal_blockers(survey: Survey, *, with_bucket: bool) -> Iterator[Blocker]:
    """Everything that a delete would stumble over, or could not be told."""
    yield from not_seen(survey, _reads(survey, with_bucket=with_bucket))
    yield from _instances(survey)
    yield from _interfaces(survey)
    yield from _strangers(survey)
    yield from _references(survey)
    yield from _borrowed_gateways(survey)
    yield from _other_profiles(survey)


def _reads(survey: Survey, *, with_bucket: bool) -> dict[str, tuple[str, ...]]:
    # A kept bucket must forget the roles that go, which takes its present policy.
    emptying = ("s3:ListBucketVersions", "s3:ListBucketMultipartUploads")
    contents = emptying if with_bucket else ("s3:GetBucketPolicy",)
    return {
        "": (*NETWORK_READS, "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"),
        survey.spec.cluster_role_name: (
            "iam:GetRole",
            "iam:GetInstanceProfile",
            "iam:ListRolePolicies",
            "iam:ListAttachedRolePolicies",
        ),
        survey.spec.bucket_name: ("s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketTagging", *contents),
    }


def _our_vpcs(survey: Survey) -> frozenset[str]:
    return frozenset(one.id for one in survey.facts.vpcs if survey.ours(one))


def _instances(survey: Survey) -> Iterator[Blocker]:
    vpcs, region = _our_vpcs(survey), survey.spec.region
    for one in survey.facts.instances:
        if one.state == GONE or not (one.vpc_id in vpcs or survey.ours(one)):
            continue
        if one.state == LEAVING:
            yield Blocker(
                code="instance_stopping",
                subject=one.id,
                message=f"The instance {one.id} is shutting down; its network interface goes with it.",
                fix="Nothing to do. It takes a minute or two.",
                passes=True,
            )
            continue
        whose = "a node of this cloud" if survey.ours(one) else f"not this cloud's ({_label(one.tags)})"
        yield Blocker(
            code="instance_running",
            subject=one.id,
            message=f"The instance {one.id} ({one.kind or 'unknown type'}, {one.state}) is in the cloud's "
            f"network. It is {whose}.",
            fix=f"Stop its work, then: aws ec2 terminate-instances --instance-ids {one.id} --region {region}",
        )


def _interfaces(survey: Survey) -> Iterator[Blocker]:
    vpcs, region = _our_vpcs(survey), survey.spec.region
    groups = {one.id for one in survey.facts.security_groups if survey.ours(one)}
    states = {one.id: one.state for one in survey.facts.instances}
    for one in survey.facts.interfaces:
        state = states.get(one.instance_id, "")
        if not (one.vpc_id in vpcs or groups & set(one.group_ids)) or state not in {"", GONE}:
            continue
        command = f"delete-network-interface --network-interface-id {one.id} --region {region}"
        fix = f"Delete what owns it. If nothing does: aws ec2 {command}"
        yield Blocker(
            code="interface_in_use",
            subject=one.id,
            message=f"The network interface {one.id} in {one.subnet_id} belongs to {owner(one)}.",
            fix=fix if state != GONE else "Nothing to do. It goes with its instance.",
            passes=state == GONE,
        )


def owner(interface: NetworkInterface) -> str:
    """Who made a network interface, as far as AWS says."""
    described = next((who for start, who in _DESCRIBED if interface.description.startswith(start)), "")
    who = described or _OWNERS.get(interface.kind, "")
    if interface.instance_id:
        who = f"the instance {interface.instance_id}"
    detail = interface.description or interface.requester or _label(interface.tags)
    return f"{who} ({detail})" if who else f"something else ({detail})"


def _strangers(survey: Survey) -> Iterator[Blocker]:
    """Things without the cloud's tag inside the cloud's VPC: the VPC cannot go before them."""
    vpcs, facts = _our_vpcs(survey), survey.facts
    parts: tuple[tuple[str, str, Iterable[Subnet | RouteTable | VpcEndpoint | SecurityGroup]], ...] = (
        ("subnet", "delete-subnet --subnet-id", facts.subnets),
        ("route table", "delete-route-table --route-table-id", _side_tables(facts.route_tables)),
        ("VPC endpoint", "delete-vpc-endpoints --vpc-endpoint-ids", _standing(facts.vpc_endpoints)),
        ("security group", "delete-security-group --group-id", _made(facts.security_groups)),
    )
    for noun, command, found in parts:
        for one in found:
            if one.vpc_id in vpcs and not survey.ours(one):
                yield _stranger(survey, noun, one.id, f"{command} {one.id}", _label(one.tags))
    for gateway in facts.internet_gateways:
        for vpc_id in vpcs.intersection(gateway.vpc_ids):
            if not survey.ours(gateway):
                command = f"detach-internet-gateway --internet-gateway-id {gateway.id} --vpc-id {vpc_id}"
                yield _stranger(survey, "internet gateway", gateway.id, command, _label(gateway.tags))


def _side_tables(tables: Iterable[RouteTable]) -> Iterator[RouteTable]:
    return (one for one in tables if not one.is_main)


def _standing(endpoints: Iterable[VpcEndpoint]) -> Iterator[VpcEndpoint]:
    return (one for one in endpoints if one.state not in GOING)


def _made(groups: Iterable[SecurityGroup]) -> Iterator[SecurityGroup]:
    return (one for one in groups if one.name != "default")


def _stranger(survey: Survey, noun: str, identifier: str, command: str, label: str) -> Blocker:
    return Blocker(
        code="foreign_resource",
        subject=identifier,
        message=f"The {noun} {identifier} ({label}) is in the cloud's VPC without the cloud's tag, "
        "so Raydock leaves it alone.",
        fix=f"Move it, or remove it when nobody needs it: aws ec2 {command} --region {survey.spec.region}",
    )


def _references(survey: Survey) -> Iterator[Blocker]:
    """Rules of other groups that name one of ours: AWS keeps a group as long as another names it."""
    mine = {one.id for one in survey.facts.security_groups if survey.ours(one) and one.name != "default"}
    for one in survey.facts.security_groups:
        for direction, rules in (("ingress", one.ingress), ("egress", one.egress)):
            for named in sorted({rule.peer for rule in rules} & (mine - {one.id})):
                yield Blocker(
                    code="group_referenced",
                    subject=named,
                    message=f"An {direction} rule of the security group {one.id} ({one.name}) names the "
                    f"cloud's group {named}.",
                    fix=f"Take the rule out of {one.id}: VPC console, Security groups, {one.id}, "
                    f"{'Inbound' if direction == 'ingress' else 'Outbound'} rules.",
                )


def _borrowed_gateways(survey: Survey) -> Iterator[Blocker]:
    """Our internet gateway on somebody else's VPC: taking it off would cut that VPC off the internet."""
    vpcs = _our_vpcs(survey)
    for gateway in survey.facts.internet_gateways:
        for vpc_id in set(gateway.vpc_ids) - vpcs if survey.ours(gateway) else ():
            yield Blocker(
                code="gateway_borrowed",
                subject=gateway.id,
                message=f"The cloud's internet gateway {gateway.id} is attached to {vpc_id}, "
                "which is not this cloud's.",
                fix="If that VPC need not reach the internet through it: aws ec2 detach-internet-gateway "
                f"--internet-gateway-id {gateway.id} --vpc-id {vpc_id} --region {survey.spec.region}",
            )


def _other_profiles(survey: Survey) -> Iterator[Blocker]:
    name = survey.spec.cluster_role_name
    for one in survey.facts.instance_profiles:
        ours = survey.profile is not None and one.name == survey.profile.name
        if survey.role and name in one.role_names and not ours:
            yield Blocker(
                code="role_in_other_profile",
                subject=one.name,
                message=f"The instance profile {one.name} is not this cloud's, but holds the cluster role.",
                fix="Take the role out of it: aws iam remove-role-from-instance-profile "
                f"--instance-profile-name {one.name} --role-name {name}",
            )


def _label(tags: Mapping[str, str]) -> str:
    named = tags.get("Name", "")
    return f"Name: {named}" if named else "no Name tag"
