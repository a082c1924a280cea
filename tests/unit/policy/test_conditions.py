from typing import Any

import pytest

from iam.policy.conditions import OPERATORS
from tests.unit.policy.writing import USER, allow, ask, deny, document, when

TAG = "aws:RequestTag/env"
KEYS = "aws:TagKeys"
TIME = "aws:CurrentTime"
IP = "aws:SourceIp"
ARN = "aws:SourceArn"
TOPIC = "arn:aws:sns:us-east-1:222222222222:topic-a"

# operator, key, wanted, context, holds
STRINGS: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("StringEquals", TAG, "dev", {TAG: "dev"}, True),
    ("StringEquals", TAG, "dev", {TAG: "Dev"}, False),
    ("StringEquals", TAG, ["dev", "test"], {TAG: "test"}, True),
    ("StringEquals", TAG, ["dev", "test"], {TAG: "prod"}, False),
    ("StringEquals", TAG, "dev", {}, False),
    ("StringEquals", TAG, "dev", {TAG: []}, False),
    ("StringEquals", TAG, "dev", {TAG: None}, False),
    ("StringEquals", TAG, "", {TAG: ""}, True),
    ("StringEquals", TAG, "d*", {TAG: "dev"}, False),
    ("StringEquals", TAG, "d*", {TAG: "d*"}, True),
    ("StringEquals", "AWS:requesttag/ENV", "dev", {TAG: "dev"}, True),
    ("StringEquals", TAG, "dev", {"AWS:REQUESTTAG/ENV": "dev"}, True),
    ("StringEquals", TAG, 7, {TAG: "7"}, True),
    ("StringEquals", TAG, True, {TAG: True}, True),
    ("StringNotEquals", TAG, "dev", {TAG: "dev"}, False),
    ("StringNotEquals", TAG, "dev", {TAG: "prod"}, True),
    ("StringNotEquals", TAG, ["dev", "test"], {TAG: "test"}, False),
    ("StringNotEquals", TAG, ["dev", "test"], {TAG: "prod"}, True),
    ("StringNotEquals", TAG, "dev", {}, True),
    ("StringEqualsIgnoreCase", TAG, "DEV", {TAG: "dev"}, True),
    ("StringEqualsIgnoreCase", TAG, "DEV", {TAG: "devs"}, False),
    ("StringNotEqualsIgnoreCase", TAG, "DEV", {TAG: "dev"}, False),
    ("StringNotEqualsIgnoreCase", TAG, "DEV", {}, True),
    ("StringLike", TAG, "d*", {TAG: "dev"}, True),
    ("StringLike", TAG, "D*", {TAG: "dev"}, False),
    ("StringLike", TAG, "de?", {TAG: "dev"}, True),
    ("StringLike", TAG, "de?", {TAG: "de"}, False),
    ("StringLike", TAG, "*", {TAG: ""}, True),
    ("StringLike", TAG, "*", {}, False),
    ("StringLike", TAG, "a.c", {TAG: "abc"}, False),
    ("StringLike", TAG, "a${*}c", {TAG: "a*c"}, True),
    ("StringLike", TAG, "a${*}c", {TAG: "abc"}, False),
    ("StringNotLike", TAG, "d*", {TAG: "dev"}, False),
    ("StringNotLike", TAG, "d*", {TAG: "prod"}, True),
    ("StringNotLike", TAG, "d*", {}, True),
    ("StringEquals", TAG, "${aws:username}", {TAG: "jane"}, True),
    ("StringEquals", TAG, "${aws:username}", {TAG: "joe"}, False),
    ("StringEquals", TAG, "${aws:PrincipalTag/x}", {TAG: "joe"}, False),
    ("StringEquals", TAG, "${aws:PrincipalTag/x, 'joe'}", {TAG: "joe"}, True),
    # A "not" that would hold only because its variable is missing grants nothing.
    ("StringNotEquals", TAG, "${aws:PrincipalTag/x}", {TAG: "joe"}, False),
    ("StringLike", TAG, "${aws:username}-*", {TAG: "jane-1"}, True),
    ("StringLike", TAG, "${$}{aws:username}", {TAG: "${aws:username}"}, True),
    ("StringEquals", TAG, "${?}${*}", {TAG: "?*"}, True),
    ("StringEquals", TAG, "${aws:username}${aws:username}", {TAG: "janejane"}, True),
    ("StringEquals", TAG, "${aws:PrincipalTag/x, ''}", {TAG: ""}, True),
    ("StringEqualsIgnoreCase", TAG, "${aws:username}", {TAG: "JANE"}, True),
    ("StringNotLike", TAG, "${aws:username}-*", {TAG: "joe-1"}, True),
    ("StringEquals", TAG, "${aws:TagKeys}", {TAG: "a", KEYS: ["a", "b"]}, False),
    ("StringLike", TAG, "*e*", {TAG: "dev"}, True),
    ("StringLike", TAG, "[d]ev", {TAG: "dev"}, False),
    ("StringLike", TAG, "d*v*", {TAG: "dev/a:b"}, True),
    ("StringLike", TAG, ["x*", "d?v"], {TAG: "dev"}, True),
    ("StringNotLike", TAG, ["x*", "d?v"], {TAG: "dev"}, False),
    ("StringNotEqualsIgnoreCase", TAG, "DEV", {TAG: "prod"}, True),
    ("StringLike", TAG, "${aws:PrincipalTag/x}", {TAG: "joe", "aws:PrincipalTag/x": "*"}, False),
]
NUMBERS: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("NumericEquals", "s3:max-keys", "10", {"s3:max-keys": "10"}, True),
    ("NumericEquals", "s3:max-keys", 10, {"s3:max-keys": "10.0"}, True),
    ("NumericEquals", "s3:max-keys", "10", {"s3:max-keys": "11"}, False),
    ("NumericNotEquals", "s3:max-keys", "10", {"s3:max-keys": "11"}, True),
    ("NumericNotEquals", "s3:max-keys", "10", {}, True),
    ("NumericLessThan", "s3:max-keys", "10", {"s3:max-keys": "9"}, True),
    ("NumericLessThan", "s3:max-keys", "10", {"s3:max-keys": "10"}, False),
    ("NumericLessThanEquals", "s3:max-keys", "10", {"s3:max-keys": "10"}, True),
    ("NumericLessThanEquals", "s3:max-keys", "10", {"s3:max-keys": "100"}, False),
    ("NumericGreaterThan", "s3:max-keys", "10", {"s3:max-keys": 100}, True),
    ("NumericGreaterThan", "s3:max-keys", "10", {"s3:max-keys": "9"}, False),
    ("NumericGreaterThanEquals", "s3:max-keys", "10", {"s3:max-keys": "10"}, True),
    ("NumericEquals", "s3:max-keys", "10", {"s3:max-keys": "ten"}, False),
    ("NumericLessThan", "s3:max-keys", "10", {"s3:max-keys": "NaN"}, False),
    ("NumericLessThan", "s3:max-keys", "10", {"s3:max-keys": "-Infinity"}, False),
    ("NumericLessThan", "s3:max-keys", "10", {}, False),
    ("NumericGreaterThanEquals", "s3:max-keys", "10", {"s3:max-keys": "9.99"}, False),
    ("NumericEquals", "s3:max-keys", "1e1", {"s3:max-keys": "10"}, True),
    ("NumericEquals", "s3:max-keys", "-0.5", {"s3:max-keys": "-.50"}, True),
    ("NumericEquals", "s3:max-keys", "10", {"s3:max-keys": "1_0"}, False),
    ("NumericEquals", "s3:max-keys", ["5", "10"], {"s3:max-keys": "10"}, True),
    ("NumericNotEquals", "s3:max-keys", ["5", "10"], {"s3:max-keys": "10"}, False),
    # Numbers take no policy variables, and a "not" grants nothing on the strength of that.
    ("NumericEquals", "s3:max-keys", "${x:limit}", {"s3:max-keys": "5", "x:limit": "5"}, False),
    ("NumericNotEquals", "s3:max-keys", "${x:limit}", {"s3:max-keys": "5", "x:limit": "6"}, False),
]
DATES: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("DateEquals", TIME, "2026-01-01T00:00:00Z", {TIME: "2026-01-01T01:00:00+01:00"}, True),
    ("DateNotEquals", TIME, "2026-01-01T00:00:00Z", {TIME: "2026-01-01T00:00:00Z"}, False),
    ("DateLessThan", TIME, "2026-01-02", {TIME: "2026-01-01T23:59:59Z"}, True),
    ("DateLessThan", TIME, "2026-01-02T00:00:00Z", {TIME: "2026-01-02T00:00:00Z"}, False),
    ("DateLessThanEquals", TIME, "2026-01-02T00:00:00Z", {TIME: "2026-01-02T00:00:00Z"}, True),
    ("DateGreaterThan", TIME, "2026-01-01", {TIME: "2026-06-30T12:00:00Z"}, True),
    ("DateGreaterThan", TIME, "2026", {TIME: "2025-12-31T23:59:59Z"}, False),
    ("DateGreaterThan", TIME, "2026-02", {TIME: "2026-02-01T00:00:01Z"}, True),
    ("DateGreaterThanEquals", "aws:EpochTime", "1767225600", {"aws:EpochTime": "1767225600"}, True),
    ("DateGreaterThan", "aws:EpochTime", "2026-01-01T00:00:00Z", {"aws:EpochTime": 1767225601}, True),
    ("DateLessThan", TIME, "2026-01-02", {TIME: "soon"}, False),
    ("DateLessThan", TIME, "2026-01-02", {TIME: "99999999999999999999"}, False),
    ("DateLessThan", TIME, "2026-01-02", {}, False),
    ("DateNotEquals", TIME, "2026-01-02", {}, True),
    ("DateEquals", TIME, "2026-01-01T00:00:00Z", {TIME: "2026-01-01T00:00:01Z"}, False),
    ("DateLessThanEquals", TIME, "2026-01-02", {TIME: "2026-01-02T00:00:01Z"}, False),
    ("DateGreaterThanEquals", TIME, "2026-01-02", {TIME: "2026-01-01T23:59:59Z"}, False),
    ("DateLessThan", TIME, "2026-01-02T00:00Z", {TIME: "2026-01-01T23:59:59.999Z"}, True),
    ("DateGreaterThan", "aws:EpochTime", "0", {"aws:EpochTime": "1767225600"}, True),
    # Dates take no policy variables: AWS fills none in, and so none is met.
    ("DateGreaterThan", TIME, "${aws:TokenIssueTime}", {TIME: "2027", "aws:TokenIssueTime": "2026"}, False),
]
TRUTHS: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("Bool", "aws:SecureTransport", "true", {"aws:SecureTransport": "true"}, True),
    ("Bool", "aws:SecureTransport", True, {"aws:SecureTransport": True}, True),
    ("Bool", "aws:SecureTransport", "TRUE", {"aws:SecureTransport": "True"}, True),
    ("Bool", "aws:SecureTransport", "false", {"aws:SecureTransport": "true"}, False),
    ("Bool", "aws:SecureTransport", "false", {"aws:SecureTransport": False}, True),
    ("Bool", "aws:MultiFactorAuthPresent", "false", {}, False),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "false", {}, True),
    ("Bool", "aws:SecureTransport", "true", {"aws:SecureTransport": "yes"}, False),
    ("Null", TAG, "true", {}, True),
    ("Null", TAG, "true", {TAG: "dev"}, False),
    ("Null", TAG, "false", {TAG: "dev"}, True),
    ("Null", TAG, False, {TAG: "dev"}, True),
    ("Null", TAG, "false", {}, False),
    ("Null", TAG, "true", {TAG: []}, True),
    ("Null", "aws:requesttag/ENV", "true", {TAG: "dev"}, False),
]
ADDRESSES: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("IpAddress", IP, "203.0.113.0/24", {IP: "203.0.113.9"}, True),
    ("IpAddress", IP, "203.0.113.0/24", {IP: "203.0.114.9"}, False),
    ("IpAddress", IP, "203.0.113.9", {IP: "203.0.113.9"}, True),
    ("IpAddress", IP, "203.0.113.9/24", {IP: "203.0.113.1"}, True),
    ("IpAddress", IP, ["10.0.0.0/8", "203.0.113.0/24"], {IP: "203.0.113.9"}, True),
    ("IpAddress", IP, "2001:db8::/32", {IP: "2001:db8::1"}, True),
    ("IpAddress", IP, "2001:db8::/32", {IP: "203.0.113.9"}, False),
    ("IpAddress", IP, "0.0.0.0/0", {}, False),
    ("IpAddress", IP, "0.0.0.0/0", {IP: "ec2.amazonaws.com"}, False),
    ("NotIpAddress", IP, "203.0.113.0/24", {IP: "203.0.113.9"}, False),
    ("NotIpAddress", IP, "203.0.113.0/24", {IP: "198.51.100.1"}, True),
    ("NotIpAddress", IP, "203.0.113.0/24", {}, True),
]
ARNS: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("ArnEquals", ARN, TOPIC, {ARN: TOPIC}, True),
    ("ArnEquals", ARN, "arn:aws:sns:*:222222222222:*", {ARN: TOPIC}, True),
    ("ArnLike", ARN, "arn:aws:sns:*:*:topic-?", {ARN: TOPIC}, True),
    ("ArnLike", ARN, "arn:aws:sns:*:333333333333:*", {ARN: TOPIC}, False),
    ("ArnLike", ARN, "arn:aws:sns:*topic-a", {ARN: TOPIC}, False),
    ("ArnLike", ARN, "arn:aws:sns:*", {ARN: TOPIC}, True),
    ("ArnLike", ARN, "arn:aws:iam::*:role/*", {ARN: "arn:aws:iam::222222222222:role/a/b"}, True),
    ("ArnLike", ARN, TOPIC, {ARN: "topic-a"}, False),
    ("ArnLike", ARN, TOPIC, {}, False),
    ("ArnNotEquals", ARN, TOPIC, {ARN: TOPIC}, False),
    ("ArnNotEquals", ARN, "arn:aws:sns:*:*:topic-?", {ARN: TOPIC + "b"}, True),
    ("ArnNotLike", ARN, "arn:aws:sqs:*:*:*", {ARN: TOPIC}, True),
    ("ArnNotLike", ARN, TOPIC, {}, True),
    # AWS's own example of where a text fits and an ARN does not.
    (
        "StringLike",
        ARN,
        "arn:aws:some:*:111122223333:finance/*",
        {ARN: "arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"},
        True,
    ),
    (
        "ArnLike",
        ARN,
        "arn:aws:some:*:111122223333:finance/*",
        {ARN: "arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"},
        False,
    ),
    ("ArnLike", ARN, "arn:aws:sns:*:topic-a", {ARN: TOPIC}, False),
    ("ArnLike", ARN, "arn:aws:sns:us-*-1:2*2:topic-*", {ARN: TOPIC}, True),
    ("ArnLike", ARN, "arn:aws:sns", {ARN: TOPIC}, False),
    ("ArnEquals", ARN, [TOPIC + "x", "arn:aws:sns:*:*:topic-?"], {ARN: TOPIC}, True),
    ("ArnEquals", ARN, TOPIC, {ARN: TOPIC.upper()}, False),
    ("ArnNotLike", ARN, [TOPIC, "arn:aws:sqs:*:*:*"], {ARN: TOPIC}, False),
    ("ArnLike", "x:log", "arn:aws:logs:*:*:group:?:x", {"x:log": "arn:aws:logs:eu-west-1:2:group:a:x"}, True),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/${aws:username}", {}, True),
    ("BinaryEquals", "x:blob", "QmluYXJ5", {"x:blob": "QmluYXJ5"}, True),
    ("BinaryEquals", "x:blob", "QmluYXJ5", {"x:blob": "T3RoZXI="}, False),
    ("BinaryEquals", "x:blob", "QmluYXJ5", {"x:blob": "not base64!"}, False),
    ("BinaryEquals", "x:blob", ["T3RoZXI=", "QmluYXJ5"], {"x:blob": "QmluYXJ5"}, True),
    ("BinaryEquals", "x:blob", "QmluYXJ5", {}, False),
]
IF_EXISTS: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("StringEqualsIfExists", TAG, "dev", {}, True),
    ("StringEqualsIfExists", TAG, "dev", {TAG: "dev"}, True),
    ("StringEqualsIfExists", TAG, "dev", {TAG: "prod"}, False),
    ("StringNotEqualsIfExists", TAG, "dev", {}, True),
    ("StringLikeIfExists", "ec2:InstanceType", ["t1.*", "m3.*"], {"ec2:InstanceType": "m5.xlarge"}, False),
    ("StringLikeIfExists", "ec2:InstanceType", ["t1.*", "m3.*"], {}, True),
    ("NumericLessThanIfExists", "s3:max-keys", "10", {}, True),
    ("IpAddressIfExists", IP, "203.0.113.0/24", {}, True),
    ("ArnLikeIfExists", ARN, TOPIC, {}, True),
    ("DateLessThanIfExists", TIME, "2026-01-01", {TIME: "2027-01-01"}, False),
    ("DateLessThanIfExists", TIME, "2026-01-01", {}, True),
    ("StringNotLikeIfExists", TAG, "d*", {}, True),
    ("StringNotLikeIfExists", TAG, "d*", {TAG: "dev"}, False),
    ("StringEqualsIgnoreCaseIfExists", TAG, "DEV", {}, True),
    ("StringEqualsIgnoreCaseIfExists", TAG, "DEV", {TAG: "prod"}, False),
    ("NumericGreaterThanIfExists", "s3:max-keys", "10", {"s3:max-keys": "9"}, False),
    ("NotIpAddressIfExists", IP, "203.0.113.0/24", {}, True),
    ("NotIpAddressIfExists", IP, "203.0.113.0/24", {IP: "203.0.113.1"}, False),
    ("ArnNotEqualsIfExists", ARN, TOPIC, {ARN: TOPIC}, False),
    ("ArnEqualsIfExists", ARN, TOPIC, {ARN: TOPIC + "x"}, False),
    ("BinaryEqualsIfExists", "x:blob", "QmluYXJ5", {}, True),
    ("BoolIfExists", "aws:SecureTransport", "true", {"aws:SecureTransport": "false"}, False),
]
SETS: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("ForAllValues:StringEquals", KEYS, ["env", "team"], {KEYS: ["env"]}, True),
    ("ForAllValues:StringEquals", KEYS, ["env", "team"], {KEYS: ["env", "team"]}, True),
    ("ForAllValues:StringEquals", KEYS, ["env", "team"], {KEYS: ["env", "cost"]}, False),
    ("ForAllValues:StringEquals", KEYS, ["env"], {}, True),
    ("ForAllValues:StringEquals", KEYS, ["env"], {KEYS: []}, True),
    ("ForAllValues:StringEquals", KEYS, ["env"], {KEYS: ""}, True),
    ("ForAllValues:StringEquals", KEYS, ["env"], {KEYS: "cost"}, False),
    ("ForAllValues:StringNotEquals", KEYS, ["cost"], {KEYS: ["env", "team"]}, True),
    ("ForAllValues:StringNotEquals", KEYS, ["cost"], {KEYS: ["env", "cost"]}, False),
    ("ForAllValues:StringLike", KEYS, "raydock-*", {KEYS: ["raydock-a", "raydock-b"]}, True),
    ("ForAllValues:StringLike", KEYS, "raydock-*", {KEYS: ["raydock-a", "b"]}, False),
    ("ForAnyValue:StringEquals", KEYS, ["env", "team"], {KEYS: ["cost", "team"]}, True),
    ("ForAnyValue:StringEquals", KEYS, ["env"], {KEYS: ["cost"]}, False),
    ("ForAnyValue:StringEquals", KEYS, ["env"], {}, False),
    ("ForAnyValue:StringEquals", KEYS, ["env"], {KEYS: []}, False),
    ("ForAnyValue:StringEqualsIfExists", KEYS, ["env"], {}, True),
    # An empty text alone is no value.
    ("ForAnyValue:StringEquals", KEYS, [""], {KEYS: [""]}, False),
    ("ForAnyValue:StringLike", KEYS, "*", {KEYS: ""}, False),
    ("ForAnyValue:StringNotEquals", KEYS, "env", {KEYS: ""}, False),
    ("ForAnyValue:StringNotEquals", KEYS, "env", {KEYS: ["", "cost"]}, True),
    ("ForAllValues:StringEqualsIfExists", KEYS, ["env"], {}, True),
    ("ForAllValues:StringEqualsIfExists", KEYS, ["env"], {KEYS: "cost"}, False),
    ("ForAllValues:ArnLike", "x:arns", "arn:aws:sns:*:*:topic-?", {"x:arns": [TOPIC, TOPIC]}, True),
    ("ForAnyValue:Bool", "x:flags", "true", {"x:flags": ["false", "true"]}, True),
    ("ForAnyValue:DateLessThan", "x:days", "2026", {"x:days": ["2027-01-01", "2025-01-01"]}, True),
    ("ForAllValues:StringEqualsIgnoreCase", KEYS, "ENV", {KEYS: ["env", "Env"]}, True),
    ("ForAllValues:StringNotLike", KEYS, "aws:*", {KEYS: ["env", "aws:x"]}, False),
    ("ForAnyValue:StringNotLike", KEYS, "aws:*", {KEYS: ["env", "aws:x"]}, True),
    ("ForAnyValue:IpAddress", "x:ips", ["10.0.0.0/8", "::1"], {"x:ips": ["11.1.2.3", "::1"]}, True),
    ("ForAnyValue:StringNotEquals", KEYS, ["env"], {KEYS: ["env", "cost"]}, True),
    ("ForAnyValue:StringNotEquals", KEYS, ["env"], {KEYS: ["env"]}, False),
    ("ForAnyValue:StringNotEquals", KEYS, ["env"], {}, False),
    ("ForAnyValue:StringLike", KEYS, "e*", {KEYS: ("x", "env")}, True),
    ("ForAnyValue:NumericLessThan", "x:sizes", "10", {"x:sizes": [50, 9]}, True),
    ("ForAllValues:IpAddress", "x:ips", "10.0.0.0/8", {"x:ips": ["10.1.2.3", "11.1.2.3"]}, False),
]
# What such pairs mean is not documented; here a "not" is always the complement of its operator.
SEVERAL_VALUES_WITHOUT_A_SET_OPERATOR: list[tuple[str, str, Any, dict[str, Any], bool]] = [
    ("StringEquals", KEYS, "env", {KEYS: ["cost", "env"]}, True),
    ("StringNotEquals", KEYS, "env", {KEYS: ["cost", "env"]}, False),
]
TABLE = (
    STRINGS
    + NUMBERS
    + DATES
    + TRUTHS
    + ADDRESSES
    + ARNS
    + IF_EXISTS
    + SETS
    + SEVERAL_VALUES_WITHOUT_A_SET_OPERATOR
)


@pytest.mark.parametrize(("operator", "key", "wanted", "context", "holds"), TABLE)
def test_operator(operator: str, key: str, wanted: Any, context: dict[str, Any], *, holds: bool) -> None:
    policy = document(allow(Condition={operator: {key: wanted}}))
    assert ask(policy, principal=USER, context=context).allowed is holds


def test_the_table_shows_every_operator_holding_and_failing() -> None:
    shown: dict[str, set[bool]] = {}
    for operator, *_, holds in TABLE:
        name = operator.rpartition(":")[2].removesuffix("IfExists")
        shown.setdefault(name, set()).add(holds)
    assert shown == {name: {True, False} for name in OPERATORS}
    assert len({repr(case) for case in TABLE}) == len(TABLE) >= 200


def test_all_lines_and_all_operators_must_hold() -> None:
    policy = when(StringEquals={"x:a": "1", "x:b": "2"}, NumericLessThan={"x:c": "5"})
    full = {"x:a": "1", "x:b": "2", "x:c": "4"}
    assert ask(policy, context=full).allowed
    for key in full:
        assert not ask(policy, context=full | {key: "9"}).allowed


def test_a_deny_whose_not_has_a_missing_variable_still_denies() -> None:
    denying = deny(Condition={"StringNotEquals": {TAG: "${aws:PrincipalTag/x}"}})
    assert not ask(document(allow(), denying), context={TAG: "joe"}).allowed


def test_keys_that_aws_adds_follow_from_the_caller() -> None:
    jane = when(StringEquals={"aws:PrincipalAccount": "222222222222", "aws:username": "jane"})
    assert ask(jane, principal=USER).allowed
    assert not ask(jane, principal=USER.replace("jane", "joe")).allowed
    session = "arn:aws:sts::222222222222:assumed-role/app/op_1"
    policy = when(ArnEquals={"aws:PrincipalArn": "arn:aws:iam::222222222222:role/app"})
    assert ask(policy, principal=session).allowed
    given = {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/b"}
    assert not ask(policy, principal=session, context=given).allowed


def test_values_under_two_spellings_of_a_key_count_together() -> None:
    policy = when(ForAllValues__StringEquals={KEYS: ["env"]})
    assert not ask(policy, context={"aws:tagkeys": ["env"], "aws:TagKeys": ["cost"]}).allowed
