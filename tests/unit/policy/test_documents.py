from typing import Any

import pytest

from iam.policy.documents import Kind, canonical, load, parse
from iam.policy.errors import PolicyError
from tests.unit.policy.writing import ROLE, allow, ask, document

GOOD = allow("s3:GetObject", "arn:aws:s3:::data/*")


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key not in names}


def conditioned(condition: Any) -> dict[str, Any]:
    return GOOD | {"Condition": condition}


BROKEN: list[tuple[Any, str]] = [
    (None, "must be a JSON object"),
    ([], "must be a JSON object"),
    ("{}", "must be a JSON object"),
    ({}, "has no Statement"),
    ({"Version": "2012-10-17"}, "has no Statement"),
    ({"Version": "2012-10-18", "Statement": GOOD}, r"Version: must be \"2012-10-17\""),
    ({"Version": 2012, "Statement": GOOD}, "Version"),
    ({"version": "2012-10-17", "Statement": GOOD}, "knows no element 'version'"),
    ({"Statement": GOOD, "Statements": []}, "knows no element 'Statements'"),
    ({"Statement": ["allow"]}, r"Statement\[0\]: must be a JSON object"),
    ({"Statement": [GOOD, None]}, r"Statement\[1\]: must be a JSON object"),
    (document(without("Effect")), "Effect: must be"),
    (document(GOOD | {"Effect": "allow"}), "Effect: must be"),
    (document(GOOD | {"Effect": ["Allow"]}), "Effect: must be"),
    (document(without("Action")), "needs either Action or NotAction"),
    (document(GOOD | {"NotAction": "s3:*"}), "needs either Action or NotAction"),
    (document(without("Resource")), "needs either Resource or NotResource"),
    (document(GOOD | {"NotResource": "*"}), "needs either Resource or NotResource"),
    (document(GOOD | {"Action": []}), "Action: must be a string"),
    (document(GOOD | {"Action": ""}), "Action: must be a string"),
    (document(GOOD | {"Action": ["s3:*", 5]}), r"Action\[1\]: must be a string"),
    (document(GOOD | {"Action": "GetObject"}), "must look like"),
    (document(GOOD | {"Action": "s3:"}), "must look like"),
    (document(GOOD | {"Action": "s3:Get Object"}), "must look like"),
    (document(GOOD | {"Action": "s3:Get:Object"}), "must look like"),
    (document(GOOD | {"Resource": []}), "Resource: must be a string"),
    (document(GOOD | {"Resource": None}), "Resource: must be a string"),
    (document(GOOD | {"Resource": "data/*"}), "must be an ARN"),
    (document(GOOD | {"Resource": ["*", "data"]}), r"Resource\[1\]: must be an ARN"),
    (document(without("Action") | {"NotAction": "x"}), "NotAction: must look like"),
    (document(without("Resource") | {"NotResource": "x"}), "NotResource: must be an ARN"),
    ({"Id": 5, "Statement": GOOD}, "Id: must be a string"),
    (document(GOOD | {"Principal": "*"}), "cannot name a Principal"),
    (document(GOOD | {"NotPrincipal": "*"}), "cannot name a Principal"),
    (document(GOOD | {"Sid": 5}), "Sid: must be a string"),
    (document(GOOD | {"Sid": "A"}, GOOD | {"Sid": "A"}), 'uses the Sid "A" twice'),
    (document(GOOD | {"Effects": "Allow"}), "knows no element 'Effects'"),
    (document(conditioned([])), "Condition: must be a JSON object"),
    (document(conditioned({"StringEquals": "x"})), "Condition.StringEquals: must be a JSON object"),
    (document(conditioned({"StringEqual": {"a:b": "c"}})), "knows no operator 'StringEqual'"),
    (document(conditioned({"stringequals": {"a:b": "c"}})), "knows no operator"),
    (document(conditioned({"IfExists": {"a:b": "c"}})), "knows no operator"),
    (document(conditioned({"ForSomeValues:StringEquals": {"a:b": "c"}})), "knows no operator"),
    (document(conditioned({":StringEquals": {"a:b": "c"}})), "knows no operator"),
    (document(conditioned({"NullIfExists": {"a:b": "true"}})), "Null takes neither"),
    (document(conditioned({"ForAnyValue:Null": {"a:b": "true"}})), "Null takes neither"),
    (document(conditioned({"StringEquals": {"": "c"}})), "names no condition key"),
    (document(conditioned({"StringEquals": {"a:b": {"c": "d"}}})), "must be a string, a number"),
    (document(conditioned({"StringEquals": {"a:b": [None]}})), "must be a string, a number"),
    (document(conditioned({"Bool": {"a:b": "yes"}})), "cannot be read: 'yes'"),
    (document(conditioned({"Null": {"a:b": "maybe"}})), "cannot be read"),
    (document(conditioned({"NumericEquals": {"a:b": "ten"}})), "cannot be read"),
    (document(conditioned({"DateEquals": {"a:b": "tomorrow"}})), "cannot be read"),
    (document(conditioned({"DateEquals": {"a:b": "999999999999999999"}})), "cannot be read"),
    (document(conditioned({"IpAddress": {"a:b": "10.0.0.0/33"}})), "cannot be read"),
    (document(conditioned({"IpAddress": {"a:b": ["10.0.0.0/8", "home"]}})), "cannot be read"),
    (document(conditioned({"BinaryEquals": {"a:b": "!"}})), "cannot be read"),
]

IMPOSSIBLE_PRINCIPALS: list[Any] = [
    "arn:aws:iam::222222222222:role/app",
    "",
    None,
    {},
    [],
    {"AWS": []},
    {"AWS": ""},
    {"AWS": [ROLE, 5]},
    {"AWS": "arn:aws:iam::222222222222:role/*"},
    {"AWS": "arn:aws:iam::*:root"},
    {"AWS": "22222222222"},
    {"AWS": "222222222222 "},
    {"AWS": "app"},
    {"Service": "*"},
    {"Service": ""},
    {"Federated": "*"},
    {"aws": ROLE},
    {"Everyone": "*"},
]


@pytest.mark.parametrize(("broken", "problem"), BROKEN)
def test_a_broken_document_says_what_is_wrong(broken: Any, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        parse(broken)


@pytest.mark.parametrize(("broken", "problem"), BROKEN)
def test_a_broken_document_never_takes_part_in_a_decision(broken: Any, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        ask(document(allow()), broken)


@pytest.mark.parametrize("principal", IMPOSSIBLE_PRINCIPALS)
def test_a_principal_that_aws_refuses_is_refused(principal: Any) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*"}
    with pytest.raises(PolicyError, match=r"resource\.Statement\[0\]\.Principal"):
        parse(document(statement), Kind.RESOURCE)


def test_a_resource_policy_must_name_somebody() -> None:
    with pytest.raises(PolicyError, match="needs either Principal or NotPrincipal"):
        parse(document(GOOD), Kind.RESOURCE)


def test_a_trust_policy_needs_no_resource_but_an_identity_policy_does() -> None:
    trust = document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    assert parse(trust, Kind.RESOURCE).statements[0].resources is None


def test_one_statement_may_stand_without_a_list() -> None:
    assert ask({"Version": "2012-10-17", "Id": "x", "Statement": GOOD}).allowed


def test_a_truth_value_may_be_a_variable() -> None:
    policy = document(allow(Condition={"Bool": {"x:a": "${x:b}"}}))
    assert ask(policy, context={"x:a": "true", "x:b": "True"}).allowed
    assert not ask(policy, context={"x:a": "true", "x:b": "five"}).allowed


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.RESOURCE])
def test_only_what_hangs_on_identities_may_name_an_incomplete_arn(kind: Kind) -> None:
    short = GOOD | {"Resource": "arn:aws:s3"} | ({"Principal": "*"} if kind is Kind.RESOURCE else {})
    with pytest.raises(PolicyError, match="Resource: is no whole ARN"):
        parse(document(short), kind)
    short = GOOD | {"Resource": "arn:aws:s3"}
    assert parse(document(short), Kind.BOUNDARY).statements[0].resources is not None


def test_canonical_text_is_the_shortest_and_always_the_same() -> None:
    assert (
        canonical({"b": [1, 2], "a": "ü"})
        == canonical({"a": "ü", "b": [1, 2]})
        == '{"a":"\\u00fc","b":[1,2]}'
    )


def test_load_reads_an_object_and_refuses_what_aws_refuses() -> None:
    assert load(canonical(document(GOOD))) == document(GOOD)
    for source, problem in (
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"Statement": [], "Statement": []}', "document.Statement: is there twice"),
        ('{"Statement": {"Action": "a:b", "Action": "c:d"}}', r"document.Statement.Action: is there twice"),
        ('{"Version": NaN}', "is not JSON that a policy can be"),
        ('{"Version": ' + "1" * 5000 + "}", "is not JSON that a policy can be"),
        ("[" * 100_000, "is not JSON"),
    ):
        with pytest.raises(PolicyError, match=problem):
            load(source)
