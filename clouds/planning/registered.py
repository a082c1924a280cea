"""What belongs to a cloud that its customer made: what was given, by id and by name, and nothing by tag."""

from collections.abc import Iterator
from typing import Literal

from clouds.facts import Bucket, Facts, InternetGateway, Role, SecurityGroup, Subnet, Tagged, Vpc
from clouds.facts import InstanceProfile as Profile
from clouds.planning.steps import Blocker, Kept
from clouds.registration import Part, Registration
from clouds.specs import CloudSpec

State = Literal["present", "missing"]
Row = tuple[str, str, str, str, str, State]
"""Logical name, kind, id, name, ARN, state."""

UNTOUCHED = "Your own. Raydock did not make it and does not touch it."


def given(registration: Registration | None, one: Tagged) -> bool:
    """Say whether the customer gave this, or it is what carries the given VPC's way out."""
    if registration is None:
        return False
    match one:
        case Vpc():
            return one.id == registration.vpc.id
        case InternetGateway():
            return registration.vpc.id in one.vpc_ids
        case Subnet():
            return one.id in {part.id for part in registration.subnets}
        case SecurityGroup():
            return one.id in {part.id for part in registration.security_groups}
        case _:
            # Found by name, and never by what somebody wrote on it.
            return isinstance(one, Role | Profile | Bucket)


def rows(spec: CloudSpec, facts: Facts) -> Iterator[Row]:
    """What was given, as people see it."""
    registration = spec.registration
    if registration is None:
        return
    present = {one.id for seen in (facts.vpcs, facts.subnets, facts.security_groups) for one in seen}
    yield _row("vpc", "AWS::EC2::VPC", registration.vpc, there=registration.vpc.id in present)
    for number, one in enumerate(registration.subnets, 1):
        yield _row(f"subnet-{number}", "AWS::EC2::Subnet", one, there=one.id in present)
    for number, one in enumerate(registration.security_groups, 1):
        yield _row(f"security-group-{number}", "AWS::EC2::SecurityGroup", one, there=one.id in present)
    role, profile = registration.cluster_role, registration.instance_profile
    if role:
        yield _row("cluster-role", "AWS::IAM::Role", role, there=facts.role(role.name) is not None)
    if profile:
        there = facts.profile(profile.name) is not None
        yield _row("instance-profile", "AWS::IAM::InstanceProfile", profile, there=there)
    yield _row("bucket", "AWS::S3::Bucket", registration.bucket, there=facts.bucket is not None)


def _row(logical: str, kind: str, part: Part, *, there: bool) -> Row:
    named = part.id or part.name
    return (
        logical,
        kind,
        named if there else "",
        part.name or part.given,
        part.arn,
        "present" if there else "missing",
    )


def kept(spec: CloudSpec, facts: Facts) -> Iterator[Kept]:
    """All of it, for a delete: it only forgets."""
    for logical, kind, identifier, _, _, state in rows(spec, facts):
        if state == "present":
            yield Kept(resource=logical, kind=kind, id=identifier, reason=UNTOUCHED)


def nothing_to_build(spec: CloudSpec) -> Blocker:
    """Why there is no set-up of a registered cloud."""
    return Blocker(
        code="registered",
        subject=spec.name,
        message=f"{spec.name} is a registered cloud: its network, roles and bucket are yours, and Raydock "
        "creates nothing in it.",
        fix="Register what you have made, or reserve a managed cloud.",
    )
