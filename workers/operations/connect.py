"""Connecting a cloud: is the offered role ours to assume, and only with this cloud's external ID?

AWS: "test whether you can assume the role both with and without the correct external ID. If you can assume
the role without the correct external ID, do not store the customer's role ARN".
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from dataclasses import replace

from clouds.checks import run_checks
from clouds.facts import Facts, Trust
from clouds.outcomes import Again, Done, Failed, Outcome
from clouds.planning import resources
from clouds.specs import CloudSpec
from clouds.states import CloudState
from iam.policy.arns import ArnError, parse_role_arn
from iam.policy.trust import lint
from workers.aws.errors import AwsError, Kind
from workers.aws.observe import VERIFY, observe
from workers.aws.registered import observe_registered
from workers.operations.entry import Inside, enter, not_let_in, wanted_trust
from workers.operations.inspection import look_of
from workers.operations.trust import keeps_others_out
from workers.operations.waiting import after_error
from workers.operations.work import Work

GONE = frozenset({CloudState.DELETED, CloudState.DELETING})
# Seconds between two tries: short while a new role is on its way, longer for one that takes a person an hour.
_POLL, _LONGEST_POLL, _POLLS_GROW = 2.0, 15.0, 20.0


def turn(work: Work) -> Outcome:
    """One try at entering; while AWS does not know the role yet, another one follows."""
    arn = str(work.input.get("role_arn", ""))
    refused = _offer_refused(work, arn)
    if refused:
        return refused
    try:
        inside = enter(work, "connect", role_arn=arn)
    except AwsError as error:
        return _not_yet(work, error, arn)
    try:
        return _proven(work, inside, arn)
    except AwsError as error:
        return after_error(work, error)


def _offer_refused(work: Work, arn: str) -> Failed | None:
    """What is wrong with the offer before anything is asked of AWS (T13, T16)."""
    if work.cloud_state in GONE:
        message = "The cloud is deleted, so it is not connected any more."
        return Failed("cloud_gone", message, "Make a new cloud.")
    try:
        role = parse_role_arn(arn, portal_account_id=work.spec.portal_role_arn.split(":")[4])
    except ArnError as error:
        return Failed("role_arn_invalid", error.message, "Give the ARN as the IAM console shows it.")
    return _account_refused(work, role.account_id)


def _account_refused(work: Work, account: str) -> Failed | None:
    own = work.spec.account_id
    if account == own:
        return None
    message = f"This role is in account {account}, but the cloud is in account {own}."
    return Failed("wrong_account", message, f"Give a role of account {own}, or make a cloud for {account}.")


def _not_yet(work: Work, error: AwsError, arn: str) -> Outcome:
    """AWS may not know a new role for two minutes: that is waiting, not failing."""
    patience = float(work.input.get("wait_seconds", work.hands.patience.connect))
    waited = (work.clock.now() - work.created_at).total_seconds()
    left = patience - waited
    if left <= 0 or not (error.kind is Kind.DENIED or error.transient):
        return not_let_in(work, error, arn)
    message = "Waiting for AWS to know the role and let Raydock in. A new role takes up to two minutes."
    return Again(min(max(_POLL, waited / _POLLS_GROW), _LONGEST_POLL, left), message)


def _proven(work: Work, inside: Inside, arn: str) -> Outcome:
    """Inside: whose account is it (T6), and does the role keep everybody else out (T7, T8)?"""
    account = str(inside.aws.call("sts:GetCallerIdentity", {})["Account"])
    refused = _account_refused(work, account)
    if refused:
        return refused
    without, wrong = keeps_others_out(work, arn)
    trust = Trust(
        role_arn=arn,
        assumable=True,
        account_id=account,
        without_id_refused=without,
        random_id_refused=wrong,
        named=inside.named,
    )
    return _stored(work, inside, trust) if without and wrong else _open_to_others(work, trust)


def _open_to_others(work: Work, trust: Trust) -> Failed:
    """T9: the ARN is not stored, the cloud stays unconnected, a finding says why.

    Where it is the very role that the cloud works with, the cloud is suspended (T10).
    """
    spec = replace(work.spec, cross_account_role_arn=trust.role_arn)
    now = work.clock.now()
    facts = Facts(at=now, account_id=spec.account_id, region=spec.region, trust=trust)
    findings = run_checks(spec, facts, only=("trust.requires_external_id",))
    work.journal.save_findings(findings, started_at=now)
    how = "without any external ID" if not trust.without_id_refused else "with a wrong external ID"
    return Failed(
        "external_id_not_required",
        f"AWS let Raydock assume {trust.role_arn} {how}. Another tenant could then reach this account "
        "through Raydock, so the role was not stored.",
        f"Give the role exactly this trust policy, then connect again: {wanted_trust(work)}",
        suspends=trust.role_arn == work.spec.cross_account_role_arn,
    )


def _first_look(work: Work, inside: Inside, spec: CloudSpec) -> Facts:
    """What customers made is looked at as at each verification; before they gave anything it is little."""
    pool, now = work.hands.pool, work.clock.now()
    if not spec.registered:
        return observe(inside.aws, spec, VERIFY, pool=pool, now=now)
    own = enter(work, look_of(spec), role_arn=spec.cross_account_role_arn or "")
    return observe_registered(own.aws, spec, pool=pool, now=now)


def _stored(work: Work, inside: Inside, trust: Trust) -> Outcome:
    """Look around once, so that the plan can be shown, and keep the role."""
    spec = replace(work.spec, cross_account_role_arn=trust.role_arn)
    facts = _first_look(work, inside, spec)
    own = facts.role(trust.role_arn)
    facts = replace(facts, trust=replace(trust, document=own.trust if own else None))
    taken = work.journal.save_role(trust.role_arn)
    if taken:
        return Failed("role_in_use", taken, "Make a role of its own for this cloud, then connect again.")
    work.journal.save_facts(facts, resources(spec, facts))
    for remark in lint(own.trust, spec.portal_role_arn, spec.external_id) if own else ():
        work.journal.note(f"{remark.observed} {remark.fix}", step="trust", state="info")
    for action in sorted({one.action for one in facts.denied}):
        fix = "Attach the policy that this cloud's Policies page shows."
        work.journal.note(f"AWS refused {action} to the role. {fix}", step="permissions", state="info")
    message = f"Raydock can enter account {spec.account_id}, and only with this cloud's external ID."
    return Done("connected", message)
