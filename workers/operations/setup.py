"""Setting a cloud up: look, plan, apply, look again, verify. Any turn may be the first or the tenth."""

from concurrent.futures import wait
from contextlib import suppress
from dataclasses import replace

from clouds.checks import preflight
from clouds.facts import Facts
from clouds.findings import Status
from clouds.outcomes import Failed, Outcome
from clouds.planning import Plan, plan_setup, resources
from workers.aws.apply import apply
from workers.aws.errors import AwsError
from workers.aws.observe import VERIFY, observe
from workers.aws.ports import Aws
from workers.operations.entry import enter, wanted_trust
from workers.operations.inspection import inspect, report
from workers.operations.intents import still_hidden
from workers.operations.rehearsal import refused
from workers.operations.waiting import after_apply, after_error, again, blocked
from workers.operations.work import Work


def turn(work: Work) -> Outcome:
    """Bring the account nearer to the spec; Done once a fresh look finds nothing left to do."""
    if work.open_to_others:
        return _suspended(work)
    try:
        return _build(work)
    except AwsError as error:
        return after_error(work, error)


def _suspended(work: Work) -> Failed:
    """A verification beside this set-up has found the door open: nothing more is changed (T10, T16)."""
    return Failed(
        "cloud_suspended",
        f"AWS lets Raydock assume {work.spec.cross_account_role_arn} without this cloud's external ID, so "
        "the cloud is suspended and its set-up stopped. What was created so far is still there.",
        f"Give the role exactly this trust policy, then verify: {wanted_trust(work)}",
    )


def _build(work: Work) -> Outcome:
    """Two sessions: one that only looks, also for the verification at the end, and one that only builds."""
    building = work.hands.pool.submit(enter, work, "setup")
    try:
        facts = _look(work)
        plan = plan_setup(work.spec, facts, salt=work.operation_id)
        stopped = _stopped(work, facts, plan)
    finally:
        wait([building])
    if stopped:
        return stopped
    if plan.steps and not plan.adopted:
        stopped = _rehearsed(work, building.result().aws, plan)
        if stopped:
            return stopped
    if plan.steps:
        applied = apply(building.result().aws, plan, journal=work.journal, pool=work.hands.pool)
        outcome = after_apply(work, applied)
        if isinstance(outcome, Failed):
            _remember(work)
        if outcome:
            return outcome
    return _verified(work, facts)


def _look(work: Work) -> Facts:
    aws, now = enter(work, "verify").aws, work.clock.now()
    return observe(aws, work.spec, VERIFY, pool=work.hands.pool, now=now, known=work.known)


def _remember(work: Work) -> None:
    """Keep what the unfinished set-up left behind, for people to see. Its failure counts, not this look's."""
    with suppress(AwsError):
        facts = _look(work)
        work.journal.save_facts(facts, resources(work.spec, facts))


def _stopped(work: Work, facts: Facts, plan: Plan) -> Outcome | None:
    """Why nothing is changed in this turn: blockers, calls of unknown end, or a preflight that failed."""
    missing = {step.name for step in plan.steps}
    stopped = blocked(work, plan.blockers) or still_hidden(work, missing)
    if stopped or not plan.steps:
        return stopped
    work.journal.expect(len(plan.steps))
    work.journal.save_facts(facts, resources(work.spec, facts))
    return None if plan.adopted else _unfit(work, facts)


def _unfit(work: Work, facts: Facts) -> Failed | None:
    """What the account lacks before anything is made in it; once something is made, going on is better."""
    findings = preflight(work.spec, facts)
    failed = [one for one in findings if one.status is Status.FAIL]
    if not failed:
        return None
    work.journal.save_findings(findings, started_at=facts.at)
    return Failed(
        "preflight_failed",
        "Nothing was created. " + "\n".join(f"{one.title}: {one.observed}" for one in failed),
        "\n".join(dict.fromkeys(one.fix for one in failed)),
    )


def _rehearsed(work: Work, aws: Aws, plan: Plan) -> Outcome | None:
    """What AWS would refuse of the first calls, before any of them is made."""
    found = refused(aws, plan, pool=work.hands.pool)
    if found is None:
        return None
    step, error = found
    outcome = after_error(work, error, step)
    if isinstance(outcome, Failed):
        return replace(outcome, message=f"Nothing was created. {outcome.message}")
    return outcome


def _verified(work: Work, facts: Facts) -> Outcome:
    """A fresh look must find nothing left to do; the same look answers the checks."""
    seen = inspect(work, known=facts)
    left = plan_setup(work.spec, seen.facts, salt=work.operation_id)
    if left.steps or left.blockers:
        work.journal.save_facts(seen.facts, resources(work.spec, seen.facts))
        unseen = ", ".join(step.name for step in left.steps)
        given_up = Failed(
            "not_settled",
            f"Everything was set up, but AWS still does not show it: {unseen}.",
            "Retry: it goes on with what is there.",
        )
        return again(work, f"Waiting for AWS to show what was made: {unseen}.", given_up=given_up)
    return report(work, seen)
