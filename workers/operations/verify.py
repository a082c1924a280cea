"""Verifying a cloud: is it still what it should be, and does its role still keep others out?"""

from clouds.checks import CATALOGUE
from clouds.outcomes import Failed, Outcome
from workers.aws.errors import AwsError
from workers.operations.inspection import inspect, report
from workers.operations.waiting import after_error
from workers.operations.work import Work


def turn(work: Work) -> Outcome:
    """One look, the checks, one report. Nothing is changed but a probe object that is removed again."""
    only = tuple(work.input.get("only", ()))
    unknown = [one for one in only if one not in CATALOGUE]
    if unknown:
        message = f"There is no check {', '.join(unknown)}."
        return Failed("check_unknown", message, f"Checks are: {', '.join(CATALOGUE)}.")
    if work.spec.registered and work.spec.registration is None:
        message = "Nothing was registered for this cloud yet, so there is nothing to verify."
        return Failed("not_registered", message, "Register its network, role and bucket first.")
    try:
        return report(work, inspect(work, known=work.known, only=only))
    except AwsError as error:
        return after_error(work, error)
