"""The examples of IAM's reference pages: condition operators, sets of values, boundaries, variables."""

from typing import Any

import pytest

from tests.unit.policy.writing import ACCOUNT, ROLE, USER, allow, ask, deny, document

INSTANCE = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-1"
YES = document(allow())

OF_ACCESS_KEYS = "arn:aws:iam::222222222222:user/any"
KEYS_OF_ADMINS = document(
    allow(
        "iam:*AccessKey*",
        "arn:aws:iam::222222222222:user/*",
        Condition={"StringEquals": {"aws:PrincipalTag/job-category": "iamuser-admin"}},
    )
)
FRESH_CREDENTIALS = document(
    allow("iam:*AccessKey*", Condition={"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}})
)
LONG_LIVED_ONLY = document(allow("ec2:*", Condition={"Null": {"aws:TokenIssueTime": "true"}}))
SMALL_LISTS = document(
    allow("s3:ListBucket", "arn:aws:s3:::data", Condition={"NumericLessThanEquals": {"s3:max-keys": "10"}})
)
ONLY_WITH_TLS = document(
    deny(
        "s3:*",
        ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )
)
TWO_NETWORKS = document(
    allow(Condition={"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}})
)
SMALL_INSTANCES = document(
    allow(
        "ec2:RunInstances",
        Condition={"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}},
    )
)
SMALL_INSTANCES_ALONE = document(
    allow("ec2:RunInstances", Condition={"StringLike": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}})
)
COLUMNS = "dynamodb:requestedAttributes"
SOME_COLUMNS = document(
    allow(
        "dynamodb:GetItem",
        "arn:aws:dynamodb:*:*:table/Thread",
        Condition={"ForAllValues:StringLike": {COLUMNS: ["PostDateTime", "Message", "Tags"]}},
    )
)
NOT_THESE_COLUMNS = document(
    deny(
        "dynamodb:PutItem",
        "arn:aws:dynamodb:*:*:table/Thread",
        Condition={"ForAnyValue:StringLike": {COLUMNS: ["ID", "PostDateTime"]}},
    )
)
THREAD = "arn:aws:dynamodb:eu-west-1:222222222222:table/Thread"
ALL_BUT_IAM = document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
NOT_OTHER_BUCKETS = document(
    {
        "Effect": "Deny",
        "Action": "s3:*",
        "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"],
    }
)
TEAM_FOLDER = document(allow("s3:GetObject", "arn:aws:s3:::data/${aws:PrincipalTag/team, 'company-wide'}/*"))
COST_CENTERS = document(allow("iam:*user*", Condition={"StringLike": {"iam:ResourceTag/cost": ["1", "6"]}}))
OWN_QUEUES = document(allow("sqs:*", "arn:aws:sqs:us-east-2:*:${aws:username}-queue"))
OWN_KEYS = document(allow("iam:*AccessKey*", "arn:aws:iam::222222222222:user/${aws:username}"))
NO_REPORTS = document(
    allow(["iam:Get*", "iam:List*"], Sid="AllowGetList"), deny("iam:*Report", Sid="DenyReports")
)
QUEUE = "arn:aws:sqs:us-east-2:222222222222:"

CASES: list[tuple[str, list[dict[str, Any]], str, str, dict[str, Any], bool]] = [
    (
        "admin's keys",
        [KEYS_OF_ADMINS],
        "iam:CreateAccessKey",
        OF_ACCESS_KEYS,
        {"aws:PrincipalTag/job-category": "iamuser-admin"},
        True,
    ),
    ("keys without the tag", [KEYS_OF_ADMINS], "iam:CreateAccessKey", OF_ACCESS_KEYS, {}, False),
    ("users are no keys", [KEYS_OF_ADMINS], "iam:CreateUser", OF_ACCESS_KEYS, {}, False),
    (
        "fresh credentials",
        [FRESH_CREDENTIALS],
        "iam:ListAccessKeys",
        "*",
        {"aws:TokenIssueTime": "2020-06-01T00:00:00Z"},
        True,
    ),
    (
        "old credentials",
        [FRESH_CREDENTIALS],
        "iam:ListAccessKeys",
        "*",
        {"aws:TokenIssueTime": "2019-06-01T00:00:00Z"},
        False,
    ),
    ("no session at all", [FRESH_CREDENTIALS], "iam:ListAccessKeys", "*", {}, False),
    ("own credentials", [LONG_LIVED_ONLY], "ec2:CreateVpc", "*", {}, True),
    (
        "a session's",
        [LONG_LIVED_ONLY],
        "ec2:CreateVpc",
        "*",
        {"aws:TokenIssueTime": "2020-06-01T00:00:00Z"},
        False,
    ),
    ("ten keys", [SMALL_LISTS], "s3:ListBucket", "arn:aws:s3:::data", {"s3:max-keys": 10}, True),
    ("eleven keys", [SMALL_LISTS], "s3:ListBucket", "arn:aws:s3:::data", {"s3:max-keys": 11}, False),
    ("as many as there are", [SMALL_LISTS], "s3:ListBucket", "arn:aws:s3:::data", {}, False),
    (
        "with TLS",
        [YES, ONLY_WITH_TLS],
        "s3:GetObject",
        "arn:aws:s3:::data/x",
        {"aws:SecureTransport": "true"},
        True,
    ),
    (
        "without TLS",
        [YES, ONLY_WITH_TLS],
        "s3:GetObject",
        "arn:aws:s3:::data/x",
        {"aws:SecureTransport": "false"},
        False,
    ),
    (
        "without TLS, elsewhere",
        [YES, ONLY_WITH_TLS],
        "s3:GetObject",
        "arn:aws:s3:::database/x",
        {"aws:SecureTransport": "false"},
        True,
    ),
    ("IPv4", [TWO_NETWORKS], "ec2:CreateVpc", "*", {"aws:SourceIp": "203.0.113.255"}, True),
    ("IPv6", [TWO_NETWORKS], "ec2:CreateVpc", "*", {"aws:SourceIp": "2001:db8:1234:5678::9"}, True),
    (
        "IPv6 elsewhere",
        [TWO_NETWORKS],
        "ec2:CreateVpc",
        "*",
        {"aws:SourceIp": "2001:db8:1234:5679::9"},
        False,
    ),
    ("VPC endpoint", [TWO_NETWORKS], "ec2:CreateVpc", "*", {}, False),
    ("small", [SMALL_INSTANCES], "ec2:RunInstances", INSTANCE, {"ec2:InstanceType": "t2.micro"}, True),
    ("large", [SMALL_INSTANCES], "ec2:RunInstances", INSTANCE, {"ec2:InstanceType": "c5.large"}, False),
    ("image has no type", [SMALL_INSTANCES], "ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/a", {}, True),
    (
        "image, without IfExists",
        [SMALL_INSTANCES_ALONE],
        "ec2:RunInstances",
        "arn:aws:ec2:eu-west-1::image/a",
        {},
        False,
    ),
    ("columns", [SOME_COLUMNS], "dynamodb:GetItem", THREAD, {COLUMNS: ["PostDateTime", "Message"]}, True),
    ("one more column", [SOME_COLUMNS], "dynamodb:GetItem", THREAD, {COLUMNS: ["Message", "ID"]}, False),
    ("no columns", [SOME_COLUMNS], "dynamodb:GetItem", THREAD, {}, True),
    (
        "forbidden column",
        [YES, NOT_THESE_COLUMNS],
        "dynamodb:PutItem",
        THREAD,
        {COLUMNS: ["UserName", "PostDateTime"]},
        False,
    ),
    ("free column", [YES, NOT_THESE_COLUMNS], "dynamodb:PutItem", THREAD, {COLUMNS: ["UserName"]}, True),
    ("all but IAM", [ALL_BUT_IAM], "s3:GetObject", "*", {}, True),
    ("IAM", [ALL_BUT_IAM], "iam:GetUser", "*", {}, False),
    ("payroll", [YES, NOT_OTHER_BUCKETS], "s3:GetObject", "arn:aws:s3:::HRBucket/Payroll/a", {}, True),
    ("not payroll", [YES, NOT_OTHER_BUCKETS], "s3:GetObject", "arn:aws:s3:::HRBucket/Other/a", {}, False),
    (
        "payroll's neighbour",
        [YES, NOT_OTHER_BUCKETS],
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Payrolls",
        {},
        False,
    ),
    (
        "team's folder",
        [TEAM_FOLDER],
        "s3:GetObject",
        "arn:aws:s3:::data/yellow/x",
        {"aws:PrincipalTag/team": "yellow"},
        True,
    ),
    ("no team", [TEAM_FOLDER], "s3:GetObject", "arn:aws:s3:::data/company-wide/x", {}, True),
    ("no team, a team's folder", [TEAM_FOLDER], "s3:GetObject", "arn:aws:s3:::data/yellow/x", {}, False),
    ("cost center", [COST_CENTERS], "iam:CreateUser", "*", {"iam:ResourceTag/cost": "6"}, True),
    ("another center", [COST_CENTERS], "iam:CreateUser", "*", {"iam:ResourceTag/cost": "16"}, False),
    ("own queue", [OWN_QUEUES], "sqs:SendMessage", QUEUE + "jane-queue", {}, True),
    ("joe's queue", [OWN_QUEUES], "sqs:SendMessage", QUEUE + "joe-queue", {}, False),
    ("own keys", [OWN_KEYS], "iam:DeleteAccessKey", USER, {}, True),
    ("joe's keys", [OWN_KEYS], "iam:DeleteAccessKey", USER.replace("jane", "joe"), {}, False),
    ("lists", [NO_REPORTS], "iam:ListUsers", "*", {}, True),
    ("a report", [NO_REPORTS], "iam:GetOrganizationsAccessReport", "*", {}, False),
    ("a change", [NO_REPORTS], "iam:CreatePolicy", "*", {}, False),
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


def test_a_boundary_grants_nothing_and_limits_what_is_granted() -> None:
    boundary = [document(allow(["s3:*", "cloudwatch:*", "ec2:*"]))]
    granting = document(allow(["iam:CreateUser", "s3:GetObject"]))
    assert ask(granting, action="s3:GetObject", principal=USER, boundary=boundary).allowed
    assert not ask(granting, action="iam:CreateUser", principal=USER, boundary=boundary).allowed
    assert not ask(granting, action="ec2:CreateVpc", principal=USER, boundary=boundary).allowed


def test_a_topic_may_send_to_a_queue_and_nobody_else() -> None:
    topic = f"arn:aws:sns:us-east-2:{ACCOUNT}:topic"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "SQS:SendMessage",
        "Resource": QUEUE + "q",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }

    def sends(principal: str, context: dict[str, Any]) -> bool:
        return ask(
            action="sqs:SendMessage",
            resource=QUEUE + "q",
            principal=principal,
            context=context,
            resource_policies=[document(statement)],
        ).allowed

    assert sends("sns.amazonaws.com", {"aws:SourceArn": topic})
    assert not sends("sns.amazonaws.com", {"aws:SourceArn": topic + "2"})
    assert not sends("sns.amazonaws.com", {})
    assert not sends(ROLE, {"aws:SourceArn": topic})


def test_everyone_may_be_let_in_by_the_arn_that_they_call_with() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::data/*",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}},
    }
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/op_1"
    nothing = document(allow("ec2:*"))
    asked: dict[str, Any] = {
        "resource_policies": [document(statement)],
        "boundary": [nothing],
        "session": [nothing],
    }
    assert ask(principal=session, **asked).allowed
    assert not ask(principal=USER, **asked).allowed
