"""The account and the region around the cloud: quotas, STS, partition, tags."""

from collections.abc import Iterator

from clouds.checks.asking import Answer, Case, Check
from clouds.facts import RouteTable, SecurityGroup, Subnet, VpcEndpoint
from clouds.planning.inventory import duplicates
from clouds.planning.survey import GOING
from clouds.specs import region_problem

_QUOTA_NAMES = {
    "vpcs": ("VPCs per Region", "L-F678F1CE"),
    "igws": ("Internet gateways per Region", "L-A4707A72"),
}


def _vpcs(case: Case) -> Iterator[Answer]:
    yield _room(case, "vpcs", case.survey.vpc is not None)


def _igws(case: Case) -> Iterator[Answer]:
    yield _room(case, "igws", case.survey.gateway is not None)


def _room(case: Case, code: str, has_its_own: bool) -> Answer:  # noqa: FBT001 - one fact of the case
    name, quota_code = _QUOTA_NAMES[code]
    quota, region = case.facts.quota(code), case.spec.region
    expected = f"Room for one more under the quota {name}." if not has_its_own else "The cloud has its own."
    if has_its_own:
        return Answer(good=True, subject=region, observed="The cloud has its own.", expected=expected)
    if quota is None or quota.used is None:
        return Answer(
            good=None,
            subject=region,
            observed="The quota was not read.",
            expected=expected,
            fix=f"Allow servicequotas:GetServiceQuota, or look at the quota {name} yourself.",
            console_path=f"Service Quotas > Amazon VPC > {name}",
        )
    return Answer(
        good=quota.used < quota.limit,
        subject=region,
        observed=f"{quota.used} of {quota.limit:g} are used.",
        expected=expected,
        detail="AWS starts every account with 5 per region.",
        fix=f"Delete one that nobody needs in {region}, or ask AWS to raise the quota.",
        cli=f"aws service-quotas request-service-quota-increase --service-code vpc --quota-code {quota_code} "
        f"--desired-value {quota.limit + 5:g} {case.region}",
        terraform="aws_servicequotas_service_quota.value",
        console_path=f"Service Quotas > Amazon VPC > {name} > Request increase",
    )


def _sts(case: Case) -> Iterator[Answer]:
    region, works = case.spec.region, case.facts.sts_regional
    host = f"sts.{region}.amazonaws.com"
    yield Answer(
        good=works,
        subject=host,
        observed={True: "It answered.", False: "It did not let us in.", None: "It was not tried."}[works],
        expected=f"The regional endpoint {host} answers.",
        detail="Some regions are off until an account turns them on; STS can be turned off per region.",
        fix=f"Turn on the region {region} for the account, and STS in it.",
        cli=f"aws account enable-region --region-name {region}",
        terraform="aws_account_region.enabled",
        console_path="IAM > Account settings > Security Token Service (STS)",
    )


def _partition(case: Case) -> Iterator[Answer]:
    problem = region_problem(case.spec.region)
    role = case.spec.cross_account_role_arn or ""
    partition = role.split(":")[1] if role.count(":") > 1 else "aws"
    yield Answer(
        good=not problem and partition == "aws",
        subject=case.spec.region,
        observed=problem or f"Partition {partition}, region {case.spec.region}.",
        expected="The commercial AWS partition (aws).",
        detail="China and GovCloud are separate partitions with accounts of their own.",
        fix="Reserve a cloud in a commercial region with a role of the partition aws.",
    )


def _untagged_network(case: Case) -> Iterator[str]:
    """Ids of what somebody put into the cloud's VPC, or took the tag from."""
    facts, survey = case.facts, case.survey
    parts: tuple[Subnet | RouteTable | SecurityGroup | VpcEndpoint, ...] = (
        *facts.subnets,
        *(table for table in facts.route_tables if not table.is_main),
        *(group for group in facts.security_groups if group.name != "default"),
        *(one for one in facts.vpc_endpoints if one.state not in GOING),
    )
    inside = (one for one in parts if survey.vpc_id and one.vpc_id == survey.vpc_id)
    return (one.id for one in inside if not survey.ours(one))


def _untagged_names(case: Case) -> Iterator[str]:
    """What has the cloud's own names, but not its tag."""
    facts, survey, name = case.facts, case.survey, case.spec.cluster_role_name
    if facts.bucket and not survey.ours(facts.bucket):
        yield f"bucket {facts.bucket.name}"
    if facts.role(name) and not survey.role:
        yield f"role {name}"
    if facts.profile(name) and not survey.profile:
        yield f"instance profile {name}"


def _tags(case: Case) -> Iterator[Answer]:
    survey, spec = case.survey, case.spec
    bare = [*_untagged_network(case), *_untagged_names(case)]
    twice = [one.id for _, one in duplicates(survey)]
    parts = [
        f"Without the cloud's tag: {', '.join(bare)}." if bare else "",
        f"With the tag, but not used: {', '.join(twice)}." if twice else "",
    ]
    yield Answer(
        good=not bare and not twice,
        subject=spec.cloud_id,
        observed=" ".join(filter(None, parts)) or "All resources carry the cloud's tag, and none twice.",
        expected=f"Everything in the cloud's VPC is tagged {spec.tag_key}={spec.cloud_id} and exists once.",
        detail="Deleting the cloud takes what carries its tag; the rest keeps the VPC from going.",
        fix="Tag what is the cloud's, move what is not. What is there twice goes with the cloud.",
        cli=f"aws ec2 create-tags --resources {' '.join(bare) or '<id>'} "
        f"--tags Key={spec.tag_key},Value={spec.cloud_id} {case.region}",
        terraform="tags",
        console_path="Resource Groups & Tag Editor > Tag Editor",
    )


CHECKS = (
    Check(
        id="quotas.vpcs",
        severity="should",
        title="There is room for a VPC",
        actions=("ec2:DescribeVpcs",),
        ask=_vpcs,
        managed_only=True,
    ),
    Check(
        id="quotas.igws",
        severity="should",
        title="There is room for an internet gateway",
        actions=("ec2:DescribeInternetGateways",),
        ask=_igws,
        managed_only=True,
    ),
    Check(id="region.sts", severity="must", title="STS answers in the cloud's region", actions=(), ask=_sts),
    Check(
        id="partition",
        severity="must",
        title="The cloud is in the commercial AWS partition",
        actions=(),
        ask=_partition,
    ),
    Check(
        id="tags",
        severity="should",
        title="Resources carry the cloud's tag, each once",
        actions=("ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups"),
        ask=_tags,
        managed_only=True,
    ),
)
