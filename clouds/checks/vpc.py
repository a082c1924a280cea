"""Is the VPC there, large enough, with DNS and a short way to S3?"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.given import given_answer
from clouds.checks.routing import table_of
from clouds.planning.survey import GOING
from clouds.specs import SMALLEST_VPC


def _exists(case: Case) -> Iterator[Answer]:
    vpc, spec = case.survey.vpc, case.spec
    if case.registration:
        yield given_answer(case, case.registration.vpc, vpc, "VPC", "describe-vpcs", "aws_vpc.id")
        return
    yield Answer(
        good=vpc is not None,
        subject=vpc.id if vpc else spec.region,
        observed=f"{vpc.id} ({vpc.cidr}) exists."
        if vpc
        else "No VPC of this region carries the cloud's tag.",
        expected=f"A VPC tagged {spec.tag_key}={spec.cloud_id} in {spec.region}.",
        fix="Run set-up again: it makes what is missing. If the VPC is there and lost its tag, tag it again.",
        cli=f"aws ec2 create-tags --resources <vpc id> --tags Key={spec.tag_key},Value={spec.cloud_id} "
        f"{case.region}",
        terraform="aws_vpc.tags",
        console_path="VPC > Your VPCs > Tags",
    )


def _cidr(case: Case) -> Iterator[Answer]:
    vpc = case.survey.vpc
    if vpc:
        length = IPv4Network(vpc.cidr).prefixlen
        yield Answer(
            good=length <= SMALLEST_VPC,
            subject=vpc.id,
            observed=f"{vpc.cidr} has {2 ** (32 - length):,} addresses.",
            expected=f"/{SMALLEST_VPC} or larger (8,192 addresses).",
            detail="Large clusters use one address per node.",
            fix="Add a second range to the VPC and subnets in it, or set up a new cloud with a larger range.",
            cli=f"aws ec2 associate-vpc-cidr-block --vpc-id {vpc.id} --cidr-block 10.1.0.0/16 {case.region}",
            terraform="aws_vpc_ipv4_cidr_block_association.cidr_block",
            console_path=f"VPC > Your VPCs > {vpc.id} > Actions > Edit CIDRs",
        )


def _dns(case: Case) -> Iterator[Answer]:
    vpc = case.survey.vpc
    if vpc is None:
        return
    if vpc.dns_support is None or vpc.dns_hostnames is None:
        yield Answer(
            good=None,
            subject=vpc.id,
            observed="The DNS attributes were not read in this look.",
            expected="DNS resolution and DNS host names are on.",
            fix="Verify again.",
        )
        return
    off = [
        (words, flag)
        for on, words, flag in (
            (vpc.dns_support, "DNS resolution", "--enable-dns-support"),
            (vpc.dns_hostnames, "DNS host names", "--enable-dns-hostnames"),
        )
        if not on
    ]
    yield Answer(
        good=not off,
        subject=vpc.id,
        observed=f"Off: {', '.join(words for words, _ in off)}." if off else "Both are on.",
        expected="DNS resolution and DNS host names are on.",
        detail="Without them nodes cannot find each other, S3 or the control plane by name.",
        fix=f"Turn on {' and '.join(words for words, _ in off)} in {vpc.id}.",
        cli="; ".join(
            f"aws ec2 modify-vpc-attribute --vpc-id {vpc.id} {flag} {case.region}" for _, flag in off
        ),
        terraform="aws_vpc.enable_dns_support = true, aws_vpc.enable_dns_hostnames = true",
        console_path=f"VPC > Your VPCs > {vpc.id} > Actions > Edit VPC settings",
    )


def _s3_endpoint(case: Case) -> Iterator[Answer]:
    vpc, region = case.survey.vpc, case.spec.region
    if vpc is None:
        return
    service = f"com.amazonaws.{region}.s3"
    covered = {
        table
        for one in case.facts.vpc_endpoints
        if one.vpc_id == vpc.id
        and one.service == service
        and one.kind == "Gateway"
        and one.state not in GOING
        for table in one.route_table_ids
    }
    used = _used_tables(case)
    lacking = sorted(used - covered) if used else [] if covered else ["the public route table"]
    yield Answer(
        good=not lacking,
        subject=vpc.id,
        observed=f"No S3 gateway endpoint on {', '.join(lacking)}."
        if lacking
        else "It is on every route table.",
        expected="An S3 gateway endpoint on the route tables of the cloud's subnets.",
        detail="Without it, traffic to S3 goes over the internet gateway: slower, and paid for behind a NAT.",
        fix="Create an S3 gateway endpoint for these route tables. Gateway endpoints cost nothing.",
        cli=f"aws ec2 create-vpc-endpoint --vpc-id {vpc.id} --service-name {service} "
        f"--route-table-ids {' '.join(lacking)} {case.region}",
        terraform="aws_vpc_endpoint.route_table_ids",
        console_path="VPC > Endpoints > Create endpoint > Gateway > S3",
    )


def _used_tables(case: Case) -> set[str]:
    """The tables of our subnets; in a VPC of the customer's own also the main one that they fall to."""
    if case.spec.registered:
        found = (table_of(case.facts, one)[0] for one in case.survey.subnets.values())
        return {one.id for one in found if one}
    subnets = {one.id for one in case.survey.subnets.values()}
    return {
        table.id
        for table in case.facts.route_tables
        if subnets & {tie.subnet_id for tie in table.associations if tie.subnet_id}
    }


_VPCS = "ec2:DescribeVpcs"
CHECKS = (
    Check(id="vpc.exists", severity="must", title="The VPC exists", actions=(_VPCS,), ask=_exists),
    Check(id="vpc.cidr", severity="should", title="The VPC is large enough", actions=(_VPCS,), ask=_cidr),
    Check(
        id="vpc.dns",
        severity="must",
        title="DNS works in the VPC",
        actions=(_VPCS, "ec2:DescribeVpcAttribute"),
        ask=_dns,
    ),
    Check(
        id="vpc.s3_endpoint",
        severity="should",
        title="S3 is reached without leaving AWS",
        actions=(_VPCS, "ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables"),
        ask=_s3_endpoint,
    ),
)
