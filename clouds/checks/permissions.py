"""May the cross-account role do what the product does? Answered by our own evaluation of its policies."""

import shlex
from collections.abc import Iterable, Iterator, Mapping

from clouds.checks.asking import Answer, Case, Check, How
from clouds.facts import Role
from iam.policy.documents import Kind as Attached
from iam.policy.documents import parse
from iam.policy.errors import PolicyError
from iam.policy.evaluate import PolicySet, Request, evaluate
from iam.policy.grants import GRANTS, CloudNames, Grant, Kind

_READS = (
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
)
_SHOWN = 12


def identity_of(role: Role) -> tuple[Mapping[str, object], ...] | None:
    """Every policy document of a role, or None when one of them, or its boundary, could not be read."""
    unread_boundary = role.boundary_arn != "" and role.boundary is None
    if role.inline is None or role.attached is None or unread_boundary:
        return None
    managed = [one.document for one in role.attached]
    documents = [*role.inline.values(), *(one for one in managed if one is not None)]
    return tuple(documents) if None not in managed else None


def requests(names: CloudNames, kinds: Iterable[Kind]) -> Iterator[Request]:
    """One request for every action and place that these kinds of operation use, with its conditions met."""
    filled = {name: getattr(names, name) or "" for name in names.__slots__}
    for grant in dict.fromkeys(grant for kind in kinds for grant in GRANTS[kind]):
        for place in grant.places:
            resource = place.format_map(filled).replace("*", "raydock-example") if place != "*" else "*"
            if not resource:
                continue
            for action in grant.actions:
                if _fits(action, place):
                    yield Request(
                        action,
                        resource,
                        names.cross_account_role_arn or "",
                        _context(grant, filled),
                    )


def _fits(action: str, place: str) -> bool:
    """False for the pairs that AWS does not know: a role action on a profile and the other way round."""
    if action.startswith("iam:"):
        about_profile = "InstanceProfile" in action and not action.endswith("ForRole")
        return about_profile == (":instance-profile/" in place)
    return True


def _context(grant: Grant, filled: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for operator, key, value in grant.tests:
        found[key] = "raydock" if operator == "Null" else value.format_map(filled)
    return found


def _permissions(case: Case) -> Iterator[Answer]:
    yield from answers(case, Kind)


def answers(case: Case, kinds: Iterable[Kind]) -> Iterator[Answer]:
    """One answer on everything that these kinds of operation need."""
    asked = list(requests(case.names, kinds))
    yield _answer(
        case, asked, expected=f"All {len({one.action for one in asked})} actions that Raydock calls"
    )


def _pass_role(case: Case) -> Iterator[Answer]:
    context = {"iam:PassedToService": "ec2.amazonaws.com"}
    principal = case.spec.cross_account_role_arn or ""
    asked = [Request("iam:PassRole", case.spec.cluster_role_arn, principal, context)]
    yield _answer(case, asked, expected=f"iam:PassRole to EC2 on {case.spec.cluster_role_arn}")


def _answer(case: Case, asked: list[Request], *, expected: str) -> Answer:
    role = case.facts.role(case.spec.cross_account_role_name)
    identity = identity_of(role) if role else None
    if role is None or identity is None:
        return Answer(
            good=None,
            subject=case.spec.cross_account_role_arn or case.spec.account_id,
            observed="The role's policies were not all read.",
            expected=f"{expected} is allowed.",
            fix="Allow iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, "
            "iam:GetPolicy and iam:GetPolicyVersion to the role, or attach the policy that is shown.",
            **_how(case, role),
        )
    try:
        missing = _missing(_policies(role, identity), asked)
    except PolicyError as error:
        return Answer(
            good=None,
            subject=role.arn,
            observed=f"A policy of the role cannot be read: {error}",
            expected=f"{expected} is allowed.",
            fix="Replace the role's policies with the one that is shown.",
            **_how(case, role),
        )
    return _verdict(case, role, missing, expected)


def _policies(role: Role, identity: Iterable[Mapping[str, object]]) -> PolicySet:
    """The role's policies, read once: they are asked about a hundred requests."""
    boundary = None if role.boundary is None else [parse(role.boundary, Attached.BOUNDARY)]
    return PolicySet(identity=[parse(one) for one in identity], boundary=boundary)


def _missing(policies: PolicySet, asked: Iterable[Request]) -> dict[str, str]:
    """Action -> the resource on which it is not allowed, with the evaluator's sentence."""
    found: dict[str, str] = {}
    for request in asked:
        decision = evaluate(policies, request)
        if not decision.allowed:
            found.setdefault(request.action, f"{request.resource}: {decision.reason.sentence}")
    return found


def _verdict(case: Case, role: Role, missing: Mapping[str, str], expected: str) -> Answer:
    named = sorted(missing)
    listed = ", ".join(named[:_SHOWN]) + (f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else "")
    forbidden = sorted({one.action for one in case.facts.denied if one.by_organization})
    detail = " ".join(f"{action} on {missing[action]}" for action in named[:_SHOWN])
    if forbidden:
        detail += f" Besides, a service control policy of your organization denies {', '.join(forbidden)}."
    return Answer(
        good=not missing and not forbidden,
        subject=role.arn,
        observed=f"Not allowed: {listed}." if missing else "Allowed by the role's own policies.",
        expected=f"{expected} is allowed.",
        detail=detail.strip(),
        fix="Attach the policy that this cloud's Access page shows; it allows exactly what Raydock calls."
        if missing
        else "Ask the owner of your AWS organization for an exception for this role.",
        **_how(case, role),
    )


def _how(case: Case, role: Role | None) -> How:
    name = role.name if role else case.spec.cross_account_role_name
    return {
        "cli": f"aws iam put-role-policy --role-name {shlex.quote(name)} --policy-name raydock-control-plane "
        "--policy-document file://control-plane.json",
        "terraform": "aws_iam_role_policy.policy",
        "console_path": f"IAM > Roles > {name} > Permissions > Add permissions > Create inline policy",
    }


CHECKS = (
    Check(
        id="role.permissions",
        severity="must",
        title="The cross-account role may do everything that Raydock does",
        actions=_READS,
        ask=_permissions,
        about="control-role",
    ),
    Check(
        id="role.pass_role",
        severity="must",
        title="The cross-account role may pass the cluster role to instances",
        actions=_READS,
        ask=_pass_role,
        about="control-role",
    ),
)
