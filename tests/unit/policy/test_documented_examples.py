"""Policies after the examples in AWS's own guides, each with requests on both sides of its line."""

from typing import Any

import pytest

from tests.unit.policy.writing import ACCOUNT, ROLE, USER, allow, ask, deny, document

INSTANCE = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-1"
YES = document(allow())

OUTSIDE_REGIONS = document(
    {
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*", "support:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
    }
)
WITHOUT_MFA = document(deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
FROM_ELSEWHERE = document(
    deny(
        Condition={
            "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
            "Bool": {"aws:ViaAWSService": "false"},
        }
    )
)
HOME = document(
    allow(
        "s3:ListBucket",
        "arn:aws:s3:::data",
        Condition={"StringLike": {"s3:prefix": ["", "home/${aws:username}/*"]}},
    ),
    allow("s3:*", ["arn:aws:s3:::data/home/${aws:username}", "arn:aws:s3:::data/home/${aws:username}/*"]),
)
FOR_A_WHILE = document(
    allow(
        "s3:*",
        Condition={
            "DateGreaterThan": {"aws:CurrentTime": "2026-04-01T00:00:00Z"},
            "DateLessThan": {"aws:CurrentTime": "2026-06-30T23:59:59Z"},
        },
    )
)
OWN_INSTANCES = document(
    allow(
        ["ec2:StartInstances", "ec2:StopInstances"],
        "arn:aws:ec2:*:*:instance/*",
        Condition={"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}},
    ),
    allow("ec2:DescribeInstances"),
)
SAME_TEAM = document(
    allow(
        "ec2:StopInstances",
        Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    )
)
TAG_AT_LAUNCH = document(
    allow("ec2:RunInstances"),
    allow("ec2:CreateTags", Condition={"StringEquals": {"ec2:CreateAction": "RunInstances"}}),
)
THESE_TAGS_ONLY = document(
    allow("ec2:CreateTags", Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["env", "cost"]}})
)
PASS_TO_EC2 = document(
    allow(
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/RDS-*",
        Condition={"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "rds.amazonaws.com"]}},
    )
)
SPOT_ROLE = document(
    allow(
        ["iam:CreateServiceLinkedRole", "iam:PutRolePolicy"],
        "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
        Condition={"StringLike": {"iam:AWSServiceName": "spot.amazonaws.com"}},
    )
)
CLOUD = {"aws:ResourceTag/raydock-cloud-id": "cld_1"}
RESTRICTED = document(
    allow(["ec2:CreateTags", "ec2:DeleteTags"]),
    {
        "Sid": "DenyTaggingOnOtherInstances",
        "Effect": "Deny",
        "Action": ["ec2:DeleteTags", "ec2:CreateTags"],
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {
            "StringNotEquals": CLOUD | {"ec2:CreateAction": ["RunInstances", "StartInstances"]},
        },
    },
    allow("ec2:TerminateInstances", Condition={"StringEquals": CLOUD}, Sid="RestrictedInstanceStop"),
    allow(
        "ec2:RunInstances",
        Condition={
            "StringEquals": {"aws:RequestTag/raydock-cloud-id": "cld_1"},
            "ForAnyValue:StringEquals": {"aws:TagKeys": ["raydock-cloud-id"]},
        },
        Sid="RestrictedInstanceStart",
    ),
    allow("ec2:RunInstances", ["arn:aws:ec2:*::image/*", "arn:aws:ec2:*:*:subnet/*"], Sid="Untagged"),
)
RUN_TAGS = {"aws:RequestTag/raydock-cloud-id": "cld_1", "aws:TagKeys": ["raydock-cloud-id", "Name"]}

CASES: list[tuple[str, list[dict[str, Any]], str, str, dict[str, Any], bool]] = [
    (
        "region allowed",
        [YES, OUTSIDE_REGIONS],
        "ec2:CreateVpc",
        "*",
        {"aws:RequestedRegion": "eu-west-1"},
        True,
    ),
    (
        "region denied",
        [YES, OUTSIDE_REGIONS],
        "ec2:CreateVpc",
        "*",
        {"aws:RequestedRegion": "us-east-1"},
        False,
    ),
    ("global", [YES, OUTSIDE_REGIONS], "iam:GetRole", "*", {"aws:RequestedRegion": "us-east-1"}, True),
    ("mfa", [YES, WITHOUT_MFA], "ec2:CreateVpc", "*", {"aws:MultiFactorAuthPresent": "true"}, True),
    ("mfa missing", [YES, WITHOUT_MFA], "ec2:CreateVpc", "*", {}, False),
    ("mfa false", [YES, WITHOUT_MFA], "ec2:CreateVpc", "*", {"aws:MultiFactorAuthPresent": "false"}, False),
    (
        "office",
        [YES, FROM_ELSEWHERE],
        "ec2:CreateVpc",
        "*",
        {"aws:SourceIp": "203.0.113.7", "aws:ViaAWSService": "false"},
        True,
    ),
    (
        "elsewhere",
        [YES, FROM_ELSEWHERE],
        "ec2:CreateVpc",
        "*",
        {"aws:SourceIp": "198.51.100.7", "aws:ViaAWSService": "false"},
        False,
    ),
    (
        "through a service",
        [YES, FROM_ELSEWHERE],
        "ec2:CreateVpc",
        "*",
        {"aws:SourceIp": "198.51.100.7", "aws:ViaAWSService": "true"},
        True,
    ),
    ("home list", [HOME], "s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": "home/jane/a"}, True),
    ("home root", [HOME], "s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": ""}, True),
    ("home of joe", [HOME], "s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": "home/joe/a"}, False),
    ("home object", [HOME], "s3:PutObject", "arn:aws:s3:::data/home/jane/a", {}, True),
    ("joe's object", [HOME], "s3:PutObject", "arn:aws:s3:::data/home/joe/a", {}, False),
    ("in time", [FOR_A_WHILE], "s3:GetObject", "*", {"aws:CurrentTime": "2026-05-01T00:00:00Z"}, True),
    ("too late", [FOR_A_WHILE], "s3:GetObject", "*", {"aws:CurrentTime": "2026-07-01T00:00:00Z"}, False),
    ("own instance", [OWN_INSTANCES], "ec2:StopInstances", INSTANCE, {"aws:ResourceTag/Owner": "jane"}, True),
    (
        "joe's instance",
        [OWN_INSTANCES],
        "ec2:StopInstances",
        INSTANCE,
        {"aws:ResourceTag/Owner": "joe"},
        False,
    ),
    ("nobody's instance", [OWN_INSTANCES], "ec2:StopInstances", INSTANCE, {}, False),
    (
        "same team",
        [SAME_TEAM],
        "ec2:StopInstances",
        INSTANCE,
        {"aws:ResourceTag/team": "ml", "aws:PrincipalTag/team": "ml"},
        True,
    ),
    ("no team at all", [SAME_TEAM], "ec2:StopInstances", INSTANCE, {}, False),
    (
        "tag at launch",
        [TAG_AT_LAUNCH],
        "ec2:CreateTags",
        INSTANCE,
        {"ec2:CreateAction": "RunInstances"},
        True,
    ),
    ("tag later", [TAG_AT_LAUNCH], "ec2:CreateTags", INSTANCE, {}, False),
    ("these tags", [THESE_TAGS_ONLY], "ec2:CreateTags", INSTANCE, {"aws:TagKeys": ["env"]}, True),
    ("other tags", [THESE_TAGS_ONLY], "ec2:CreateTags", INSTANCE, {"aws:TagKeys": ["env", "x"]}, False),
    (
        "pass to ec2",
        [PASS_TO_EC2],
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/RDS-x",
        {"iam:PassedToService": "ec2.amazonaws.com"},
        True,
    ),
    (
        "pass to lambda",
        [PASS_TO_EC2],
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/RDS-x",
        {"iam:PassedToService": "lambda.amazonaws.com"},
        False,
    ),
    (
        "spot role",
        [SPOT_ROLE],
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
        {"iam:AWSServiceName": "spot.amazonaws.com"},
        True,
    ),
    (
        "another service's role",
        [SPOT_ROLE],
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
        {"iam:AWSServiceName": "rds.amazonaws.com"},
        False,
    ),
    ("tag our instance", [RESTRICTED], "ec2:CreateTags", INSTANCE, CLOUD, True),
    (
        "tag at launch, ours",
        [RESTRICTED],
        "ec2:CreateTags",
        INSTANCE,
        {"ec2:CreateAction": "RunInstances"},
        True,
    ),
    ("tag another instance", [RESTRICTED], "ec2:CreateTags", INSTANCE, {}, False),
    ("stop ours", [RESTRICTED], "ec2:TerminateInstances", INSTANCE, CLOUD, True),
    ("stop another", [RESTRICTED], "ec2:TerminateInstances", INSTANCE, {}, False),
    ("start tagged", [RESTRICTED], "ec2:RunInstances", INSTANCE, RUN_TAGS, True),
    ("start untagged", [RESTRICTED], "ec2:RunInstances", INSTANCE, {}, False),
    ("start from image", [RESTRICTED], "ec2:RunInstances", "arn:aws:ec2:eu-central-1::image/ami-1", {}, True),
    (
        "start, foreign volume",
        [RESTRICTED],
        "ec2:RunInstances",
        INSTANCE.replace("instance/i", "volume/v"),
        {},
        False,
    ),
]


@pytest.mark.parametrize(
    ("policies", "action", "resource", "context", "allowed"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_example(
    policies: list[dict[str, Any]], action: str, resource: str, context: dict[str, Any], *, allowed: bool
) -> None:
    decision = ask(*policies, action=action, resource=resource, principal=USER, context=context)
    assert decision.allowed is allowed


def test_a_role_has_no_home_folder() -> None:
    assert not ask(
        HOME, action="s3:PutObject", resource="arn:aws:s3:::data/home/jane/a", principal=ROLE
    ).allowed
