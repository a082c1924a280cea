"""The resources of a cloud for display: what it has, what it lacks, what it has twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from clouds.facts import Facts, InternetGateway, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint
from clouds.plain import to_plain
from clouds.planning.registered import rows
from clouds.planning.survey import GOING, KINDS, SUBNET, Survey, kind_of, subnet_name
from clouds.specs import CloudSpec

Found = Vpc | Subnet | InternetGateway | RouteTable | VpcEndpoint | SecurityGroup

_ARN_NOUNS = {
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::InternetGateway": "internet-gateway",
    "AWS::EC2::RouteTable": "route-table",
    "AWS::EC2::VPCEndpoint": "vpc-endpoint",
    "AWS::EC2::SecurityGroup": "security-group",
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. `state`: present, missing, or duplicate (carries the cloud's tag but is not used)."""

    logical: str
    kind: str
    id: str
    name: str
    arn: str
    state: Literal["present", "missing", "duplicate"]

    def to_json(self) -> dict[str, Any]:
        """The resource as JSON values."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def resources(spec: CloudSpec, facts: Facts) -> tuple[Resource, ...]:
    """Everything that the cloud has or should have, in the order in which it is built."""
    if spec.registered:
        return tuple(
            Resource(logical=logical, kind=kind, id=identifier, name=name, arn=arn, state=state)
            for logical, kind, identifier, name, arn, state in rows(spec, facts)
        )
    survey = Survey(spec, facts)
    subnets = dict.fromkeys(
        subnet_name(one) for one in (*survey.subnets, *(zone.id for zone in survey.zones))
    )
    wanted = ["vpc", *sorted(subnets), *(name for name in KINDS if name != "vpc")]
    return (*(_wanted(survey, name) for name in wanted), *_duplicates(survey))


def _wanted(survey: Survey, logical: str) -> Resource:
    found = survey.adopted.get(logical)
    kind = kind_of(logical)
    return Resource(
        logical=logical,
        kind=kind,
        id=found or "",
        name=_planned_name(survey, logical),
        arn=_arn(survey.spec, kind, found) if found else "",
        state="present" if found else "missing",
    )


def _planned_name(survey: Survey, logical: str) -> str:
    spec = survey.spec
    own = {
        "cluster-role": spec.cluster_role_name,
        "instance-profile": spec.cluster_role_name,
        "bucket": spec.bucket_name,
        "security-group": spec.security_group_name,
    }
    return own.get(logical) or spec.tags(logical)["Name"]


def _arn(spec: CloudSpec, kind: str, identifier: str) -> str:
    if kind == "AWS::S3::Bucket":
        return f"arn:aws:s3:::{identifier}"
    if kind == "AWS::IAM::Role":
        return f"arn:aws:iam::{spec.account_id}:role/{identifier}"
    if kind == "AWS::IAM::InstanceProfile":
        return f"arn:aws:iam::{spec.account_id}:instance-profile/{identifier}"
    return f"arn:aws:ec2:{spec.region}:{spec.account_id}:{_ARN_NOUNS[kind]}/{identifier}"


def duplicates(survey: Survey) -> Iterator[tuple[str, Found]]:
    """Kind and fact of everything in EC2 that carries the cloud's tag and is not the one that is used."""
    facts, used = survey.facts, set(survey.adopted.values())
    parts: tuple[tuple[str, tuple[Found, ...]], ...] = (
        (KINDS["vpc"], facts.vpcs),
        (SUBNET, facts.subnets),
        (KINDS["internet-gateway"], facts.internet_gateways),
        (KINDS["route-table"], facts.route_tables),
        (KINDS["s3-endpoint"], tuple(one for one in facts.vpc_endpoints if one.state not in GOING)),
        (KINDS["security-group"], facts.security_groups),
    )
    for kind, found in parts:
        for one in found:
            if survey.ours(one) and one.id not in used:
                yield kind, one


def _duplicates(survey: Survey) -> Iterator[Resource]:
    for kind, one in duplicates(survey):
        yield Resource(
            logical=one.logical_name,
            kind=kind,
            id=one.id,
            name=one.tags.get("Name", ""),
            arn=_arn(survey.spec, kind, one.id),
            state="duplicate",
        )
