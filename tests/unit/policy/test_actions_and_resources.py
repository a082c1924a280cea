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
    # A wildcard stays inside its field: the first must not reach over the account id.
    ("arn:aws:iam::2*:cluster", CLUSTER_ROLE, False),
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
