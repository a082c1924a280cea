"""Every way to break a healthy cloud that a check must find, and what its finding must say."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from clouds.facts import (
    AttachedPolicy,
    CorsRule,
    Denied,
    Facts,
    Probe,
    PublicAccess,
    Quota,
    Route,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)
from clouds.findings import Status
from iam.policy.trust import trust_policy
from tests.unit.clouds.carrying import CLOUD_ID
from tests.unit.clouds.healthy import MAPPED, SPEC, TRUST

VPC, GROUP, TABLE, GATEWAY = "vpc-vpc-1", "sg-security-group-1", "rtb-route-table-1", "igw-internet-gateway-1"
CLUSTER = SPEC.cluster_role_name
Break = Callable[[Facts], Facts]
WARN, FAIL, UNKNOWN, PASS = Status.WARN, Status.FAIL, Status.UNKNOWN, Status.PASS


def one_of(facts: Facts, kind: str, identifier: str, /, **changes: Any) -> Facts:
    found = getattr(facts, kind)
    key = "name" if kind in {"roles", "instance_profiles"} else "id"
    changed: Any = tuple(replace(one, **changes) if getattr(one, key) == identifier else one for one in found)
    assert changed != found, "the break changes nothing"
    return replace(facts, **{kind: changed})


def without(facts: Facts, name: str, identifier: str) -> Facts:
    key = "name" if name in {"roles", "instance_profiles"} else "id"
    left = tuple(one for one in getattr(facts, name) if getattr(one, key) != identifier)
    changes: dict[str, Any] = {name: left}
    return replace(facts, **changes)


def vpc(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "vpcs", VPC, **changes)


def subnet(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "subnets", "subnet-subnet-euc1-az1-1", **changes)


def group(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "security_groups", GROUP, **changes)


def role(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "roles", CLUSTER, **changes)


def profile(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "instance_profiles", CLUSTER, **changes)


def gateway(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "internet_gateways", GATEWAY, **changes)


def both(*breaks: Break) -> Break:
    def broken(facts: Facts) -> Facts:
        for one in breaks:
            facts = one(facts)
        return facts

    return broken


def mapped(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "roles", MAPPED.role_name, **changes)


def control(**changes: Any) -> Break:
    return lambda facts: one_of(facts, "roles", "raydock-control-plane", **changes)


def bucket(**changes: Any) -> Break:
    def broken(facts: Facts) -> Facts:
        assert facts.bucket is not None
        return replace(facts, bucket=replace(facts.bucket, **changes))

    return broken


def trust(**changes: Any) -> Break:
    return lambda facts: replace(facts, trust=replace(TRUST, **changes))


def gone(name: str, identifier: str) -> Break:
    return lambda facts: without(facts, name, identifier)


def facts_with(**changes: Any) -> Break:
    return lambda facts: replace(facts, **changes)


def extra(name: str, one: Any) -> Break:
    return lambda facts: facts_with(**{name: (*getattr(facts, name), one)})(facts)


def route(**changes: Any) -> Break:
    default = Route(destination="0.0.0.0/0", target=GATEWAY)
    return lambda facts: one_of(facts, "route_tables", TABLE, routes=(replace(default, **changes),))


def quota(code: str, used: int) -> Break:
    return facts_with(quotas=(Quota(code=code, limit=5, used=used),))


def refused(action: str, subject: str = "") -> Break:
    return facts_with(denied=(Denied(action=action, subject=subject, code="AccessDenied", message="no"),))


def one_subnet(facts: Facts) -> Facts:
    return replace(facts, subnets=facts.subnets[:1])


def allow(*actions: str) -> Mapping[str, Any]:
    return {"p": {"Version": "2012-10-17", "Statement": _allowing(list(actions))}}


def _allowing(actions: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": "*"}


DENY_PUT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"},
    ],
}
ANYONE = trust_policy("*", "x")
SECOND = Subnet(
    id="subnet-2nd",
    vpc_id=VPC,
    cidr="10.0.96.0/20",
    zone="eu-central-1a",
    zone_id="euc1-az2",
    public_ips=True,
    tags={"raydock-cloud-id": CLOUD_ID},
)
STRAY = SecurityGroup(id="sg-stray", name="x", vpc_id="vpc-x", tags={"raydock-cloud-id": CLOUD_ID})

# check, what is broken, the answer, words that the finding must hold (observed, fix and CLI together)
BROKEN: list[tuple[str, Break, Status, tuple[str, ...]]] = [
    (
        "trust.assumable",
        trust(assumable=False, error_code="AccessDenied"),
        FAIL,
        ("AccessDenied", "an-external-id"),
    ),
    ("trust.assumable", trust(account_id="333333333333"), FAIL, ("333333333333",)),
    ("trust.assumable", facts_with(trust=None), UNKNOWN, ("not tried",)),
    ("trust.requires_external_id", trust(without_id_refused=False), FAIL, ("without an external ID",)),
    ("trust.requires_external_id", trust(random_id_refused=False), FAIL, ("with a random external ID",)),
    ("trust.requires_external_id", trust(random_id_refused=None), UNKNOWN, ("not tried",)),
    ("trust.names_portal", control(trust=ANYONE), WARN, ("update-assume-role-policy",)),
    ("trust.names_portal", gone("roles", "raydock-control-plane"), UNKNOWN, ("not tried",)),
    ("role.permissions", control(inline={}), FAIL, ("ec2:AssociateRouteTable", "and", "put-role-policy")),
    ("role.permissions", control(inline=allow("ec2:*", "iam:*", "servicequotas:*")), FAIL, ("s3:",)),
    ("role.permissions", control(inline=None), UNKNOWN, ("iam:GetRolePolicy",)),
    ("role.permissions", control(attached=(AttachedPolicy(arn="x"),)), UNKNOWN, ("iam:GetPolicyVersion",)),
    ("role.permissions", control(inline={"p": {"nope": 1}}), UNKNOWN, ("cannot be read",)),
    ("role.permissions", control(boundary=allow("ec2:*")["p"]), FAIL, ("iam:",)),
    (
        "role.permissions",
        refused("ec2:DescribeAvailabilityZones"),
        WARN,
        ("AWS refused ec2:",),
    ),
    ("role.policy_version", control(inline={}), WARN, ("lacks", "ec2:CreateVpc", "put-role-policy")),
    ("role.policy_version", control(inline=allow("*")), WARN, ("beside", "* on *")),
    ("role.policy_version", control(inline=None), UNKNOWN, ("iam:GetRolePolicy",)),
    ("role.policy_version", control(inline={"p": {"nope": 1}}), UNKNOWN, ("cannot be read",)),
    ("role.policy_version", gone("roles", "raydock-control-plane"), UNKNOWN, ("not all read",)),
    ("role.pass_role", control(inline=None), UNKNOWN, ("iam:GetRolePolicy",)),
    ("role.pass_role", control(inline=allow("ec2:*")), FAIL, ("iam:PassRole", "raydock-control-plane")),
    ("vpc.exists", gone("vpcs", VPC), FAIL, ("eu-central-1", "Run set-up again")),
    ("vpc.cidr", vpc(cidr="10.0.0.0/20"), WARN, ("4,096", VPC)),
    ("vpc.dns", vpc(dns_hostnames=False), FAIL, ("DNS host names", "--enable-dns-hostnames", VPC)),
    ("vpc.dns", vpc(dns_support=False, dns_hostnames=False), FAIL, ("--enable-dns-support", "; aws")),
    ("vpc.dns", vpc(dns_support=None), UNKNOWN, ("not read",)),
    ("vpc.s3_endpoint", facts_with(vpc_endpoints=()), WARN, (TABLE, "com.amazonaws.eu-central-1.s3")),
    ("subnets.exist", facts_with(subnets=()), FAIL, ("set-up",)),
    ("subnets.in_vpc", subnet(vpc_id="vpc-x"), FAIL, ("vpc-x", "delete-subnet")),
    ("subnets.count", one_subnet, FAIL, ("1 subnet.",)),
    ("subnets.zones", extra("subnets", SECOND), FAIL, ("subnet-2nd", "eu-central-1a")),
    ("subnets.zones", one_subnet, WARN, ("more zones",)),
    ("subnets.cidr", subnet(cidr="10.0.0.0/23"), WARN, ("507",)),
    ("subnets.free_addresses", subnet(free_addresses=49), WARN, ("49", "subnet-subnet-euc1-az1-1")),
    ("subnets.routes", subnet(public_ips=False), FAIL, ("--map-public-ip-on-launch",)),
    ("subnets.routes", route(destination="10.0.0.0/16"), FAIL, ("no route", "create-route", TABLE)),
    ("subnets.routes", route(state="blackhole"), FAIL, ("black hole", "replace-route")),
    ("subnets.routes", route(target="nat-1"), FAIL, ("nat-1", "no internet gateway")),
    ("subnets.routes", gateway(vpc_ids=()), FAIL, ("not attached", "attach-internet-gateway")),
    ("subnets.routes", gone("route_tables", TABLE), FAIL, ("main table",)),
    ("subnets.routes", facts_with(route_tables=()), FAIL, ("no route table",)),
    ("sg.exists", gone("security_groups", GROUP), FAIL, ("set-up",)),
    ("sg.in_vpc", extra("security_groups", STRAY), FAIL, ("sg-stray", "vpc-x")),
    ("sg.https_in", group(ingress=()), FAIL, ("--cidr 0.0.0.0/0", GROUP)),
    (
        "sg.self_in",
        group(ingress=(Rule(protocol="tcp", from_port=0, to_port=65535, peer=GROUP),)),
        FAIL,
        ("hangs", f"--source-group {GROUP}"),
    ),
    ("sg.all_out", group(egress=()), FAIL, ("--protocol all",)),
    (
        "sg.all_out",
        group(
            egress=(
                Rule(protocol="-1", peer=GROUP),
                Rule(protocol="tcp", from_port=443, to_port=443, peer="0.0.0.0/0"),
            )
        ),
        WARN,
        ("limited",),
    ),
    ("sg.self_out", group(egress=(Rule(protocol="tcp", peer="0.0.0.0/0"),)), FAIL, (f"GroupId={GROUP}",)),
    ("cluster_role.exists", gone("roles", CLUSTER), FAIL, (CLUSTER,)),
    ("cluster_role.trusts_ec2", role(trust=ANYONE), FAIL, ("ec2.amazonaws.com", "update-assume-role-policy")),
    ("cluster_role.trusts_ec2", role(trust={"x": 1}), FAIL, ("cannot be read",)),
    (
        "cluster_role.same_account",
        role(arn=f"arn:aws:iam::333333333333:role/{CLUSTER}"),
        FAIL,
        ("333333333333",),
    ),
    ("cluster_role.instance_profile", facts_with(instance_profiles=()), FAIL, ("create-instance-profile",)),
    (
        "cluster_role.instance_profile",
        profile(role_names=("other",)),
        FAIL,
        ("holds other", "add-role-to-instance-profile"),
    ),
    ("cluster_role.instance_profile", profile(name="other"), WARN, ("other holds the role",)),
    (
        "cluster_role.bucket",
        both(role(inline={}), bucket(policy=None)),
        FAIL,
        ("s3:ListBucket", "s3:PutObject", "put-role-policy"),
    ),
    ("cluster_role.bucket", bucket(policy=DENY_PUT), FAIL, ("s3:PutObject", "Deny")),
    ("cluster_role.bucket", role(inline=None), UNKNOWN, ("iam:GetRolePolicy",)),
    ("cluster_role.bucket", bucket(policy={"x": 1}), FAIL, ("cannot be read",)),
    ("bucket.exists", facts_with(bucket=None), FAIL, (SPEC.bucket_name,)),
    ("bucket.region", bucket(region="us-east-1"), WARN, ("us-east-1",)),
    (
        "bucket.control_plane",
        bucket(probe=Probe(results={"s3:PutObject": "AccessDenied"})),
        FAIL,
        ("s3:PutObject: AccessDenied", "put-bucket-policy"),
    ),
    ("bucket.control_plane", bucket(probe=None), UNKNOWN, ("not tried",)),
    (
        "bucket.public_access",
        bucket(public_access=PublicAccess(block_acls=True)),
        WARN,
        ("put-public-access-block",),
    ),
    ("bucket.tls_only", bucket(policy=None), WARN, ("RaydockTlsOnly", "aws:SecureTransport")),
    ("bucket.tls_only", bucket(policy={"x": 1}), WARN, ("cannot be read",)),
    ("bucket.encryption", bucket(encryption=None), WARN, ("AES256",)),
    (
        "bucket.cors",
        bucket(cors=(CorsRule(origins=(SPEC.console_origin,), methods=("GET",)),)),
        WARN,
        (SPEC.console_origin, "put-bucket-cors"),
    ),
    ("quotas.vpcs", both(gone("vpcs", VPC), quota("vpcs", 5)), WARN, ("5 of 5", "L-F678F1CE")),
    (
        "quotas.vpcs",
        both(gone("vpcs", VPC), facts_with(quotas=())),
        UNKNOWN,
        ("servicequotas:GetServiceQuota",),
    ),
    (
        "quotas.igws",
        both(gone("internet_gateways", GATEWAY), quota("igws", 9)),
        WARN,
        ("9 of 5", "L-A4707A72"),
    ),
    ("region.sts", facts_with(sts_regional=False), FAIL, ("enable-region", "eu-central-1")),
    ("region.sts", facts_with(sts_regional=None), UNKNOWN, ("not tried",)),
    ("tags", subnet(tags={}), WARN, ("subnet-subnet-euc1-az1-1",)),
    ("tags", bucket(tags={}), WARN, (SPEC.bucket_name,)),
    ("tags", role(tags={}), WARN, (f"role {CLUSTER}",)),
    ("tags", profile(tags={}), WARN, (f"instance profile {CLUSTER}",)),
    ("tags", extra("vpcs", Vpc(id="vpc-2nd", cidr="10.0.0.0/16", tags=SPEC.tags("vpc"))), WARN, ("vpc-2nd",)),
]
