"""May the cross-account role do what the product does? Answered by our own evaluation of its policies."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from clouds.checks.asking import Answer, Case, Check, How
from clouds.facts import Role
from iam.policy.documents import Kind as Attached
from iam.policy.documents import parse
from iam.policy.errors import PolicyError
from iam.policy.evaluate import PolicySet, Request, evaluate
from iam.policy.grants import GRANTS, CloudNames, Grant, Kind, needed_kinds

READS = (
    "iam:GetRole",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
)
_MANAGED = ("iam:GetPolicy", "iam:GetPolicyVersion")


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
    yield from answers(case, needed_kinds(case.names))


def answers(case: Case, kinds: Iterable[Kind]) -> Iterator[Answer]:
    """One answer on everything that these kinds of operation need."""
    asked = list(requests(case.names, kinds))
    expected = f"All {len({one.action for one in asked})} actions that Raydock calls are allowed."
    yield _asked(case, asked, expected, live=True)


def _pass_role(case: Case) -> Iterator[Answer]:
    if not case.spec.cluster_role_name:
        return
    context = {"iam:PassedToService": "ec2.amazonaws.com"}
    principal = case.spec.cross_account_role_arn or ""
    asked = [Request("iam:PassRole", case.spec.cluster_role_arn, principal, context)]
    yield _asked(case, asked, f"iam:PassRole to EC2 on {case.spec.cluster_role_arn} is allowed.", live=False)


def _asked(case: Case, asked: list[Request], expected: str, *, live: bool) -> Answer:
    """With `live`, what AWS itself has refused in this look counts too."""
    found = evaluated(case, asked)
    if isinstance(found, str):
        return unreadable(case, found, expected)
    return _verdict(case, found, _refused(case, found) if live else Refused(), expected)


def evaluated(case: Case, asked: Iterable[Request]) -> dict[str, str] | str:
    """Action -> where and why the role's own policies do not allow it; words when they were not read."""
    role = case.facts.role(case.spec.cross_account_role_name)
    identity = identity_of(role) if role else None
    if role is None or identity is None:
        return "The role's policies were not all read."
    try:
        return _missing(_policies(role, identity), asked)
    except PolicyError as error:
        return f"A policy of the role cannot be read: {error}"


def unreadable(case: Case, observed: str, expected: str) -> Answer:
    """The answer where the role's policies do not tell."""
    refused = sorted({one.action for one in case.facts.denied if one.action in (*READS, *_MANAGED)})
    wanted = ", ".join(refused or (*READS, *_MANAGED))
    fix = f"Allow {wanted} to the role, or attach the policy that is shown."
    if "cannot be read" in observed:
        fix = "Replace the role's policies with the one that is shown."
    return Answer(
        good=None,
        subject=_subject(case),
        observed=observed,
        expected=expected,
        fix=fix,
        **how_to_attach(case),
    )


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


@dataclass(frozen=True)
class Refused:
    """What AWS refused in this look: by the organization, or although the role's policies allow it."""

    by_organization: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()


def _refused(case: Case, missing: Mapping[str, str]) -> Refused:
    # A role of the customer's own that is looked at by its name is no matter of this policy.
    spec = case.spec
    own = (spec.cluster_role_name, spec.profile_name, spec.cross_account_role_name)
    denied = [
        one
        for one in case.facts.denied
        if not one.action.startswith("iam:") or one.subject in ("", "*", *own)
    ]
    organization = {one.action for one in denied if one.by_organization}
    others = {one.action for one in denied} - organization - missing.keys()
    return Refused(tuple(sorted(organization)), tuple(sorted(others)))


def _verdict(case: Case, missing: Mapping[str, str], refused: Refused, expected: str) -> Answer:
    named = sorted(missing)
    detail = [f"{action} on {missing[action]}" for action in named]
    if refused.by_organization:
        listed = ", ".join(refused.by_organization)
        detail.append(f"Besides, a service control policy of your organization denies {listed}.")
    observed = f"Not allowed: {', '.join(named)}." if named else "Allowed by the role's own policies."
    if refused.otherwise:
        observed += f" But AWS refused {', '.join(refused.otherwise)}."
        detail.append(
            "A permissions boundary, a service control policy or a policy of the resource denies it."
        )
    return Answer(
        good=not missing and refused == Refused(),
        soft=not missing and not refused.by_organization,
        subject=_subject(case),
        observed=observed,
        expected=expected,
        detail=" ".join(detail),
        fix="Attach the policy that this cloud's Policies page shows; it allows exactly what Raydock calls."
        if missing
        else "Ask the owner of your AWS organization for an exception for this role.",
        **how_to_attach(case),
    )


def _subject(case: Case) -> str:
    role = case.facts.role(case.spec.cross_account_role_name)
    return role.arn if role else case.spec.cross_account_role_arn or case.spec.account_id


def how_to_attach(case: Case) -> How:
    """Three ways to give the role the policy that is shown."""
    name = case.spec.cross_account_role_name
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
        actions=READS,
        ask=_permissions,
        about="control-role",
    ),
    Check(
        id="role.pass_role",
        severity="must",
        title="The cross-account role may pass the cluster role to instances",
        actions=READS,
        ask=_pass_role,
        about="control-role",
    ),
)
