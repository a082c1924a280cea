"""What may be given for a registered cloud, and which of what was seen it is."""

from dataclasses import replace
from typing import Any

import pytest

from clouds.checks import run_checks
from clouds.facts import Facts, InstanceProfile, SecurityGroup, Subnet, Vpc
from clouds.planning import plan_delete, plan_setup, resources
from clouds.registration import Part, RegistrationError, read_registration, resolve
from clouds.specs import CloudSpec
from tests.unit.clouds.account import ACCOUNT
from tests.unit.clouds.carrying import spec
from tests.unit.clouds.healthy import HEALTHY

REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ray/nodes"
GIVEN: dict[str, Any] = {
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "nodes-b"],
    "security_groups": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-01234567"],
    "cluster_role": ROLE,
    "bucket": "s3://ray-data/",
}


def read(**other: Any) -> Any:
    return read_registration({**GIVEN, **other}, account_id=ACCOUNT, region=REGION)


def test_ids_names_and_arns_are_read_and_written_back() -> None:
    found = read()
    assert found.vpc.id == GIVEN["vpc"]
    assert [one.id for one in found.subnets] == ["subnet-0123456789abcdef0", ""]
    assert found.security_groups[0].id == "sg-01234567"
    assert (found.cluster_role.name, found.cluster_role.arn) == ("nodes", ROLE)
    assert found.bucket.name == "ray-data"
    assert found.private_network is False
    assert found.given() == {**GIVEN, "private_network": False}
    assert CloudSpec.from_json(spec(registration=found).to_json()).registration == found


@pytest.mark.parametrize("bucket", ["ray-data", "arn:aws:s3:::ray-data", "s3://ray-data"])
def test_a_bucket_has_three_names(bucket: str) -> None:
    assert read(bucket=bucket).bucket.name == "ray-data"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("vpc", "", "Give the vpc"),
        ("vpc", "subnet-0123456789abcdef0", "is the id of something else"),
        ("vpc", f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-01234567", "is in us-east-1"),
        ("vpc", f"arn:aws:ec2:{REGION}:999999999999:vpc/vpc-01234567", "is in account 999999999999"),
        ("vpc", f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/subnet-01234567", "is not the ARN of a vpc"),
        ("vpc", 7, "Give the vpc"),
        ("vpc", "a\nb", "no name, id or ARN"),
        ("subnets", [], "Give at least one subnet"),
        ("subnets", [f"s{at}" for at in range(40)], "at most 32"),
        ("subnets", ["a", "a"], "named twice"),
        ("subnets", [1], "Write it as text"),
        ("security_groups", {"sg": 1}, "Give at least one"),
        ("cluster_role", "", "or its instance profile"),
        ("cluster_role", "two words", "neither the name nor the ARN"),
        ("cluster_role", f"arn:aws:iam::{ACCOUNT}:user/x", "a user"),
        ("cluster_role", "arn:aws:iam::999999999999:role/x", "is in account 999999999999"),
        ("instance_profile", ROLE, "is not the ARN of an instance profile"),
        ("instance_profile", "two words", "neither the name nor the ARN"),
        ("instance_profile", "arn:aws:iam::999999999999:instance-profile/x", "is in account"),
        ("bucket", "", "Give the bucket"),
        ("bucket", "s3://ray-data/logs", "names a folder"),
        ("bucket", "Ray Data", "is not a bucket"),
        ("bucket", "x" * 600, "at most 512"),
        ("private_network", "yes", "true or false"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(field: str, value: object, said: str) -> None:
    with pytest.raises(RegistrationError) as refused:
        read(**{field: value})
    assert set(refused.value.fields) == {field}
    assert said in " ".join(refused.value.fields[field])


def seen(**more: Any) -> Facts:
    named = {"Name": "own"}
    vpc = Vpc(id="vpc-0123456789abcdef0", cidr="10.0.0.0/16", tags=named)
    usual = {
        "vpcs": (vpc, Vpc(id="vpc-2", cidr="10.1.0.0/16")),
        "subnets": (
            Subnet(id="subnet-1", vpc_id=vpc.id, cidr="10.0.0.0/20", zone="a", zone_id="1", tags=named),
            Subnet(id="subnet-2", vpc_id="vpc-2", cidr="10.1.0.0/20", zone="a", zone_id="1", tags=named),
        ),
        "security_groups": (SecurityGroup(id="sg-1", name="own", vpc_id=vpc.id),),
    }
    return replace(HEALTHY, account_id=ACCOUNT, region=REGION, **{**usual, **more})


def test_of_two_with_one_name_the_one_inside_the_vpc_is_meant() -> None:
    found = resolve(read(vpc="own", subnets=["own"], security_groups=["own"]), seen())
    assert found.vpc.arn == f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-0123456789abcdef0"
    assert [one.id for one in found.subnets] == ["subnet-1"]
    assert [one.id for one in found.security_groups] == ["sg-1"]


def test_a_name_of_two_vpcs_is_no_answer_and_both_are_told() -> None:
    vpcs = tuple(Vpc(id=f"vpc-{at}", cidr="10.0.0.0/16", tags={"Name": "own"}) for at in (1, 2))
    facts = seen(vpcs=vpcs)
    found = resolve(read(vpc="own"), facts)
    assert (found.vpc.id, found.vpc.several) == ("", ("vpc-1", "vpc-2"))
    own = spec(registered=True, registration=found)
    (finding,) = run_checks(own, facts, only=("vpc.exists",))
    assert finding.observed == "2 are named own: vpc-1, vpc-2."


def test_role_and_profile_are_found_through_each_other() -> None:
    held = InstanceProfile(
        name="hosts", arn=f"arn:aws:iam::{ACCOUNT}:instance-profile/x/hosts", role_names=("n",)
    )
    facts = seen(instance_profiles=(held,))
    found = resolve(read(cluster_role=None, instance_profile="hosts"), facts)
    assert found.cluster_role == Part(given="", name="n")
    own = spec(registered=True, registration=found)
    assert (own.cluster_role_name, own.profile_name, own.profile_path) == ("n", "hosts", "x/hosts")


def test_a_registered_cloud_has_no_plan_but_to_be_forgotten() -> None:
    own = spec(registered=True, registration=resolve(read(), seen()))
    assert [one.code for one in plan_setup(own, seen()).blockers] == ["registered"]
    removal = plan_delete(own, seen(), bucket="keep")
    assert (removal.steps, removal.blockers) == ((), ())
    assert {"vpc", "bucket"} <= {one.resource for one in removal.kept}
    states = {one.logical: one.state for one in resources(own, seen())}
    assert (states["vpc"], states["subnet-1"]) == ("present", "missing")


def test_before_anything_is_given_the_names_are_those_of_the_exports() -> None:
    assert spec(registered=True).bucket_name == spec().bucket_name
    assert resources(spec(registered=True), seen()) == ()
