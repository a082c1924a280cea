"""Two sets of documents compared by what they mean."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from iam.policy.actions import expand
from iam.policy.diff import EVERY_OTHER, Change, Difference, diff
from iam.policy.documents import Effect, Kind
from iam.policy.errors import PolicyError
from iam.policy.evaluate import PolicySet, Request, evaluate
from iam.policy.grants import CloudNames, control_plane_policy
from iam.policy.trust import trust_policy
from tests.unit.policy.test_properties import contexts, statements
from tests.unit.policy.writing import ACCOUNT, OTHER_ACCOUNT, ROLE, ROOT, USER, allow, deny, document

Statements = list[dict[str, Any]]
TAG = "aws:ResourceTag/cloud"
OURS = {"Condition": {"StringEquals": {TAG: "a"}}}
BUCKET, OBJECTS = "arn:aws:s3:::b", "arn:aws:s3:::b/*"
GET, PUT = "s3:GetObject", "s3:PutObject"


def when(operator: str, wanted: Any, key: str = TAG) -> dict[str, Any]:
    return allow(GET, OBJECTS, Condition={operator: {key: wanted}})


def found(attached: Statements, wanted: Statements) -> list[tuple[str, str, str]]:
    return [
        (one.kind.value, one.action, one.resource)
        for one in diff([document(*attached)], document(*wanted)).differences
    ]


SAME: list[tuple[Statements, Statements]] = [
    ([], []),
    ([allow(GET, OBJECTS)], [allow(GET, OBJECTS, Sid="Read")]),
    ([allow([GET], [OBJECTS])], [allow(GET, OBJECTS)]),
    ([allow("S3:getobject", OBJECTS)], [allow(GET, OBJECTS)]),
    ([allow([GET, PUT], OBJECTS)], [allow(PUT, OBJECTS), allow(GET, OBJECTS)]),
    ([allow([GET, PUT], [OBJECTS, BUCKET])], [allow([PUT, GET], BUCKET), allow([GET, PUT], OBJECTS)]),
    ([allow("s3:*", OBJECTS)], [allow(list(expand("s3:*")), OBJECTS)]),
    ([allow("s3:GetObject*", OBJECTS)], [allow(list(expand("s3:GetObject*")), OBJECTS)]),
    ([allow("s3:Get*Object", OBJECTS)], [allow("s3:GetObject", OBJECTS)]),
    ([allow("*", "*")], [allow("*:*", "*")]),
    ([allow(GET, [OBJECTS, "arn:aws:s3:::b/x/*"])], [allow(GET, OBJECTS)]),
    ([allow(GET, OBJECTS), allow(GET, OBJECTS, **OURS)], [allow(GET, OBJECTS)]),
    ([allow(GET, "arn:aws:s3")], [allow(GET, "arn:aws:s3:*:*:*")]),
    ([allow(GET, "arn:aws:s3:*")], [allow(GET, "arn:aws:s3:*:*:*")]),
    ([allow(GET, "arn:aws:s3:::b?*")], [allow(GET, "arn:aws:s3:::b*?")]),
    ([when("StringEquals", ["a", "b"])], [when("StringEquals", "b"), when("StringEquals", "a")]),
    ([when("StringEquals", ["a", "b"])], [when("StringEquals", ["b", "a"])]),
    ([when("StringLike", "a")], [when("StringEquals", "a")]),
    ([when("StringEquals", "a")], [when("StringEquals", "a", TAG.upper())]),
    ([when("ArnEquals", "arn:aws:s3:::*")], [when("ArnLike", "arn:aws:s3:::*")]),
    ([when("StringNotEquals", "a")], [when("StringNotEqualsIfExists", "a")]),
    ([when("NumericEquals", "1.0")], [when("NumericEquals", 1)]),
    ([when("DateLessThan", "2026-01-01")], [when("DateLessThan", "2026-01-01T00:00:00Z")]),
    ([when("IpAddress", "10.0.0.7/8")], [when("IpAddress", "10.0.0.0/8")]),
    ([when("Bool", [True])], [when("Bool", "True")]),
    ([when("Null", ["true", "false"])], [allow(GET, OBJECTS)]),
    (
        [when("ForAllValues:StringEquals", ["a", "b"])],
        [when("ForAllValues:StringEqualsIfExists", ["b", "a"])],
    ),
    ([when("StringEqualsIgnoreCase", "A")], [when("StringEqualsIgnoreCase", "a")]),
    ([allow(GET, OBJECTS), deny(GET, OBJECTS)], [deny(GET, OBJECTS)]),
    ([allow("*"), deny([PUT, GET], OBJECTS)], [deny(GET, OBJECTS), allow("*"), deny(PUT, OBJECTS)]),
    (
        [{"Effect": "Allow", "NotAction": ["iam:*", "STS:*"], "Resource": "*"}],
        [{"Effect": "Allow", "NotAction": ["sts:*", "iam:*"], "Resource": ["*"]}],
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_means_the_same_is_the_same_from_both_sides(one: Statements, other: Statements) -> None:
    assert diff([document(*one)], document(*other)).same
    assert diff([document(*other)], document(*one)).same


# Attached, wanted, what is found.
DIFFERENT: list[tuple[Statements, Statements, list[tuple[str, str, str]]]] = [
    ([], [allow(GET, OBJECTS)], [("missing", GET, OBJECTS)]),
    ([allow(GET, OBJECTS)], [], [("extra", GET, OBJECTS)]),
    ([allow(GET, OBJECTS)], [allow(GET, BUCKET)], [("extra", GET, OBJECTS), ("missing", GET, BUCKET)]),
    ([allow(GET, "*")], [allow(GET, OBJECTS)], [("broader", GET, "*")]),
    ([allow(GET, "arn:aws:s3:::b/x/*")], [allow(GET, OBJECTS)], [("narrower", GET, OBJECTS)]),
    ([allow(GET, OBJECTS)], [allow(GET, OBJECTS, **OURS)], [("broader", GET, OBJECTS)]),
    ([allow(GET, OBJECTS, **OURS)], [allow(GET, OBJECTS)], [("narrower", GET, OBJECTS)]),
    ([allow([GET, PUT], OBJECTS)], [allow(GET, OBJECTS)], [("extra", PUT, OBJECTS)]),
    ([allow("*")], [allow(GET, "*")], [("extra", EVERY_OTHER, "*")]),
    ([allow(GET, "arn:aws:s3:::B/*")], [], [("extra", GET, "arn:aws:s3:::B/*")]),
    # Each value of a condition is a grant of its own.
    ([when("StringEquals", "a")], [when("StringEquals", ["a", "b"])], [("missing", GET, OBJECTS)]),
    ([when("StringEquals", "a")], [when("StringEqualsIfExists", "a")], [("narrower", GET, OBJECTS)]),
    ([when("StringLike", "a*")], [when("StringEquals", "ab")], [("broader", GET, OBJECTS)]),
    ([when("StringNotEquals", "a")], [when("StringNotEquals", ["a", "b"])], [("broader", GET, OBJECTS)]),
    ([when("StringNotLike", "a*")], [when("StringNotEquals", "ab")], [("narrower", GET, OBJECTS)]),
    ([when("NumericLessThan", 5)], [when("NumericLessThanEquals", 5)], [("narrower", GET, OBJECTS)]),
    ([when("NumericLessThan", 6)], [when("NumericEquals", 5)], [("broader", GET, OBJECTS)]),
    ([when("DateGreaterThan", "2026")], [when("DateGreaterThan", "2027")], [("broader", GET, OBJECTS)]),
    ([when("IpAddress", "10.1.0.0/16")], [when("IpAddress", "10.0.0.0/8")], [("narrower", GET, OBJECTS)]),
    ([when("ArnLike", "arn:aws:s3:::*")], [when("ArnLike", "arn:aws:s3:::b*")], [("broader", GET, OBJECTS)]),
    ([when("Null", "false")], [when("StringLike", "*x")], [("broader", GET, OBJECTS)]),
    ([when("Bool", "true")], [when("BoolIfExists", "true")], [("narrower", GET, OBJECTS)]),
    (
        [when("ForAllValues:StringEquals", ["a", "b"])],
        [when("ForAllValues:StringEquals", "a")],
        [("broader", GET, OBJECTS)],
    ),
    (
        [when("ForAnyValue:StringEquals", ["a", "b"])],
        [when("ForAnyValue:StringEquals", "a")],
        [("extra", GET, OBJECTS)],
    ),
    (
        [when("StringEquals", "a")],
        [when("StringEquals", "b")],
        [("extra", GET, OBJECTS), ("missing", GET, OBJECTS)],
    ),
    (
        [when("StringEquals", "${aws:username}")],
        [when("StringEquals", "x${aws:username}")],
        [("extra", GET, OBJECTS), ("missing", GET, OBJECTS)],
    ),
    ([allow("*")], [allow("*"), deny(GET, OBJECTS)], [("missing", GET, OBJECTS)]),
    ([allow("*"), deny(GET, OBJECTS)], [allow("*")], [("extra", GET, OBJECTS)]),
    # A wider deny takes something away that the other side leaves granted.
    (
        [allow("*"), deny(GET)],
        [allow("*"), deny(GET, OBJECTS)],
        [("broader", GET, "*"), ("missing", GET, "*")],
    ),
    ([deny(GET, OBJECTS, **OURS)], [deny(GET, OBJECTS)], [("narrower", GET, OBJECTS)]),
    # A union of two that no single statement covers: the same, but that is not seen.
    (
        [when("StringEquals", "a"), when("StringNotEquals", "a")],
        [allow(GET, OBJECTS)],
        [("unclear", GET, OBJECTS)],
    ),
    (
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        [],
        [("unclear", "every action but iam:*", "*")],
    ),
    (
        [],
        [{"Effect": "Deny", "Action": "s3:*", "NotResource": OBJECTS}],
        [("unclear", "s3:*", f"everything but {OBJECTS}")],
    ),
    # What the one side says in a roundabout way, the other piece by piece: nothing is claimed.
    (
        [{"Effect": "Allow", "Action": GET, "NotResource": BUCKET}],
        [allow(GET, OBJECTS)],
        [("unclear", GET, f"everything but {BUCKET}"), ("unclear", GET, OBJECTS)],
    ),
]


@pytest.mark.parametrize(("attached", "wanted", "expected"), DIFFERENT)
def test_what_differs(attached: Statements, wanted: Statements, expected: list[tuple[str, str, str]]) -> None:
    assert sorted(found(attached, wanted)) == sorted(expected)


OPPOSITE = {"missing": "extra", "extra": "missing", "narrower": "broader", "broader": "narrower"}


@pytest.mark.parametrize(("attached", "wanted", "expected"), DIFFERENT)
def test_from_the_other_side_it_is_the_opposite(
    attached: Statements, wanted: Statements, expected: list[tuple[str, str, str]]
) -> None:
    turned = [(OPPOSITE.get(kind, kind), *others) for kind, *others in expected]
    assert sorted(found(wanted, attached)) == sorted(turned)


def test_a_difference_says_all_of_it() -> None:
    [one] = diff([document(allow("s3:getobject", "*"))], document(allow(GET, OBJECTS, **OURS))).differences
    assert one == Difference(
        kind=Change.BROADER,
        effect=Effect.ALLOW,
        action=GET,
        resource="*",
        condition="",
        wanted=f"{OBJECTS} when StringEquals aws:resourcetag/cloud a",
        attached="*",
        sentence=f"{GET} is granted on *, and wanted only on {OBJECTS} when "
        "StringEquals aws:resourcetag/cloud a.",
    )


def test_several_documents_count_together_and_wanted_may_be_several() -> None:
    one, other = document(allow(GET, OBJECTS)), document(allow(PUT, OBJECTS))
    assert diff([one, other], document(allow([PUT, GET], OBJECTS))).same
    assert diff([document(allow([PUT, GET], OBJECTS))], [other, one]).same


def test_a_variable_of_the_old_version_is_plain_text() -> None:
    wanted = document(allow(GET, "arn:aws:s3:::b/${aws:username}"))
    old = document(allow(GET, "arn:aws:s3:::b/${aws:username}"), version="2008-10-17")
    assert diff([wanted], wanted).same
    assert not diff([old], wanted).same


def test_an_invalid_document_says_on_which_side() -> None:
    with pytest.raises(PolicyError, match=r"attached\[1\]\.Statement\[0\]\.Action"):
        diff([document(), document(allow("x"))], document())


def test_trust_policies_differ_by_whom_they_name() -> None:
    def trust(principal: Any) -> dict[str, Any]:
        return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})

    def kinds(attached: Any, wanted: Any) -> set[str]:
        return {one.kind.value for one in diff([trust(attached)], trust(wanted), Kind.RESOURCE).differences}

    assert kinds({"AWS": [ROLE, USER]}, {"AWS": [USER, ROLE]}) == set()
    assert kinds({"AWS": ROOT}, {"AWS": ACCOUNT}) == set()
    assert kinds("*", {"AWS": "*"}) == set()
    assert kinds({"AWS": "*"}, {"AWS": ROLE}) == {"broader"}
    assert kinds({"AWS": ROLE}, {"AWS": [ROLE, USER]}) == {"missing"}
    assert kinds({"AWS": OTHER_ACCOUNT}, {"AWS": ACCOUNT}) == {"missing", "extra"}
    assert kinds({"Service": "ec2.amazonaws.com"}, {"Service": "ecs.amazonaws.com"}) == {"missing", "extra"}
    assert "unclear" not in kinds({"AWS": ROOT}, {"AWS": ROLE})
    mine = trust_policy(ROLE, "one")
    assert diff([mine], mine, Kind.RESOURCE).same
    changed = diff([trust_policy(ROLE, "other")], mine, Kind.RESOURCE).differences
    assert {(one.kind.value, one.action) for one in changed} == {
        ("missing", "sts:AssumeRole"),
        ("extra", "sts:AssumeRole"),
    }


def test_the_policy_of_a_cloud_without_one_grant_misses_just_that() -> None:
    names = CloudNames("cld_1", ACCOUNT, "eu-central-1", "bucket", "cluster", ROLE)
    wanted = control_plane_policy(names)
    for left_out in wanted["Statement"]:
        rest = wanted | {"Statement": [one for one in wanted["Statement"] if one is not left_out]}
        differences = diff([rest], wanted).differences
        assert {one.kind for one in differences} <= {Change.MISSING, Change.NARROWER}
        named = left_out["Action"]
        assert {one.action for one in differences} == {named} if isinstance(named, str) else set(named)


def test_characters_that_stand_for_wildcards_inside_take_nobody_in() -> None:
    signs = "".join(map(chr, range(0xF0000, 0xF0005)))
    odd = document(allow(GET, f"arn:aws:s3:::b/{signs}"))
    assert not diff([odd], document(allow(GET, OBJECTS))).same
    assert {one.kind for one in diff([odd], document()).differences} == {Change.UNCLEAR}


lists = some.lists(statements(), max_size=3)
ACTIONS = ["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:PassRole", "sqs:SendMessage"]
ARNS = ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x", "arn:aws:ec2:eu-west-1:222222222222:instance/i-1", "*"]


@given(lists, lists, some.sampled_from(ACTIONS), some.sampled_from(ARNS), contexts)
@settings(max_examples=150, deadline=None)
def test_what_is_said_to_be_the_same_decides_the_same(
    one: Statements, other: Statements, action: str, resource: str, context: dict[str, Any]
) -> None:
    request = Request(action, resource, ROLE, context)
    decided = [evaluate(PolicySet(identity=[document(*each)]), request).allowed for each in (one, other)]
    assert decided[0] == decided[1] or not diff([document(*one)], document(*other)).same


@given(lists, some.randoms())
@settings(max_examples=60, deadline=None)
def test_order_and_spelling_make_no_difference(one: Statements, random: Any) -> None:
    turned = [
        {
            key: random.sample(value, len(value)) + value[:1] if isinstance(value, list) else value
            for key, value in (statement | {"Sid": f"S{n}"}).items()
        }
        for n, statement in enumerate(one)
    ]
    random.shuffle(turned)
    assert diff([document(*turned)], document(*one)).same
