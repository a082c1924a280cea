"""AWS's list of actions, and what it says against a document."""

from dataclasses import asdict
from typing import Any

import pytest

from iam.policy.actions import condition_keys, expand, facts, known_services, names
from iam.policy.conditions import IF_EXISTS
from iam.policy.covering import meet
from iam.policy.documents import Kind
from iam.policy.grants import GRANTS, TABLE, CloudNames, Grant, control_plane_policy, session_policy
from iam.policy.grants import Kind as Operation
from iam.policy.patterns import Reach, text, wildcard
from iam.policy.remarks import remarks, unknown
from iam.policy.trust import cluster_trust_policy, trust_policy
from tests.unit.policy.writing import ACCOUNT, ROLE, allow, document

NAMES = CloudNames("cld_1", ACCOUNT, "eu-central-1", "bucket", "cluster", ROLE)


def test_services_and_their_actions() -> None:
    assert {"ec2", "iam", "s3", "sts", "memorydb", "elasticfilesystem"} <= known_services()
    assert "RunInstances" in names("ec2")
    assert names("EC2") == names("ec2")
    assert names("nothing") == names("../services") == ()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ec2:RunInstances", ("ec2:RunInstances",)),
        ("EC2:runinstances", ("ec2:RunInstances",)),
        ("iam:Pass?ole", ("iam:PassRole",)),
        ("sts:*AssumeRole", ("sts:AssumeRole",)),
        ("st?:AssumeRole", ("sts:AssumeRole",)),
        ("ec2:RunInstance", ()),
        ("ec2", ()),
        ("nothing:*", ()),
        ("../actions/ec2:*", ()),
    ],
)
def test_expand(pattern: str, expected: tuple[str, ...]) -> None:
    assert expand(pattern) == expected


def test_a_pattern_is_expanded_in_order_and_wholly() -> None:
    assert list(expand("s3:*")) == sorted(expand("s3:*")) == [f"s3:{name}" for name in names("s3")]
    assert expand("*:AssumeRole") == ("sts:AssumeRole",)


def test_facts_of_an_action() -> None:
    pass_role = facts("IAM:passrole")
    assert pass_role is not None
    assert (pass_role.name, pass_role.access_level) == ("iam:PassRole", "Write")
    assert [(one.name, one.arn, one.required) for one in pass_role.resource_types] == [
        ("role", "arn:*:iam::*:role/*", True)
    ]
    assert "iam:passedtoservice" in pass_role.condition_keys
    listing = facts("ec2:DescribeSubnets")
    assert listing is not None
    assert listing.resource_types == ()
    assert facts("iam:Nothing") is facts("nothing:PassRole") is facts("") is None


def test_condition_keys_of_a_service() -> None:
    assert {"ec2:createaction", "ec2:resourcetag/*", "aws:requesttag/*"} <= condition_keys("EC2")
    assert condition_keys("nothing") == frozenset()


def supports(action: str, key: str) -> bool:
    found = facts(action)
    return found is not None and any(wildcard(one).fullmatch(key.lower()) for one in found.condition_keys)


@pytest.mark.parametrize("grant", TABLE, ids=lambda grant: grant.name)
def test_every_action_that_we_grant_exists_and_knows_its_conditions(grant: Grant) -> None:
    for action in grant.actions:
        assert expand(action) == (action,)
        assert all(supports(action, key) for _, key, _ in grant.tests)
        for operator, key, _ in grant.session_tests or ():
            # A session policy puts grants under one condition: whom it does not concern, it must let pass.
            assert supports(action, key) or operator.endswith(IF_EXISTS)


@pytest.mark.parametrize("grant", TABLE, ids=lambda grant: grant.name)
def test_every_action_that_we_grant_can_be_asked_on_one_of_its_places(grant: Grant) -> None:
    places = [text(place.format_map(asdict(NAMES)), variables=True) for place in grant.places]
    for action in grant.actions:
        found = facts(action)
        assert found is not None
        kinds = [text(one.arn, variables=False) for one in found.resource_types]
        assert any(place.raw == "*" for place in places) or any(
            meet(place, kind, Reach.FIELD) for kind in kinds for place in places
        )


def test_nothing_is_said_against_our_own_documents() -> None:
    assert remarks(control_plane_policy(NAMES)) == ()
    assert (
        remarks(trust_policy(ROLE, "id"), Kind.RESOURCE)
        == remarks(cluster_trust_policy(), Kind.RESOURCE)
        == ()
    )
    assert sum(bool(grants) for grants in GRANTS.values()) > 1
    for operation in Operation:
        assert remarks(session_policy(operation, NAMES), Kind.SESSION) == ()


REMARKS: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    (allow("ec2:RunInstances"), []),
    (allow("ec2:RunInstance"), [("unknown_action", "Action[0]", "ec2:RunInstances")]),
    (allow(["s3:*", "s3:GetObjekt"]), [("unknown_action", "Action[1]", "s3:GetObject")]),
    (allow("ec3:RunInstances"), [("unknown_action", "Action[0]", "ec2:RunInstances")]),
    (allow("zzzzzzzz:Nothing"), [("unknown_action", "Action[0]", "")]),
    (allow("iam:Pas*Roles"), [("empty_pattern", "Action[0]", "iam:PassRole")]),
    (allow("*"), []),
    (
        {"Effect": "Allow", "NotAction": "iam:PassRoles", "Resource": "*"},
        [("unknown_action", "NotAction[0]", "iam:PassRole")],
    ),
    (allow("iam:PassRole", "arn:aws:iam::222222222222:role/*"), []),
    (
        allow("iam:PassRole", "arn:aws:iam::222222222222:user/*"),
        [("unused_action", "Action[0]", ""), ("unused_resource", "Resource[0]", "")],
    ),
    (
        allow(["ec2:DescribeVpcs", "s3:GetObject"], "arn:aws:s3:::b/*"),
        [("unused_action", "Action[0]", "")],
    ),
    (
        allow("s3:*", ["arn:aws:s3:::b", "arn:aws:sqs:*:*:q", "arn:aws:s3:::b/${aws:username}"]),
        [("unused_resource", "Resource[1]", "")],
    ),
    # Of an action that is unknown nothing more is certain.
    (
        allow(["s3:GetObject", "s3:GetObjekt"], ["arn:aws:s3:::b/*", "arn:aws:sqs:*:*:q"]),
        [("unknown_action", "Action[1]", "s3:GetObject")],
    ),
    ({"Effect": "Deny", "Action": "iam:PassRole", "NotResource": "arn:aws:sqs:*:*:q"}, []),
    (allow("ec2:*", Condition={"StringEquals": {"ec2:InstanceType": "x", "aws:Whatever": "x"}}), []),
    (allow("ec2:*", Condition={"StringEquals": {"ec2:ResourceTag/any key": "x"}}), []),
    (allow("sts:*", Condition={"StringEquals": {"saml:aud": "x", "nothing:key": "x"}}), []),
    (
        allow("ec2:*", Condition={"ForAnyValue:StringLikeIfExists": {"EC2:InstanceTyp": "x"}}),
        [("unknown_key", "Condition.ForAnyValue:StringLikeIfExists.ec2:instancetyp", "ec2:instancetype")],
    ),
]


@pytest.mark.parametrize(("statement", "expected"), REMARKS)
def test_remarks(statement: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    found = remarks(document(statement))
    assert [
        (one.code, one.where.removeprefix("identity.Statement[0]."), one.nearest) for one in found
    ] == expected
    assert all(one.sentence.endswith(".") for one in found)
    only = [one for one in found if one.code in {"unknown_action", "empty_pattern"}]
    assert list(unknown(document(statement))) == only


def test_a_remark_names_the_nearest_action_in_its_sentence() -> None:
    [one] = unknown(document(allow("ec2:RunInstance")))
    assert one.sentence == "AWS has no action ec2:RunInstance. Perhaps ec2:RunInstances is meant."
