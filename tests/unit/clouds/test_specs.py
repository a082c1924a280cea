from typing import Any

import pytest

from clouds.specs import CloudSpec, SpecError
from tests.unit.clouds.carrying import spec


def test_a_plain_spec_is_fine() -> None:
    spec().validate()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "1 to 63"),
        ("name", "-demo", "begins and ends"),
        ("name", "a" * 64, "1 to 63"),
        ("name", "demo cloud", "letters"),
        ("name", "démo", "letters"),
        ("region", "cn-north-1", "China"),
        ("region", "us-gov-west-1", "GovCloud"),
        ("region", "frankfurt", "eu-central-1"),
        ("region", "eu-central-1a", "not the name"),
        ("region", "", "not the name"),
        ("account_id", "12345678901", "12 digits"),
        ("account_id", "1234-5678-9012", "12 digits"),
        ("account_id", "٢٢٢٢٢٢٢٢٢٢٢٢", "12 digits"),
        ("vpc_cidr", "10.0.0.0/20", "/20"),
        ("vpc_cidr", "10.0.0.0/15", "/15"),
        ("vpc_cidr", "10.0.0.1/16", "first of the range"),
        ("vpc_cidr", "10.0.0.0", "10.0.0.0/16"),
        ("vpc_cidr", "fd00::/56", "IPv4"),
        ("vpc_cidr", "127.0.0.0/16", "cannot be used"),
        ("vpc_cidr", "169.254.0.0/16", "cannot be used"),
        ("vpc_cidr", "224.1.0.0/16", "cannot be used"),
        ("zones", 1, "at least 2"),
        ("zones", 0, "at least 2"),
        ("zones", 17, "room for 16"),
        ("ingress_cidrs", (), "at least one"),
        ("ingress_cidrs", ("10.0.0.1/24",), "10.0.0.1/24"),
        ("ingress_cidrs", ("me",), "203.0.113"),
        ("ingress_cidrs", ("10.0.0.0/24", "10.0.0.0/24"), "twice"),
        ("ingress_cidrs", tuple(f"10.0.{n}.0/24" for n in range(51)), "at most 50"),
        ("console_origin", "raydock.example.com", "scheme"),
        ("console_origin", "https://raydock.example.com/", "scheme"),
        ("cross_account_role_arn", "arn:aws:iam::333333333333:role/x", "333333333333"),
        ("cross_account_role_arn", "arn:aws-cn:iam::222222222222:role/x", "partition"),
        ("cross_account_role_arn", "arn:aws:iam::222222222222:user/x", "a user"),
        ("cross_account_role_arn", "arn:aws:iam::222222222222:role/x y", "blank"),
    ],
)
def test_what_is_wrong_is_said_by_field(field: str, value: Any, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec(**{field: value}).validate()
    assert list(caught.value.fields) == [field]
    assert words in " ".join(caught.value.fields[field])


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        spec(name="", region="x", zones=1).validate()
    assert set(caught.value.fields) == {"name", "region", "zones"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a"),
        ("name", "Team_1.prod-eu"),
        ("region", "ap-southeast-2"),
        ("region", "il-central-1"),
        ("vpc_cidr", "172.31.0.0/16"),
        ("vpc_cidr", "192.168.32.0/19"),
        ("zones", 16),
        ("ingress_cidrs", ("203.0.113.7/32", "0.0.0.0/0")),
        ("console_origin", "http://127.0.0.1:8000"),
        ("cross_account_role_arn", "arn:aws:iam::222222222222:role/team/raydock"),
        ("cross_account_role_arn", None),
    ],
)
def test_what_is_fine(field: str, value: Any) -> None:
    spec(**{field: value}).validate()


@pytest.mark.parametrize(
    ("cidr", "prefix", "most"), [("10.0.0.0/16", 20, 16), ("10.0.0.0/18", 22, 16), ("10.0.0.0/19", 22, 8)]
)
def test_subnets_are_never_smaller_than_22(cidr: str, prefix: int, most: int) -> None:
    assert spec(vpc_cidr=cidr).subnet_prefix == prefix
    spec(vpc_cidr=cidr, zones=most).validate()
    with pytest.raises(SpecError):
        spec(vpc_cidr=cidr, zones=most + 1).validate()


def test_names_fit_the_limits_of_aws() -> None:
    one = spec(cloud_id="cld_" + "z" * 26)
    assert len(one.bucket_name) <= 63
    assert one.bucket_name.replace("-", "").isalnum()
    assert one.bucket_name == one.bucket_name.lower()
    assert len(one.cluster_role_name) <= 64
    assert not one.security_group_name.startswith("sg-")


def test_the_role_is_found_behind_its_path() -> None:
    one = spec(cross_account_role_arn="arn:aws:iam::222222222222:role/team/raydock")
    assert one.cross_account_role_name == "raydock"
    assert spec(cross_account_role_arn=None).cross_account_role_name == ""


def test_json_and_back() -> None:
    one = spec(zones=3, ingress_cidrs=("10.0.0.0/8",))
    assert CloudSpec.from_json(one.to_json()) == one
