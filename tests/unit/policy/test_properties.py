"""What must hold for any policies at all."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from iam.policy.documents import canonical, load
from iam.policy.evaluate import PolicySet, Request, evaluate
from tests.unit.policy.writing import ROLE, SESSION, USER, allow, document

ACTIONS = ["s3:GetObject", "s3:PutObject", "ec2:RunInstances", "iam:PassRole"]
ARNS = ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x", "arn:aws:ec2:eu-west-1:222222222222:instance/i-1", "*"]
TAG = "aws:RequestTag/env"

actions = some.one_of(
    some.sampled_from([*ACTIONS, "*", "s3:*", "S3:get*", "ec2:Run?nstances"]),
    some.lists(some.sampled_from(ACTIONS), min_size=1, max_size=3),
)
resources = some.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::*", "arn:aws:ec2:*:*:instance/*"])
conditions = some.sampled_from(
    [
        {},
        {"StringEquals": {TAG: "dev"}},
        {"StringNotEquals": {TAG: "dev"}},
        {"StringLikeIfExists": {TAG: "d*"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}},
        {"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["env"]}},
        {"Null": {TAG: "true"}},
        {"StringNotLike": {TAG: "${aws:PrincipalTag/team}"}},
    ]
)


@some.composite
def statements(draw: some.DrawFn, *, effect: str | None = None, principal: bool = False) -> dict[str, Any]:
    statement = {
        "Effect": effect or draw(some.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        draw(some.sampled_from(["Action", "Action", "NotAction"])): draw(actions),
        draw(some.sampled_from(["Resource", "Resource", "NotResource"])): draw(resources),
        "Condition": draw(conditions),
    }
    if principal:
        statement["Principal"] = draw(some.sampled_from(["*", {"AWS": [ROLE]}, {"AWS": [USER, SESSION]}]))
    return statement


def documents(**others: Any) -> some.SearchStrategy[list[dict[str, Any]]]:
    one = some.lists(statements(**others), min_size=1, max_size=3).map(lambda found: document(*found))
    return some.lists(one, max_size=2)


policy_sets = some.builds(
    PolicySet,
    identity=documents(),
    resource=documents(principal=True),
    boundary=some.none() | documents(),
    session=some.none() | documents(),
)
contexts = some.fixed_dictionaries(
    {},
    optional={
        TAG: some.sampled_from(["dev", "prod", ""]),
        "aws:TagKeys": some.lists(some.sampled_from(["env", "cost"]), max_size=2),
        "aws:PrincipalTag/team": some.sampled_from(["*", "dev"]),
    },
)
requests = some.builds(
    Request,
    action=some.sampled_from(ACTIONS),
    resource=some.sampled_from(ARNS),
    principal=some.sampled_from([ROLE, SESSION, USER]),
    context=contexts,
)


def with_(policies: PolicySet, **changed: Any) -> PolicySet:
    layers = {name: getattr(policies, name) for name in ("identity", "resource", "boundary", "session")}
    return PolicySet(**layers | changed)


@given(policy_sets, requests, some.sampled_from(["identity", "resource", "boundary", "session"]))
@settings(max_examples=60, deadline=None)
def test_a_deny_of_everything_always_wins(policies: PolicySet, request: Request, layer: str) -> None:
    refusal: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    if layer == "resource":
        refusal["Principal"] = "*"
    added = [*(getattr(policies, layer) or []), document(refusal)]
    assert not evaluate(with_(policies, **{layer: added}), request).allowed


@given(policy_sets, requests, documents(), some.sampled_from(["session", "boundary"]))
@settings(max_examples=60, deadline=None)
def test_a_limit_never_widens(
    policies: PolicySet, request: Request, limit: list[dict[str, Any]], layer: str
) -> None:
    without = evaluate(with_(policies, **{layer: None}), request)
    limited = evaluate(with_(policies, **{layer: limit}), request)
    assert without.allowed or not limited.allowed


@given(policy_sets, requests, statements(effect="Deny"))
@settings(max_examples=60, deadline=None)
def test_one_more_deny_never_widens(policies: PolicySet, request: Request, denying: dict[str, Any]) -> None:
    before = evaluate(policies, request)
    after = evaluate(with_(policies, identity=[*(policies.identity or ()), document(denying)]), request)
    assert before.allowed or not after.allowed


@given(policy_sets, requests, statements(effect="Allow"))
@settings(max_examples=60, deadline=None)
def test_one_more_allow_never_narrows(
    policies: PolicySet, request: Request, granting: dict[str, Any]
) -> None:
    before = evaluate(policies, request)
    after = evaluate(with_(policies, identity=[*(policies.identity or ()), document(granting)]), request)
    assert after.allowed or not before.allowed


@given(policy_sets, requests)
@settings(max_examples=60, deadline=None)
def test_what_is_allowed_names_its_statement_and_the_case_of_letters_changes_nothing(
    policies: PolicySet, request: Request
) -> None:
    decision = evaluate(policies, request)
    assert not decision.allowed or decision.statements
    shouted = {key.upper(): value for key, value in request.context.items()}
    again = Request(request.action, request.resource, request.principal, shouted)
    assert evaluate(policies, again) == decision


@given(some.text(max_size=12), some.text(max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_text_with_no_wildcards_matches_itself_alone(one: str, other: str) -> None:
    plain = one.replace("*", "").replace("?", "").replace("$", "")
    policy = document(allow(Condition={"StringLike": {TAG: plain}}))
    ask = Request("s3:GetObject", "*", ROLE, {TAG: other})
    assert evaluate(PolicySet(identity=[policy]), ask).allowed is (plain == other)
    assert evaluate(PolicySet(identity=[policy]), Request("s3:GetObject", "*", ROLE, {TAG: plain})).allowed


@given(documents())
@settings(max_examples=60, deadline=None)
def test_canonical_text_reads_back(found: list[dict[str, Any]]) -> None:
    assert [load(canonical(one)) for one in found] == found
