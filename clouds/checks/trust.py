"""May the portal enter, only the portal, and only with this cloud's external ID?

IAM User Guide, "Access to AWS accounts owned by third parties".
"""

import json
from collections.abc import Iterator
from datetime import timedelta

from clouds.checks.asking import Answer, Case, Check, How
from clouds.facts import Trust
from iam.policy.trust import lint, trust_policy

YOUNG = timedelta(minutes=2)
_IN_CONSOLE = "IAM > Roles > {role} > Trust relationships > Edit trust policy"


def _how(case: Case) -> How:
    """The ways to set the exact trust policy."""
    spec = case.spec
    role = spec.cross_account_role_name or "raydock-control-plane"
    present = spec.external_id or "<external id>"
    document = json.dumps(trust_policy(spec.portal_role_arn, present, spec.pending_external_id))
    return {
        "cli": f"aws iam update-assume-role-policy --role-name {role} --policy-document '{document}'",
        "terraform": "aws_iam_role.assume_role_policy",
        "console_path": _IN_CONSOLE.format(role=role),
    }


def _assumable(case: Case) -> Iterator[Answer]:
    spec, trust = case.spec, case.facts.trust
    expected = (
        f"The portal's role enters with this cloud's external ID and lands in account {spec.account_id}."
    )
    if trust is None:
        yield _not_tried(case, expected)
        return
    if trust.assumable and trust.account_id in {"", spec.account_id}:
        yield Answer(
            good=True,
            subject=trust.role_arn,
            observed="AWS let us in with the external ID.",
            expected=expected,
        )
        return
    if trust.assumable:
        yield Answer(
            good=False,
            subject=trust.role_arn,
            observed=f"The role leads into account {trust.account_id}.",
            expected=expected,
            fix=f"Give the role of account {spec.account_id}, or reserve a cloud for {trust.account_id}.",
        )
        return
    yield _refused(case, trust, expected)


def _refused(case: Case, trust: Trust, expected: str) -> Answer:
    role = case.facts.role(trust.role_arn)
    young = role is not None and role.created_at is not None and case.facts.at - role.created_at < YOUNG
    detail = (
        "The role is less than two minutes old: AWS is still making it known everywhere. "
        "Try again in a minute before you change anything."
        if young
        else "AWS gives no reason. It is one of: the role does not exist, its trust policy names another "
        "principal, or it asks for another external ID. A new role needs up to 90 seconds."
    )
    return Answer(
        good=False,
        subject=trust.role_arn,
        observed=f"AWS refused us ({trust.error_code or 'AccessDenied'}).",
        expected=expected,
        detail=detail,
        fix=f"Set the role's trust policy to exactly the one shown: principal {case.spec.portal_role_arn}, "
        f"external ID {case.spec.external_id or 'of this cloud'}.",
        **_how(case),
    )


def _not_tried(case: Case, expected: str) -> Answer:
    return Answer(
        good=None,
        subject=case.spec.cross_account_role_arn or case.spec.account_id,
        observed="It was not tried in this look.",
        expected=expected,
        fix="Verify the whole cloud, the trust checks included.",
    )


def _requires_external_id(case: Case) -> Iterator[Answer]:
    trust = case.facts.trust
    expected = "AWS refuses us without an external ID and with a random one."
    if trust is None or trust.without_id_refused is None or trust.random_id_refused is None:
        yield _not_tried(case, expected)
        return
    open_to = [
        words
        for refused, words in (
            (trust.without_id_refused, "without an external ID"),
            (trust.random_id_refused, "with a random external ID"),
        )
        if not refused
    ]
    yield Answer(
        good=not open_to,
        subject=trust.role_arn,
        observed=f"AWS let us in {' and '.join(open_to)}." if open_to else "Both tries were refused.",
        expected=expected,
        detail="Anybody who uses this portal could give this role as theirs and work in your account "
        "(the confused deputy)."
        if open_to
        else "",
        fix="Set the trust policy to exactly the one shown. Its condition StringEquals on sts:ExternalId "
        "is what keeps other tenants out.",
        **_how(case),
    )


def _requires_the_present_id(case: Case) -> Iterator[Answer]:
    yield from _requires_external_id(case)
    trust = case.facts.trust
    if trust is None or trust.old_id_refused is None:
        return
    yield Answer(
        good=trust.old_id_refused,
        soft=True,
        subject=trust.role_arn,
        observed="AWS refuses it." if trust.old_id_refused else "AWS still lets us in with it.",
        expected="AWS refuses the external ID that was rotated out.",
        fix="Set the trust policy to exactly the one shown, which names the present external ID alone. "
        "Then verify again, or retry the rotation.",
        **_how(case),
    )


def _names_portal(case: Case) -> Iterator[Answer]:
    trust, spec = case.facts.trust, case.spec
    role = case.facts.role(spec.cross_account_role_name)
    document = (trust.document if trust else None) or (role.trust if role else None)
    subject = spec.cross_account_role_arn or spec.account_id
    expected = f"The trust policy names {spec.portal_role_arn} and nobody else."
    if not document:
        yield _not_tried(case, expected)
        return
    remarks = lint(document, spec.portal_role_arn, spec.external_id)
    yield Answer(
        good=not remarks,
        subject=subject,
        observed=" ".join(one.observed for one in remarks) or "It does.",
        expected=expected,
        detail=" ".join(one.expected for one in remarks),
        fix="Set the trust policy to exactly the one shown.",
        **_how(case),
    )


CHECKS = (
    Check(
        id="trust.assumable",
        severity="must",
        title="The cross-account role can be assumed",
        actions=(),
        ask=_assumable,
        about="control-role",
    ),
    Check(
        id="trust.requires_external_id",
        severity="must",
        title="The cross-account role asks for the external ID",
        actions=(),
        ask=_requires_the_present_id,
        about="control-role",
    ),
    Check(
        id="trust.names_portal",
        severity="should",
        title="The cross-account role trusts this portal's role and nobody else",
        actions=("iam:GetRole",),
        ask=_names_portal,
        about="control-role",
    ),
)
