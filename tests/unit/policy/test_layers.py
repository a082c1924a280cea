"""How kinds of policies meet: identity, resource, permissions boundary, session."""

from typing import Any

import pytest

from iam.policy.documents import Kind, parse
from iam.policy.errors import PolicyError
from iam.policy.evaluate import Decision, PolicySet, Reason, Request, evaluate
from tests.unit.policy.writing import OBJECT, ROLE, SESSION, USER, allow, ask, deny, document

YES = document(allow("s3:*"))
NO = document(deny("s3:*"))
ELSE = document(allow("ec2:*"))


def bucket_policy(principal: Any, effect: str = "Allow") -> dict[str, Any]:
    return document({"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": "*"})


def test_nothing_allows_nothing() -> None:
    assert ask() == Decision(allowed=False, reason=Reason.NO_ALLOW, statements=())
    assert (
        evaluate(PolicySet(identity=None, resource=None), Request("s3:GetObject", OBJECT, ROLE)).allowed
        is False
    )


def test_a_decision_names_the_deciding_statement() -> None:
    reading = document(deny("ec2:*"), allow("s3:Get*", Sid="Reading"))
    assert ask(ELSE, reading).statements == ("identity[1].Statement[1] (Reading)",)
    assert ask(reading, NO).statements == ("identity[1].Statement[0]",)


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.sentence.endswith(".") for reason in Reason)


@pytest.mark.parametrize("layer", ["identity", "resource", "boundary", "session"])
def test_a_deny_in_any_layer_wins(layer: str) -> None:
    denying = bucket_policy("*", "Deny") if layer == "resource" else NO
    granting: dict[str, list[dict[str, Any]]] = {
        "identity": [YES],
        "resource": [bucket_policy({"AWS": SESSION})],
        "boundary": [YES],
        "session": [YES],
    }
    granting[layer] = [*granting[layer], denying]
    decision = evaluate(PolicySet(**granting), Request("s3:GetObject", OBJECT, SESSION))
    assert decision.reason is Reason.EXPLICIT_DENY
    assert decision.statements[0].startswith(layer)


@pytest.mark.parametrize(
    ("identity", "boundary", "session", "reason"),
    [
        ([YES], None, None, Reason.IDENTITY_ALLOW),
        ([YES], [YES], None, Reason.IDENTITY_ALLOW),
        ([YES], None, [YES], Reason.IDENTITY_ALLOW),
        ([YES], [YES], [YES], Reason.IDENTITY_ALLOW),
        ([YES], [ELSE], None, Reason.NOT_IN_BOUNDARY),
        ([YES], [ELSE, YES], None, Reason.IDENTITY_ALLOW),
        ([YES], [], None, Reason.NOT_IN_BOUNDARY),
        ([YES], None, [ELSE], Reason.NOT_IN_SESSION),
        ([YES], None, [], Reason.NOT_IN_SESSION),
        ([YES], [ELSE], [YES], Reason.NOT_IN_BOUNDARY),
        ([YES], [YES], [ELSE], Reason.NOT_IN_SESSION),
        ([ELSE], [YES], [YES], Reason.NO_ALLOW),
        ([], [YES], [YES], Reason.NO_ALLOW),
        ([ELSE, YES], [YES], [YES], Reason.IDENTITY_ALLOW),
    ],
)
def test_limits_only_take_away(identity: Any, boundary: Any, session: Any, reason: Reason) -> None:
    assert ask(*identity, boundary=boundary, session=session).reason is reason


@pytest.mark.parametrize(
    ("principal", "named", "boundary", "session", "allowed"),
    [
        # A role that the resource names is held by both limits …
        (SESSION, ROLE, None, None, True),
        (SESSION, ROLE, [ELSE], None, False),
        (SESSION, ROLE, None, [ELSE], False),
        (SESSION, ROLE, [YES], [YES], True),
        # … a user by the session policy alone …
        (USER, USER, [ELSE], None, True),
        (USER, USER, None, [ELSE], False),
        # … and a session that is named itself, or everyone, by neither.
        (SESSION, SESSION, [ELSE], [ELSE], True),
        (SESSION, "*", [ELSE], [ELSE], True),
    ],
)
def test_what_limits_a_grant_of_the_resource(
    principal: str, named: str, boundary: Any, session: Any, *, allowed: bool
) -> None:
    policies = PolicySet(resource=[bucket_policy({"AWS": named})], boundary=boundary, session=session)
    decision = evaluate(policies, Request("s3:GetObject", OBJECT, principal))
    assert decision.allowed is allowed
    if allowed:
        assert decision.reason is Reason.RESOURCE_ALLOW


def test_identity_alone_is_enough_beside_a_resource_policy_that_says_nothing() -> None:
    assert ask(YES, resource=OBJECT, principal=ROLE).allowed
    policies = PolicySet(identity=[YES], resource=[bucket_policy({"AWS": USER})])
    assert evaluate(policies, Request("s3:GetObject", OBJECT, ROLE)).allowed


def test_documents_may_be_read_beforehand() -> None:
    assert ask(parse(YES)).allowed  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match=r"identity\[0\]: is a document of kind session, not identity"):
        ask(parse(YES, Kind.SESSION))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "action", ["", "s3", "s3:", ":GetObject", "s3:*", "s3:Get?", "s3:Get:Object", "s3:Get Object"]
)
def test_a_request_names_one_action(action: str) -> None:
    with pytest.raises(PolicyError, match=r"request\.action"):
        ask(YES, action=action)


def test_a_document_in_place_of_a_list_is_an_error() -> None:
    with pytest.raises(PolicyError, match="session: must be a list"):
        ask(YES, session=YES)
