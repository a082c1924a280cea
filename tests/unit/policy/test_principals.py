from typing import Any

import pytest

from iam.policy.evaluate import Decision, PolicySet, Reason, Request, evaluate, evaluate_assume_role
from tests.unit.policy.writing import (
    ACCOUNT,
    BUCKET,
    OBJECT,
    OTHER_ACCOUNT,
    ROLE,
    ROOT,
    SESSION,
    USER,
    allow,
    deny,
    document,
)

SERVICE = "ec2.amazonaws.com"
FAR_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"
PATH_ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/app"

# Principal element, caller, does the resource's policy alone let the caller in?
NAMED: list[tuple[Any, str, bool]] = [
    ("*", ROLE, True),
    ("*", "", True),
    ({"AWS": "*"}, ROLE, True),
    ({"AWS": "*"}, SERVICE, True),
    ({"AWS": ROLE}, ROLE, True),
    ({"AWS": ROLE}, SESSION, True),
    ({"AWS": ROLE}, f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/app/op_1", False),
    ({"AWS": ROLE}, f"arn:aws:sts::{ACCOUNT}:assumed-role/app2/op_1", False),
    ({"AWS": ROLE}, USER, False),
    ({"AWS": ROLE}, ROLE + "2", False),
    ({"AWS": ROLE}, "", False),
    ({"AWS": SESSION}, SESSION, True),
    ({"AWS": SESSION}, SESSION + "2", False),
    ({"AWS": SESSION}, ROLE, False),
    ({"AWS": USER}, USER, True),
    ({"AWS": [USER, ROLE]}, SESSION, True),
    ({"AWS": USER}, USER.replace("jane", "Jane"), False),
    # An account only delegates: its own identity policies must allow, and here are none.
    ({"AWS": ACCOUNT}, ROLE, False),
    ({"AWS": ROOT}, USER, False),
    ({"AWS": ROOT}, ROOT, True),
    ({"AWS": [ACCOUNT, USER]}, USER, True),
    ({"Service": SERVICE}, SERVICE, True),
    ({"Service": SERVICE}, "ecs.amazonaws.com", False),
    ({"Service": ["ecs.amazonaws.com", SERVICE]}, SERVICE, True),
    ({"Service": SERVICE}, ROLE, False),
    ({"AWS": ROLE, "Service": SERVICE}, SERVICE, True),
    ({"Federated": "cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com", True),
    ({"CanonicalUser": "79a5"}, ROLE, False),
    # What is left of a principal that was deleted names nobody.
    ({"AWS": "AROA" + "B" * 17}, ROLE, False),
]


def on_resource(element: Any, effect: str = "Allow", name: str = "Principal") -> dict[str, Any]:
    statement = {"Effect": effect, name: element, "Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
    return document(statement)


def get(*resource: dict[str, Any], principal: str, **others: Any) -> Decision:
    return evaluate(
        PolicySet(resource=resource, **others),
        Request("s3:GetObject", OBJECT, principal, {}),
    )


@pytest.mark.parametrize(("element", "principal", "allowed"), NAMED)
def test_principal(element: Any, principal: str, *, allowed: bool) -> None:
    assert get(on_resource(element), principal=principal).allowed is allowed


@pytest.mark.parametrize(
    ("element", "principal"), [(element, principal) for element, principal, allowed in NAMED if allowed]
)
def test_a_deny_reaches_whom_an_allow_reaches(element: Any, principal: str) -> None:
    decision = get(on_resource("*"), on_resource(element, "Deny"), principal=principal)
    assert decision.reason is Reason.EXPLICIT_DENY


@pytest.mark.parametrize("element", [{"AWS": ACCOUNT}, {"AWS": ROOT}])
@pytest.mark.parametrize("principal", [ROLE, SESSION, USER])
def test_an_account_reaches_everyone_in_it_for_a_deny(element: Any, principal: str) -> None:
    assert get(on_resource("*"), on_resource(element, "Deny"), principal=principal).reason == "explicit_deny"
    assert get(on_resource("*"), on_resource(element, "Deny"), principal=FAR_ROLE).allowed


@pytest.mark.parametrize(
    ("element", "principal", "denied"),
    [
        ({"AWS": ROLE}, ROLE, False),
        ({"AWS": ROLE}, SESSION, False),
        ({"AWS": ROLE}, USER, True),
        ({"AWS": [ROLE, USER]}, USER, False),
        ({"AWS": ROOT}, ROLE, False),
        ({"AWS": ROOT}, FAR_ROLE, True),
        # An account beside one of its users only opens the way for that user.
        ({"AWS": [USER, ROOT]}, USER, False),
        ({"AWS": [USER, ROOT]}, USER.replace("jane", "joe"), True),
        ({"AWS": [USER, ACCOUNT]}, ROLE, True),
        ({"AWS": [SESSION, ROLE, ROOT]}, SESSION, False),
        ({"AWS": [FAR_ROLE, ROOT]}, ROLE, False),
        ({"Service": SERVICE}, SERVICE, False),
        ({"Service": SERVICE}, ROLE, True),
    ],
)
def test_not_principal_denies_everyone_else(element: Any, principal: str, *, denied: bool) -> None:
    denying = on_resource(element, "Deny", "NotPrincipal")
    assert get(on_resource("*"), denying, principal=principal).allowed is not denied


@pytest.mark.parametrize("principal", [ROLE, SESSION, USER])
def test_not_principal_denies_even_whom_it_names_when_a_boundary_is_attached(principal: str) -> None:
    denying = on_resource({"AWS": [ROLE, SESSION, USER]}, "Deny", "NotPrincipal")
    everything = [document(allow())]
    assert get(on_resource("*"), denying, principal=principal).allowed
    bounded = get(on_resource("*"), denying, principal=principal, boundary=everything)
    assert bounded.reason is Reason.EXPLICIT_DENY
    service = on_resource({"Service": SERVICE}, "Deny", "NotPrincipal")
    assert get(on_resource("*"), service, principal=SERVICE, boundary=everything).allowed


def test_an_allow_for_not_principal_leaves_out_the_named_accounts_whole() -> None:
    granting = on_resource({"AWS": [USER, ROOT]}, "Allow", "NotPrincipal")
    assert get(granting, principal=FAR_ROLE).allowed
    for left_out in (USER, ROLE, ROOT):
        assert not get(granting, principal=left_out).allowed


def test_a_session_that_is_named_beside_its_role_is_held_by_nothing() -> None:
    naming = on_resource({"AWS": [ROLE, SESSION]})
    assert get(naming, principal=SESSION, boundary=[], session=[]).allowed


def test_a_role_with_a_path_is_known_by_the_arn_that_the_request_tells() -> None:
    policies = PolicySet(resource=[on_resource({"AWS": PATH_ROLE})])
    for told, allowed in (({}, False), ({"aws:PrincipalArn": PATH_ROLE}, True)):
        assert evaluate(policies, Request("s3:GetObject", OBJECT, SESSION, told)).allowed is allowed


def test_a_told_arn_of_another_role_does_not_make_the_caller_that_role() -> None:
    policies = PolicySet(resource=[on_resource({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"})])
    told = {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/admin"}
    assert not evaluate(policies, Request("s3:GetObject", OBJECT, SESSION, told)).allowed


class TestAssumeRole:
    """sts:AssumeRole: the trust policy decides, across accounts together with the caller's own policies."""

    target = f"arn:aws:iam::{OTHER_ACCOUNT}:role/target"
    near = f"arn:aws:iam::{ACCOUNT}:role/target"
    own = document(allow("sts:AssumeRole", f"arn:aws:iam::{OTHER_ACCOUNT}:role/*"))

    def ask(self, element: Any, *identity: dict[str, Any], target: str = "", who: str = ROLE) -> Decision:
        trust = document({"Effect": "Allow", "Principal": element, "Action": "sts:AssumeRole"})
        request = Request("sts:AssumeRole", target or self.target, who, {})
        return evaluate_assume_role(PolicySet(identity=identity, resource=[trust]), request)

    @pytest.mark.parametrize("element", [{"AWS": ROLE}, {"AWS": ACCOUNT}, "*"])
    def test_across_accounts_both_sides_must_allow(self, element: Any) -> None:
        assert self.ask(element, self.own).allowed
        assert not self.ask(element).allowed

    def test_inside_one_account_a_trust_in_the_very_role_is_enough(self) -> None:
        assert self.ask({"AWS": ROLE}, target=self.near).allowed

    def test_inside_one_account_a_trust_in_the_account_needs_an_identity_policy(self) -> None:
        element = {"AWS": ROOT}
        assert not self.ask(element, target=self.near).allowed
        assert self.ask(element, document(allow("sts:*")), target=self.near).allowed

    def test_identity_policies_never_replace_the_trust(self) -> None:
        decision = self.ask({"AWS": FAR_ROLE}, document(allow()))
        assert (decision.allowed, decision.reason) == (False, Reason.NOT_TRUSTED)

    def test_a_deny_of_the_caller_wins(self) -> None:
        decision = self.ask({"AWS": ROLE}, self.own, document(deny("sts:*")))
        assert (decision.allowed, decision.reason) == (False, Reason.EXPLICIT_DENY)

    def test_a_deny_in_the_trust_policy_wins(self) -> None:
        trust = document(
            {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"},
            {"Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"},
        )
        request = Request("sts:AssumeRole", self.target, ROLE, {})
        assert not evaluate_assume_role(PolicySet(identity=[self.own], resource=[trust]), request).allowed

    def test_a_service_needs_no_identity_policy(self) -> None:
        assert self.ask({"Service": SERVICE}, who=SERVICE).allowed

    def test_a_session_policy_of_the_caller_holds(self) -> None:
        trust = document({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sts:AssumeRole"})
        policies = PolicySet(identity=[self.own], resource=[trust], session=[document(allow("s3:*"))])
        assert not evaluate_assume_role(policies, Request("sts:AssumeRole", self.target, ROLE, {})).allowed
