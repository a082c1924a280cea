"""What a set-up must not build on: names that others hold, looks that were refused, no room, other routes."""

from collections.abc import Iterator, Mapping

from clouds.planning.steps import Blocker
from clouds.planning.survey import Survey, usable_zones
from clouds.specs import LEAST_ZONES, CloudSpec


def name_is_taken(survey: Survey) -> Iterator[Blocker]:
    """Things under the cloud's own names that are not the cloud's: never touched, told instead."""
    spec, facts = survey.spec, survey.facts
    name = spec.cluster_role_name
    if facts.role(name) and not survey.role:
        yield _taken("role_taken", f"IAM role {name}", "delete-role --role-name " + name, "iam", name)
    if facts.profile(name) and not survey.profile:
        yield _taken(
            "profile_taken",
            f"instance profile {name}",
            "delete-instance-profile --instance-profile-name " + name,
            "iam",
            name,
        )
    if facts.bucket and facts.bucket.name == spec.bucket_name and not survey.bucket:
        yield _taken(
            "bucket_taken",
            f"bucket {spec.bucket_name}",
            f"rb s3://{spec.bucket_name}",
            "s3",
            spec.bucket_name,
        )


def _taken(code: str, thing: str, command: str, service: str, subject: str) -> Blocker:
    return Blocker(
        code=code,
        subject=subject,
        message=f"The {thing} exists in the account but does not carry this cloud's tag, "
        "so Raydock will not use, change or delete it.",
        fix=f"Look at what it is for. If nobody needs it, remove it with: aws {service} {command}. "
        "Then try again.",
    )


def group_is_taken(survey: Survey) -> Iterator[Blocker]:
    """A security group in our VPC with our name and without our tag: a second of that name is refused."""
    name = survey.spec.security_group_name
    for one in survey.facts.security_groups:
        if one.vpc_id == survey.vpc_id and one.name == name and not survey.ours(one):
            yield Blocker(
                code="security_group_taken",
                subject=one.id,
                message=f"The security group {name} ({one.id}) in the cloud's VPC lacks the cloud's tag.",
                fix=f"If it is this cloud's, tag it again: aws ec2 create-tags --resources {one.id} "
                f"--tags Key={survey.spec.tag_key},Value={survey.spec.cloud_id}. Otherwise delete it.",
            )


def zones_are_short(survey: Survey) -> Iterator[Blocker]:
    """Too few zones, or no room in the VPC for the subnets that are wanted."""
    usable, wanted = len(usable_zones(survey.facts)), survey.spec.zones or LEAST_ZONES
    if usable < wanted:
        yield Blocker(
            code="too_few_zones",
            subject=survey.spec.region,
            message=f"{survey.spec.region} offers {usable} usable availability zones to this account, "
            f"but the cloud needs {wanted}.",
            fix="Choose fewer zones (2 at least) or another region.",
        )
    homeless = [
        one.id for one in survey.zones if one.id not in survey.subnets and one.id not in survey.ranges
    ]
    if homeless:
        yield Blocker(
            code="no_free_range",
            subject=survey.vpc_id,
            message=f"The VPC {survey.vpc_id} ({survey.network}) has no free /{survey.spec.subnet_prefix} "
            f"left for a subnet in {', '.join(homeless)}.",
            fix="Delete subnets in this VPC that are not needed, or set the cloud up with fewer zones.",
        )


def routed_elsewhere(survey: Survey) -> Iterator[Blocker]:
    """Our subnets that somebody tied to another route table, and another gateway on our VPC."""
    mine = {one.id: zone_id for zone_id, one in survey.subnets.items()}
    for table in survey.facts.route_tables:
        if survey.table and table.id == survey.table.id:
            continue
        for tie in table.associations:
            if tie.subnet_id in mine:
                yield Blocker(
                    code="subnet_routed_elsewhere",
                    subject=tie.subnet_id,
                    message=f"The cloud's subnet {tie.subnet_id} is associated with the route table "
                    f"{table.id}, which is not the one that set-up uses.",
                    fix=f"Undo the association: aws ec2 disassociate-route-table --association-id {tie.id} "
                    f"--region {survey.spec.region}. Then try again.",
                )
    for gateway in survey.facts.internet_gateways:
        attached = survey.vpc_id and survey.vpc_id in gateway.vpc_ids
        if attached and (survey.gateway is None or gateway.id != survey.gateway.id):
            yield Blocker(
                code="gateway_taken",
                subject=gateway.id,
                message=f"The VPC {survey.vpc_id} already has the internet gateway {gateway.id}, which is "
                "not this cloud's. A VPC can have one only.",
                fix=f"Detach it: aws ec2 detach-internet-gateway --internet-gateway-id {gateway.id} "
                f"--vpc-id {survey.vpc_id} --region {survey.spec.region}. Then try again.",
            )


NETWORK_READS = (
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeSecurityGroups",
)


def not_seen(survey: Survey, reads: Mapping[str, tuple[str, ...]]) -> Iterator[Blocker]:
    """Looks that a plan rests on and that AWS refused. `reads`: subject ("" = any) -> IAM actions."""
    for subject, actions in reads.items():
        for one in survey.facts.refusals(*actions, subject=subject):
            yield denied_blocker(survey.spec, one.action, one.subject, organization=one.by_organization)


def denied_blocker(spec: CloudSpec, action: str, subject: str, *, organization: bool) -> Blocker:
    """The blocker for one look that was refused."""
    about = f" on {subject}" if subject not in {"", "*"} else ""
    role = spec.cross_account_role_name or "the cross-account role"
    message = (
        f"AWS refused {action}{about}, so Raydock cannot tell what exists. It does not plan on a guess: "
        "it could make things twice or leave things behind."
    )
    fix = f"Allow {action} in the policy of {role}: attach the policy that this cloud's page shows."
    if organization:
        fix = f"A service control policy of your organization denies {action}. Ask its owner to allow it."
    elif action == "s3:ListBucket":
        fix += f" If it is allowed, another AWS account owns a bucket named {spec.bucket_name}."
    return Blocker(code="look_denied", subject=action, message=message, fix=fix)
