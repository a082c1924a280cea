"""What an AWS error means for an operation: wait and try again, or end with what happened and what to do."""

import random
from datetime import timedelta

from clouds.outcomes import Again, Failed, Outcome
from clouds.planning import Blocker, Step
from workers.aws.apply import Applied
from workers.aws.errors import AwsError, Kind
from workers.aws.session import ASSUME
from workers.operations.entry import not_let_in
from workers.operations.work import Work

PROPAGATION = timedelta(minutes=2)

# Errors after which a later turn may do better: the next look plans anew from what is really there.
PASSING = frozenset({Kind.THROTTLED, Kind.UNAVAILABLE, Kind.CONFLICT, Kind.MISSING})


def again(work: Work, message: str, *, given_up: Failed) -> Outcome:
    """Another turn, later the more turns brought nothing; `given_up` once there were too many of them."""
    if work.stalled >= work.hands.patience.attempts:
        return given_up
    return Again(_pause(work), message)


def _pause(work: Work) -> float:
    patience = work.hands.patience
    longest = min(patience.backoff_cap, patience.backoff_base * 2**work.stalled)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, so that many clouds do not retry as one


def after_error(work: Work, error: AwsError, step: Step | None = None) -> Outcome:
    """What follows from one failed call; `step` says what it was for."""
    if error.action == ASSUME and error.kind is Kind.DENIED:
        message = "Waiting: AWS does not let Raydock assume the role."
        return again(work, message, given_up=not_let_in(work, error))
    ended = _ended(work, error, step)
    if error.kind is Kind.DENIED and _role_is_new(work):
        message = f"Waiting for AWS to know the new role's permissions ({error.missing_action})."
        return again(work, message, given_up=ended)
    if error.kind in PASSING and not error.limit:
        return again(work, _waiting(error), given_up=ended)
    if step is not None and error.code in step.not_yet:
        return again(work, _waiting(error), given_up=ended)
    return ended


def _role_is_new(work: Work) -> bool:
    """IAM tells its policies to all of AWS within two minutes; until then a refusal may be no refusal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    role = work.known.role(work.spec.cross_account_role_name) if work.known else None
    return bool(role and role.created_at and work.clock.now() < role.created_at + PROPAGATION)


def after_apply(work: Work, applied: Applied) -> Outcome | None:
    """What follows from the steps that failed; None when all are done. A final answer goes before a wait."""
    outcomes = [after_error(work, error, step) for step, error in applied.errors]
    finals = [one for one in outcomes if isinstance(one, Failed)]
    waits = [one for one in outcomes if isinstance(one, Again)]
    if finals:
        return finals[0]
    return max(waits, key=lambda one: one.delay, default=None)


def blocked(work: Work, blockers: tuple[Blocker, ...]) -> Outcome | None:
    """What stands in the way of a plan: wait while it goes away by itself, else end and name all of it."""
    if not blockers:
        return None
    lasting = [one for one in blockers if not one.passes] or list(blockers)
    failed = Failed(
        code=lasting[0].code,
        message="\n".join(one.message for one in lasting),
        fix="\n".join(dict.fromkeys(one.fix for one in lasting)),
    )
    if all(one.passes for one in blockers):
        return again(work, f"Waiting: {blockers[0].message}", given_up=failed)
    return failed


def _waiting(error: AwsError) -> str:
    if error.kind is Kind.THROTTLED:
        return f"AWS asks us to slow down ({error.action}). Waiting, then going on."
    if error.ambiguous:
        return f"The answer to {error.action} was lost. Looking at what happened, then going on."
    return f"Waiting for AWS: {error.action} answered {error.code}. {error.message}".strip()


def _ended(work: Work, error: AwsError, step: Step | None) -> Failed:
    purpose = f"{step.sentence}: " if step else ""
    said = f"{purpose}AWS refused {error.action} ({error.code}). {error.message}".strip()
    if error.kind is Kind.DENIED:
        return _denied(work, error, said)
    if error.limit:
        fix = (
            f"Ask AWS for more in {work.spec.region} (Service Quotas console), or remove what is not needed."
        )
        return Failed("quota_used_up", said, f"{fix} Then retry.")
    if error.transient:
        said = f"{purpose}AWS did not carry out {error.action}, also after several tries ({error.code})."
        fix = "Look at the AWS Health Dashboard for this region. Retry when the service answers again."
        return Failed("aws_unavailable", f"{said} {error.message}".strip(), fix)
    return Failed("aws_refused", said, "Change what AWS names in its answer, then retry.")


def _denied(work: Work, error: AwsError, said: str) -> Failed:
    action = error.missing_action
    if "service control policy" in error.message:
        fix = f"A service control policy of your AWS organization denies {action}. Ask its owner to allow it."
        return Failed("permission_missing", said, f"{fix} Then retry.")
    role = work.spec.cross_account_role_arn or "the cross-account role"
    fix = (
        f"Allow {action} in the policy of {role}: attach the policy that this cloud's page shows. Then retry."
    )
    return Failed("permission_missing", said, fix)
