"""Rotating the external ID (PRODUCT 3, T17): both IDs are valid only until the new one verifies.

The row says how far it is. A pending ID: wait until the role admits it, then put it in force. A retiring one:
wait until AWS refuses it. Neither: done. So a turn may be the first or the tenth, and may die at any line.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from clouds.outcomes import Again, Done, Failed, Outcome
from clouds.states import CloudState
from workers.aws.errors import AwsError
from workers.operations.entry import no_entry, wanted_trust
from workers.operations.trust import admits, keeps_others_out
from workers.operations.waiting import after_error
from workers.operations.work import Work

GONE = frozenset({CloudState.DELETED, CloudState.DELETING})
# Seconds between two looks: short while a person is at it, longer for one that takes a day.
_POLL, _LONGEST_POLL, _POLLS_GROW = 2.0, 60.0, 20.0
_OPEN = (
    "Waiting: AWS lets Raydock in without this cloud's external ID, so that another tenant could enter too. "
    "Attach the trust policy that is shown."
)


def turn(work: Work) -> Outcome:
    """One look at which external IDs the role admits."""
    if work.cloud_state in GONE:
        return Failed("cloud_gone", "The cloud is deleted, so nothing is rotated.", "Make a new cloud.")
    try:
        return _look(work)
    except AwsError as error:
        if not error.transient:
            return after_error(work, error)
        said = f"The security token service of {work.spec.region} gave no clear answer ({error.code})."
        return _wait(work, said, Failed("sts_unavailable", said, "Retry in a few minutes."))


def _look(work: Work) -> Outcome:
    spec = work.spec
    if spec.pending_external_id:
        return _admitted(work, spec.pending_external_id)
    if spec.retiring_external_id:
        return _refused(work, spec.retiring_external_id)
    return Done("rotated", "The new external ID is in force, and AWS refuses the old one.")


def _admitted(work: Work, pending: str) -> Outcome:
    """Step 1: the role lets the new ID in, and nobody without an ID or with a random one (T6, T7, T8)."""
    if not admits(work, pending):
        said = "Waiting for the role to admit the new external ID. The present one stays in force until then."
        return _wait(work, said, _not_seen(work))
    if not all(keeps_others_out(work)):
        return _wait(work, _OPEN, _open(work))
    work.journal.swap_external_id()
    return Again(0, "The new external ID is in force. Next: the old one must be refused.")


def _refused(work: Work, old: str) -> Outcome:
    """Step 2: AWS refuses the old ID, and still lets the present one in and nobody else."""
    if admits(work, old):
        said = "The new external ID is in force. Waiting for the role to refuse the old one."
        return _wait(work, said, _still_admitted(work))
    if not admits(work, work.spec.external_id or ""):
        said = "Waiting: AWS does not let Raydock in with the new external ID any more."
        return _wait(work, said, no_entry(work))
    if not all(keeps_others_out(work)):
        return _wait(work, _OPEN, _open(work))
    work.journal.retire_external_id(old)
    return Done("rotated", "The new external ID is in force, and AWS refuses the old one.")


def _wait(work: Work, message: str, given_up: Failed) -> Outcome:
    """Another look later, as long as the person was given; each of the two steps has that long."""
    began = max(work.created_at, work.rotated_at or work.created_at)
    waited = (work.clock.now() - began).total_seconds()
    left = float(work.input["wait_seconds"]) - waited
    if left <= 0:
        return given_up
    return Again(min(max(_POLL, waited / _POLLS_GROW), _LONGEST_POLL, left), message)


def _not_seen(work: Work) -> Failed:
    return Failed(
        "rotation_not_seen",
        f"{work.spec.cross_account_role_arn} did not admit the new external ID in time. The present one "
        "stays in force, and the new one is given up: it will never be used.",
        "Rotate again when you can change the role's trust policy. If the role names the new ID already, "
        "take it out.",
    )


def _still_admitted(work: Work) -> Failed:
    return Failed(
        "old_id_still_admitted",
        f"The new external ID is in force, but {work.spec.cross_account_role_arn} still admits the old one.",
        f"Give the role exactly this trust policy, then retry: it goes on from here. {wanted_trust(work)}",
    )


def _open(work: Work) -> Failed:
    return Failed(
        "external_id_not_required",
        f"AWS lets Raydock assume {work.spec.cross_account_role_arn} without this cloud's external ID. "
        "Another tenant could then reach this account through Raydock, so the cloud is suspended.",
        f"Give the role exactly this trust policy, then verify and rotate again: {wanted_trust(work)}",
        suspends=True,
    )
