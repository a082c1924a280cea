"""Taking a cloud out of its account, for delete and take-down. It ends when a look finds nothing left."""

from typing import Literal

from clouds.facts import Facts
from clouds.outcomes import Again, Done, Failed, Outcome
from clouds.planning import Plan, plan_delete, resources
from iam.policy.grants import PROBE_PREFIX
from workers.aws.apply import apply
from workers.aws.errors import AwsError
from workers.aws.observe import DELETE, DELETE_DATA, observe
from workers.operations.entry import Inside, enter
from workers.operations.intents import still_hidden
from workers.operations.waiting import after_apply, after_error, blocked
from workers.operations.work import Work

Bucket = Literal["keep", "delete"]

_ROUNDS = 5


def remove(work: Work, bucket: Bucket, *, only_empty: bool = False) -> Outcome:
    """One turn: apply what can go, look again, until a look finds nothing or something needs time.

    With `only_empty` a bucket that holds data stops the work before anything is removed.
    """
    try:
        inside = enter(work, work.kind)
        for _ in range(_ROUNDS):
            outcome = _round(work, inside, bucket, only_empty=only_empty)
            if outcome:
                return outcome
    except AwsError as error:
        return after_error(work, error)
    return Again(0, "There is more to remove. Going on.")


def _round(work: Work, inside: Inside, bucket: Bucket, *, only_empty: bool) -> Outcome | None:
    """None: something went, so look again."""
    scope = DELETE_DATA if bucket == "delete" else DELETE
    facts = observe(
        inside.aws, work.spec, scope, pool=work.hands.pool, now=work.clock.now(), known=work.known
    )
    plan = plan_delete(work.spec, facts, bucket=bucket)
    stopped = blocked(work, plan.blockers) or (_holds_data(facts) if only_empty else None)
    if stopped:
        work.journal.save_facts(facts, resources(work.spec, facts))
        return stopped
    if plan.steps:
        work.journal.expect(len(plan.steps))
        return after_apply(work, apply(inside.aws, plan, journal=work.journal, pool=work.hands.pool))
    return None if plan.look_again else _absent(work, facts, plan)


def _absent(work: Work, facts: Facts, plan: Plan) -> Outcome:
    """This look found nothing. It is the last one unless a create call of unknown end may still show up."""
    hidden = still_hidden(work, None)
    if hidden:
        return hidden
    work.journal.save_facts(facts, resources(work.spec, facts))
    kept = [f"{one.id}: {one.reason}" for one in plan.kept]
    return Done("removed", " ".join(["Nothing of the cloud is left in the account.", *kept]))


def _holds_data(facts: Facts) -> Failed | None:
    contents = facts.bucket.contents if facts.bucket else None
    data = [one for one in (contents.objects if contents else ()) if not one.key.startswith(PROBE_PREFIX)]
    if not facts.bucket or not data:
        return None
    return Failed(
        "bucket_not_empty",
        f"The bucket {facts.bucket.name} holds data ({data[0].key} and more), so nothing was taken down.",
        "Delete the cloud instead, and choose there whether the bucket is kept or deleted with its data.",
    )
