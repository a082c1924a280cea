"""Registering a cloud: what its customer made is found, looked at and checked. Nothing is created in AWS.

The cloud becomes active when no must-check stands in the way. Otherwise it stays registered with its
findings until it verifies or a person answers for them.
"""

from dataclasses import replace

from clouds.outcomes import Failed, Outcome
from clouds.registration import RegistrationError, read_registration
from clouds.specs import CloudSpec
from workers.aws.errors import AwsError
from workers.operations.inspection import inspect, report
from workers.operations.waiting import after_error
from workers.operations.work import Work


def turn(work: Work) -> Outcome:
    """One look by what was given, the checks, one report. It may run twice: it only looks."""
    try:
        spec = _given(work)
    except RegistrationError as error:
        return Failed("registration_invalid", str(error), "Register again with what is said there.")
    try:
        return report(work, inspect(replace(work, spec=spec), known=None))
    except AwsError as error:
        return after_error(work, error)


def _given(work: Work) -> CloudSpec:
    spec = work.spec
    registration = read_registration(work.input, account_id=spec.account_id, region=spec.region)
    return replace(spec, registration=registration)
