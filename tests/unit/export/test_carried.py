"""Is a role behind? Read off the facts of a look, statement by statement."""

from dataclasses import replace
from typing import Any

import pytest

from clouds.checks.asking import Case
from clouds.export.bootstrap import Bootstrap
from clouds.export.carried import attach_policy_line, revision_carried, shortfall
from clouds.export.policies import REVISION
from clouds.facts import AttachedPolicy, Facts, Role
from clouds.planning.survey import Survey
from iam.policy.grants import control_plane_policy
from iam.policy.trust import trust_policy
from tests.unit.clouds.healthy import HEALTHY, SPEC

WANTED = control_plane_policy(Case(Survey(SPEC, HEALTHY)).names)
STATEMENTS: list[dict[str, Any]] = WANTED["Statement"]


def carrying(**changes: Any) -> Facts:
    role = HEALTHY.role(SPEC.cross_account_role_name)
    assert role is not None
    others = [one for one in HEALTHY.roles if one is not role]
    return replace(HEALTHY, roles=(*others, replace(role, **changes)))


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_a_role_with_this_release_s_documents_is_not_behind() -> None:
    assert revision_carried(SPEC, HEALTHY) == REVISION


@pytest.mark.parametrize(
    "changes",
    [
        {"inline": {"a": policy(*STATEMENTS[:3]), "b": policy(*STATEMENTS[3:])}},
        {"inline": {"a": policy(*({**one, "Sid": "other"} for one in reversed(STATEMENTS)))}},
        {"inline": {"a": WANTED, "own": policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})}},
        {
            "inline": {},
            "attached": (AttachedPolicy(arn="arn:aws:iam::222222222222:policy/x", document=WANTED),),
        },
    ],
    ids=[
        "in two policies",
        "named and ordered otherwise",
        "with more of the customer's",
        "in a managed policy",
    ],
)
def test_the_same_in_other_words_is_not_behind(changes: dict[str, Any]) -> None:
    assert revision_carried(SPEC, carrying(**changes)) == REVISION


def test_lists_in_another_order_are_the_same() -> None:
    turned = [
        {**one, "Action": one["Action"][::-1]} if isinstance(one["Action"], list) else one
        for one in STATEMENTS
    ]
    assert revision_carried(SPEC, carrying(inline={"a": policy(*turned)})) == REVISION


def test_a_missing_statement_is_named() -> None:
    found = shortfall(SPEC, carrying(inline={"a": policy(*STATEMENTS[1:])}))
    assert found is not None
    assert (found.behind, found.statements, found.trust) == (True, (STATEMENTS[0]["Sid"],), ())
    assert found.actions == tuple(sorted(STATEMENTS[0]["Action"]))
    assert revision_carried(SPEC, carrying(inline={"a": policy(*STATEMENTS[1:])})) == 0


def test_a_statement_that_lacks_an_action_or_a_condition_is_not_carried() -> None:
    guarded = next(one for one in STATEMENTS if "Condition" in one)
    loose = [{name: part for name, part in guarded.items() if name != "Condition"}]
    rest = [one for one in STATEMENTS if one is not guarded]
    found = shortfall(SPEC, carrying(inline={"a": policy(*rest, *loose)}))
    assert found is not None
    assert found.statements == (guarded["Sid"],)


def test_a_trust_policy_that_falls_short_is_behind() -> None:
    narrow = trust_policy(SPEC.portal_role_arn, SPEC.external_id or "")
    narrow["Statement"] = narrow["Statement"][:2]
    found = shortfall(SPEC, carrying(trust=narrow))
    assert found is not None
    assert [one.code for one in found.trust] == ["no_session_tags"]


def test_a_trust_policy_that_admits_a_pending_id_too_is_not_behind() -> None:
    both = trust_policy(SPEC.portal_role_arn, SPEC.external_id or "", "rdk-ext-next")
    assert revision_carried(SPEC, carrying(trust=both)) == REVISION


@pytest.mark.parametrize(
    "unseen",
    [
        replace(HEALTHY, roles=()),
        carrying(inline=None),
        carrying(attached=None),
        carrying(attached=(AttachedPolicy(arn="arn:aws:iam::222222222222:policy/x"),)),
    ],
    ids=["no role", "no inline policies", "no attached policies", "an unread managed policy"],
)
def test_what_was_not_seen_is_not_judged(unseen: Facts) -> None:
    assert shortfall(SPEC, unseen) is None
    assert revision_carried(SPEC, unseen) is None


def test_the_line_attaches_the_whole_policy_to_the_role() -> None:
    made = Bootstrap.of(SPEC, SPEC.external_id or "", SPEC.cross_account_role_name)
    line = attach_policy_line(made)
    assert line.startswith(f"aws iam put-role-policy --role-name {SPEC.cross_account_role_name} ")
    assert all(str(one["Sid"]) in line for one in STATEMENTS)


def test_a_role_without_policies_lacks_everything() -> None:
    bare = Role(
        name="x", arn=SPEC.cross_account_role_arn or "", trust=trust_policy(SPEC.portal_role_arn, "x")
    )
    found = shortfall(SPEC, replace(HEALTHY, roles=(bare,)))
    assert found is not None
    assert len(found.statements) == len(STATEMENTS)
