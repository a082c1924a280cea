import time
from typing import Any

import pytest

from tests.unit.policy.writing import ROLE, USER, allow, ask, deny, document

VPC = "arn:aws:ec2:eu-central-1:222222222222:vpc/vpc-1"
OBJECT = "arn:aws:s3:::data/a/b.txt"
CLUSTER_ROLE = "arn:aws:iam::222222222222:role/raydock/cluster"

ACTIONS: list[tuple[Any, str, bool]] = [
    ("*", "ec2:CreateVpc", True),
    ("*:*", "ec2:CreateVpc", True),
    ("ec2:*", "ec2:CreateVpc", True),
    ("ec2:*", "s3:GetObject", False),
    ("ec2:CreateVpc", "ec2:CreateVpc", True),
    ("EC2:createvpc", "ec2:CreateVpc", True),
    ("ec2:CREATEVPC", "ec2:CreateVpc", True),
    ("ec2:createvpc", "ec2:CreateVpcEndpoint", False),
    ("ec2:Create", "ec2:CreateVpc", False),
    ("ec2:Create*", "ec2:CreateVpc", True),
    ("ec2:Create*", "ec2:DeleteVpc", False),
    ("ec2:*Vpc", "ec2:CreateVpc", True),
    ("ec2:*Vpc", "ec2:CreateVpcEndpoint", False),
    ("ec2:Describe?pcs", "ec2:DescribeVpcs", True),
    ("ec2:Describe?pcs", "ec2:Describepcs", False),
    ("s3:*Object", "s3:GetObject", True),
    ("s3:*Object", "s3:PutObject", True),
    ("s3:*Object", "s3:DeleteObjectVersion", False),
    ("s3:Get*Object*", "s3:GetObjectVersion", True),
    (["ec2:CreateVpc", "s3:*"], "s3:ListBucket", True),
    (["ec2:CreateVpc", "s3:*"], "ec2:DeleteVpc", False),
    ("s3.:GetObject".replace(".", ""), "s3:GetObject", True),
    ("iam:Pass?ole", "iam:PassRole", True),
    ("iam:PassRole*", "iam:PassRole", True),
]

RESOURCES: list[tuple[Any, str, bool]] = [
    ("*", "*", True),
    ("*", VPC, True),
    (VPC, VPC, True),
    (VPC, "*", False),
    (VPC, VPC + "2", False),
    ("arn:aws:ec2:*:*:vpc/*", VPC, True),
    ("arn:aws:ec2:*:*:vpc/*", VPC.replace("vpc/", "subnet/"), False),
    ("arn:aws:ec2:*:*:*", VPC, True),
    ("arn:aws:ec2:*:*:*/*", VPC, True),
    ("arn:aws:ec2:us-east-1:*:vpc/*", VPC, False),
    ("arn:aws:ec2:eu-central-1:333333333333:vpc/*", VPC, False),
    ("arn:aws:ec2:eu-*:*:vpc/vpc-?", VPC, True),
    ("arn:aws:ec2:*", VPC, True),
    ("arn:aws:*", VPC, True),
    ("arn:aws-cn:ec2:*:*:vpc/*", VPC, False),
    ("arn:aws:s3:::data", OBJECT, False),
    ("arn:aws:s3:::data/*", OBJECT, True),
    ("arn:aws:s3:::data*", "arn:aws:s3:::data", True),
    ("arn:aws:s3:::data*", OBJECT, True),
    ("arn:aws:s3:::data/a/?.txt", OBJECT, True),
    ("arn:aws:s3:::data/A/b.txt", OBJECT, False),
    ("arn:aws:s3:::data/a.b.txt", OBJECT, False),
    ("arn:aws:s3:::*/b.txt", OBJECT, True),
    ("arn:aws:s3:::data/*", "arn:aws:s3:::data/with:colons/x", True),
    ("arn:aws:s3:::data/*", "arn:aws:s3:::data/new\nline", True),
    ("arn:aws:s3:::data/*", "arn:aws:s3:::database/x", False),
    ("arn:aws:iam::*:role/cluster", CLUSTER_ROLE, False),
    ("arn:aws:iam::*:role/*/cluster", CLUSTER_ROLE, True),
    ("arn:aws:iam::*:role/*", CLUSTER_ROLE, True),
    ("arn:aws:iam::*:*/cluster", CLUSTER_ROLE, True),
    # A wildcard stays inside its field …
    ("arn:aws:ec2:e*1:2*2:vpc/vpc-1", VPC, True),
    ("arn:aws:ec2:e*2:vpc/vpc-1", VPC, False),
    ("arn:aws:e*c/vpc-1", VPC, False),
    ("arn:aws:ec2:eu-central-1?222222222222:vpc/vpc-1", VPC, False),
    # … but the star that ends a field of a Resource runs on over colons.
    ("arn:aws:ec2:*:vpc/vpc-1", VPC, True),
    ("arn:aws:ec2:eu-*:vpc/vpc-1", VPC, True),
    ("arn:aws:ec2:us-*:vpc/vpc-1", VPC, False),
    ("arn:*:vpc/*", VPC, True),
    ("arn:*:2?2222222222:vpc/v*1", VPC, True),
    ("arn:aws:iam::2*:cluster", CLUSTER_ROLE, False),
    # In the last field a colon is a character like any other.
    (
        "arn:aws:logs:*:*:log-group:raydock-?:*",
        "arn:aws:logs:eu-west-1:2:log-group:raydock-a:log-stream:x",
        True,
    ),
    ("arn:aws:logs:*:*:log*x", "arn:aws:logs:eu-west-1:2:log-group:raydock-a:log-stream:x", True),
    # An incomplete ARN goes on as stars.
    ("arn:aws:ec2", VPC, True),
    ("arn:aws:ec2:eu-central-1", VPC, True),
    ("arn:aws:ec2:eu-west-1", VPC, False),
    ("arn:aws:iam::2*cluster", CLUSTER_ROLE, False),
    ("arn:aws:s3:::amzn/*/test/*", "arn:aws:s3:::amzn/1/2/test/3/o.jpg", True),
    ("arn:aws:s3:::amzn/*/test/*", "arn:aws:s3:::amzn/1///test///o.jpg", True),
    ("arn:aws:s3:::amzn/*/test/*", "arn:aws:s3:::amzn//test/o.jpg", True),
    ("arn:aws:s3:::amzn/*/test/*", "arn:aws:s3:::amzn/1/test/", True),
    ("arn:aws:s3:::amzn/*/test/*", "arn:aws:s3:::amzn/1-test/o.jpg", False),
    ("arn:aws:s3:::amzn/*/test/*", "arn:aws:s3:::amzn/test/o.jpg", False),
    ([VPC, "arn:aws:s3:::data/*"], OBJECT, True),
    ([VPC, "arn:aws:s3:::other/*"], OBJECT, False),
]

VARIABLES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("arn:aws:s3:::data/${aws:username}/*", "arn:aws:s3:::data/jane/x", {}, True),
    ("arn:aws:s3:::data/${aws:username}/*", "arn:aws:s3:::data/joe/x", {}, False),
    ("arn:aws:s3:::data/${AWS:UserName}/*", "arn:aws:s3:::data/jane/x", {}, True),
    ("arn:aws:s3:::data/${aws:PrincipalTag/team}/*", "arn:aws:s3:::data/x/y", {}, False),
    (
        "arn:aws:s3:::data/${aws:PrincipalTag/team}/*",
        "arn:aws:s3:::data/ml/y",
        {"aws:PrincipalTag/team": "ml"},
        True,
    ),
    ("arn:aws:s3:::data/${aws:PrincipalTag/team, 'all'}/*", "arn:aws:s3:::data/all/y", {}, True),
    (
        "arn:aws:s3:::data/${aws:PrincipalTag/team, 'all'}/*",
        "arn:aws:s3:::data/all/y",
        {"aws:PrincipalTag/team": "ml"},
        False,
    ),
    # What a variable brings in is literal.
    (
        "arn:aws:s3:::data/${aws:PrincipalTag/team}/*",
        "arn:aws:s3:::data/ml/y",
        {"aws:PrincipalTag/team": "*"},
        False,
    ),
    (
        "arn:aws:s3:::data/${aws:PrincipalTag/team}/*",
        "arn:aws:s3:::data/*/y",
        {"aws:PrincipalTag/team": "*"},
        True,
    ),
    # A key with several values cannot be put in.
    (
        "arn:aws:s3:::data/${aws:TagKeys}/*",
        "arn:aws:s3:::data/a/y",
        {"aws:TagKeys": ["a", "b"]},
        False,
    ),
    ("arn:aws:s3:::data/${*}", "arn:aws:s3:::data/*", {}, True),
    ("arn:aws:s3:::data/${*}", "arn:aws:s3:::data/x", {}, False),
    ("arn:aws:s3:::data/${?}", "arn:aws:s3:::data/x", {}, False),
    ("arn:aws:s3:::data/${$}{x}", "arn:aws:s3:::data/${x}", {}, True),
]


def test_the_case_of_a_requests_action_changes_nothing() -> None:
    assert ask(document(allow("ec2:RunInstances")), action="EC2:runinstances").allowed


def test_no_pattern_is_slow_however_many_stars_it_has() -> None:
    long = "a" * 3000
    many = document(allow("s3:" + "*a" * 60 + "*b", "arn:aws:s3:::" + "*a" * 60 + "*b"))
    like = document(allow(Condition={"StringLike": {"x:y": "*a" * 60 + "*b"}}))
    started = time.process_time()
    assert not ask(many, action=f"s3:{long}", resource=f"arn:aws:s3:::{long}").allowed
    assert not ask(
        document(allow("*", "arn:aws:s3:::" + "*a" * 60 + "*b")), resource=f"arn:aws:s3:::{long}"
    ).allowed
    assert not ask(like, context={"x:y": long}).allowed
    assert time.process_time() - started < 2


@pytest.mark.parametrize(("pattern", "action", "allowed"), ACTIONS)
def test_action_patterns(pattern: Any, action: str, *, allowed: bool) -> None:
    assert ask(document(allow(pattern)), action=action).allowed is allowed


@pytest.mark.parametrize(("pattern", "action", "allowed"), ACTIONS)
def test_not_action_is_the_complement(pattern: Any, action: str, *, allowed: bool) -> None:
    statement = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert ask(document(statement), action=action).allowed is not allowed


@pytest.mark.parametrize(("pattern", "resource", "allowed"), RESOURCES)
def test_resource_patterns(pattern: Any, resource: str, *, allowed: bool) -> None:
    assert ask(document(allow("*", pattern)), resource=resource).allowed is allowed


@pytest.mark.parametrize(("pattern", "resource", "allowed"), RESOURCES)
def test_not_resource_is_the_complement(pattern: Any, resource: str, *, allowed: bool) -> None:
    statement = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    assert ask(document(statement), resource=resource).allowed is not allowed


@pytest.mark.parametrize(("pattern", "resource", "context", "allowed"), VARIABLES)
def test_variables_in_resources(
    pattern: str, resource: str, context: dict[str, Any], *, allowed: bool
) -> None:
    decision = ask(document(allow("*", pattern)), resource=resource, principal=USER, context=context)
    assert decision.allowed is allowed


def test_variables_are_plain_text_in_the_old_version() -> None:
    old = document(allow("*", "arn:aws:s3:::data/${aws:username}"), version="2008-10-17")
    unversioned = document(allow("*", "arn:aws:s3:::data/${aws:username}"), version=None)
    for one in (old, unversioned):
        assert not ask(one, resource="arn:aws:s3:::data/jane", principal=USER).allowed
        assert ask(one, resource="arn:aws:s3:::data/${aws:username}", principal=USER).allowed


def test_an_allow_with_not_resource_gives_nothing_when_its_variable_is_missing() -> None:
    resource = "arn:aws:s3:::data/${aws:PrincipalTag/team}/*"
    granting = document({"Effect": "Allow", "Action": "*", "NotResource": resource})
    denying = document({"Effect": "Deny", "Action": "*", "NotResource": resource})
    assert not ask(granting).allowed
    assert not ask(document(allow()), denying).allowed


def test_a_deny_with_several_resources_holds_for_the_others_when_a_variable_is_missing() -> None:
    denying = deny("*", ["arn:aws:s3:::data/*", "arn:aws:s3:::x/${aws:username}"])
    assert not ask(document(allow(), denying), principal=ROLE).allowed
