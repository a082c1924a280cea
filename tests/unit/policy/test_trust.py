from typing import Any

import pytest

from iam.policy.documents import Kind, parse
from iam.policy.evaluate import PolicySet, Reason, Request, evaluate, evaluate_assume_role
from iam.policy.trust import RULES, cluster_trust_policy, lint, trust_policy
from tests.unit.policy.writing import allow, document

PORTAL = "arn:aws:iam::111111111111:role/raydock-portal"
PORTAL_SESSION = "arn:aws:sts::111111111111:assumed-role/raydock-portal/worker-1"
ROLE = "arn:aws:iam::222222222222:role/raydock"
EXTERNAL_ID = "rdx-0123456789abcdef"
MAY_ASSUME = document(allow("sts:*"))
OUR_TAGS = {"aws:TagKeys": ["raydock-cloud-id", "raydock-organization-id"]}


def enter(
    trust: dict[str, Any], action: str = "sts:AssumeRole", caller: str = PORTAL_SESSION, **context: Any
) -> bool:
    keys = {"external_id": "sts:ExternalId", "tags": "aws:TagKeys"}
    request = Request(action, ROLE, caller, {keys[name]: value for name, value in context.items()})
    return evaluate_assume_role(PolicySet(identity=[MAY_ASSUME], resource=[trust]), request).allowed


def trusting(principal: Any, *, condition: Any = None, action: Any = "sts:*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return document(statement | ({"Condition": condition} if condition else {}))


def test_t6_the_portal_enters_with_the_external_id() -> None:
    assert enter(trust_policy(PORTAL, EXTERNAL_ID), external_id=EXTERNAL_ID)


@pytest.mark.parametrize(
    "context", [{}, {"external_id": "other"}, {"external_id": ""}, {"external_id": EXTERNAL_ID + "0"}]
)
def test_t7_t8_the_portal_does_not_enter_without_it_or_with_another(context: dict[str, str]) -> None:
    assert not enter(trust_policy(PORTAL, EXTERNAL_ID), **context)


@pytest.mark.parametrize(
    "caller",
    [
        "arn:aws:iam::111111111111:root",
        "arn:aws:iam::111111111111:user/raydock-portal",
        "arn:aws:iam::111111111111:role/raydock-portal2",
        "arn:aws:iam::333333333333:role/raydock-portal",
        "arn:aws:sts::333333333333:assumed-role/raydock-portal/x",
        "ec2.amazonaws.com",
        "",
    ],
)
def test_t18_nobody_but_the_portals_exact_role_enters(caller: str) -> None:
    for action in ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"):
        assert not enter(trust_policy(PORTAL, EXTERNAL_ID), action, caller, external_id=EXTERNAL_ID)


def test_t19_the_portal_may_name_the_actor_and_set_its_own_tags_only() -> None:
    trust = trust_policy(PORTAL, EXTERNAL_ID)
    assert enter(trust, "sts:SetSourceIdentity")
    assert enter(trust, "sts:TagSession", tags=OUR_TAGS["aws:TagKeys"])
    assert not enter(trust, "sts:TagSession", tags=["raydock-cloud-id", "department"])
    assert not enter(trust, "sts:AssumeRoleWithWebIdentity", external_id=EXTERNAL_ID)


def test_the_cluster_role_is_for_instances_alone() -> None:
    trust = cluster_trust_policy()
    assert enter(trust, caller="ec2.amazonaws.com")
    assert not enter(trust, caller=PORTAL_SESSION)
    assert not enter(trust, caller="lambda.amazonaws.com")


def test_lint_finds_nothing_in_our_own_trust_policy() -> None:
    assert lint(trust_policy(PORTAL, EXTERNAL_ID), PORTAL, EXTERNAL_ID) == ()
    assert lint(trust_policy(PORTAL, EXTERNAL_ID), PORTAL) == ()


WITH_ID = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
LINTED: list[tuple[str, dict[str, Any], set[str]]] = [
    ("no id at all", trusting({"AWS": PORTAL}), {"no_external_id", "any_external_id"}),
    ("empty condition", trusting({"AWS": PORTAL}, condition={}), {"no_external_id", "any_external_id"}),
    (
        "any id",
        trusting({"AWS": PORTAL}, condition={"StringLike": {"sts:ExternalId": "*"}}),
        {"any_external_id"},
    ),
    (
        "id if there is one",
        trusting({"AWS": PORTAL}, condition={"StringEqualsIfExists": {"sts:ExternalId": EXTERNAL_ID}}),
        {"no_external_id"},
    ),
    (
        "not another's id",
        trusting({"AWS": PORTAL}, condition={"StringNotEquals": {"sts:ExternalId": "theirs"}}),
        {"no_external_id", "any_external_id"},
    ),
    (
        "another's id",
        trusting({"AWS": PORTAL}, condition={"StringEquals": {"sts:ExternalId": "x"}}),
        {"not_trusted", "no_source_identity", "no_session_tags"},
    ),
    ("whole account", trusting({"AWS": "111111111111"}, condition=WITH_ID), {"whole_account"}),
    (
        "account root",
        trusting({"AWS": "arn:aws:iam::111111111111:root"}, condition=WITH_ID),
        {"whole_account"},
    ),
    ("everyone", trusting("*", condition=WITH_ID), {"whole_account", "anyone"}),
    (
        "another role",
        trusting({"AWS": ROLE}, condition=WITH_ID),
        {"not_trusted", "no_source_identity", "no_session_tags"},
    ),
    (
        "assume only",
        trusting({"AWS": PORTAL}, condition=WITH_ID, action="sts:AssumeRole"),
        {"no_source_identity", "no_session_tags"},
    ),
    (
        "tags missing",
        trusting({"AWS": PORTAL}, condition=WITH_ID, action=["sts:AssumeRole", "sts:SetSourceIdentity"]),
        {"no_session_tags"},
    ),
    ("not a policy", {"Statement": "x"}, {"invalid"}),
    ("wildcard principal", trusting({"AWS": "arn:aws:iam::111111111111:role/*"}), {"invalid"}),
]


@pytest.mark.parametrize(("trust", "codes"), [case[1:] for case in LINTED], ids=[case[0] for case in LINTED])
def test_lint(trust: dict[str, Any], codes: set[str]) -> None:
    remarks = lint(trust, PORTAL, EXTERNAL_ID)
    assert {remark.code for remark in remarks} == codes
    assert all(remark.observed and remark.expected and remark.fix for remark in remarks)


def test_lint_names_the_statement_that_opens_the_door() -> None:
    trust = document(
        *trust_policy(PORTAL, EXTERNAL_ID)["Statement"],
        {"Sid": "Backdoor", "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
    )
    remarks = {remark.code: remark for remark in lint(trust, PORTAL, EXTERNAL_ID)}
    assert remarks["anyone"].statements[0] == "resource[0].Statement[3] (Backdoor)"
    assert remarks["no_external_id"].severity == "must"


def test_every_rule_of_the_lint_is_met_by_some_trust_policy() -> None:
    assert {rule.code for rule in RULES} | {"invalid"} == set().union(*(case[2] for case in LINTED))


def test_the_seeds_trust_in_an_account_number_is_not_enough() -> None:
    seed = document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}, "Condition": {}}
    )
    assert "no_external_id" in {remark.code for remark in lint(seed, PORTAL, EXTERNAL_ID)}


def test_a_trust_policy_is_a_resource_policy_to_the_plain_evaluator_too() -> None:
    parse(trust_policy(PORTAL, EXTERNAL_ID), Kind.RESOURCE)
    request = Request("sts:AssumeRole", ROLE, PORTAL, {"sts:externalid": EXTERNAL_ID})
    decision = evaluate(PolicySet(resource=[trust_policy(PORTAL, EXTERNAL_ID)]), request)
    assert decision.reason is Reason.RESOURCE_ALLOW
    assert decision.statements == ("resource[0].Statement[0] (RaydockEntersWithExternalId)",)
