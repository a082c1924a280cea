"""What a request for an operation may hold, kind by kind; everything else is refused with its reason."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from clouds.export.registering import FIELD as OUTPUTS
from clouds.export.registering import from_outputs
from clouds.models import Cloud
from clouds.registration import FIELDS, RegistrationError, read_registration
from clouds.specs import role_problem
from clouds.states import Kind
from iam.errors import Problem

LONGEST_WAIT = 3_600
ROTATION_WAIT, LONGEST_ROTATION = 86_400, 604_800
BUCKETS = ("keep", "delete")
Wrong = dict[str, list[str]]


def checked(kind: Kind, cloud: Cloud, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input as the operation keeps it, defaults filled in.

    Raises Problem("input_invalid", 400) that names each field and what is wrong with it.
    """
    allowed, check = _KINDS[kind]
    if kind is Kind.REGISTER:
        given = _registered(given)
    wrong: Wrong = {name: [f"{kind} does not take {name}."] for name in given if name not in allowed}
    filled = {**{name: default() for name, default in allowed.items()}, **given}
    wrong |= check(cloud, filled)
    if wrong:
        sentences = " ".join(text for texts in wrong.values() for text in texts)
        raise Problem("input_invalid", sentences, fields=wrong)
    return filled


def _connect(cloud: Cloud, given: Mapping[str, Any]) -> Wrong:
    wrong: Wrong = {}
    if problem := _role(cloud, given["role_arn"]):
        wrong["role_arn"] = [problem]
    return wrong | _wait(given["wait_seconds"], LONGEST_WAIT)


def _rotate(cloud: Cloud, given: Mapping[str, Any]) -> Wrong:
    return _wait(given["wait_seconds"], LONGEST_ROTATION)


def _wait(seconds: Any, longest: int) -> Wrong:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= longest:
        return {"wait_seconds": [f"Write a number of seconds from 0 to {longest}."]}
    return {}


def _role(cloud: Cloud, arn: object) -> str:
    """Return what is wrong with the role's ARN (PRODUCT 3, T13), or an empty string."""
    if not isinstance(arn, str) or not arn:
        return "Write the ARN of the cross-account role, like arn:aws:iam::<account>:role/<name>."
    if f"::{settings.RAYDOCK.portal_account_id}:" in arn:
        return "This role is in Raydock's own account. Give the role that you made in your account."
    return role_problem(arn, cloud.account_id)


def _nothing(cloud: Cloud, given: Mapping[str, Any]) -> Wrong:
    return {}


def _verify(cloud: Cloud, given: Mapping[str, Any]) -> Wrong:
    only = given["only"]
    if isinstance(only, list | tuple) and all(isinstance(one, str) for one in only):
        return {}
    return {"only": ["Write a list of check ids, or leave it out to run all checks."]}


def _delete(cloud: Cloud, given: Mapping[str, Any]) -> Wrong:
    wrong: Wrong = {}
    if given["confirm_name"] != cloud.name:
        wrong["confirm_name"] = [f"To delete this cloud, write its name exactly: {cloud.name}"]
    if cloud.on_gcp and given["bucket"] == "delete":
        wrong["bucket"] = ["Raydock deletes nothing on GCP. Write keep; the bucket is yours to delete."]
    elif cloud.kind == "registered" and given["bucket"] == "delete":
        wrong["bucket"] = ["Raydock deletes nothing of a registered cloud. Write keep; the bucket is yours."]
    elif given["bucket"] not in BUCKETS:
        wrong["bucket"] = ["Write keep (the bucket and all data stay) or delete (both go for good)."]
    return wrong


def _register(cloud: Cloud, given: Mapping[str, Any]) -> Wrong:
    try:
        read_registration(given, account_id=cloud.account_id, region=cloud.region)
    except RegistrationError as error:
        return error.fields
    return {}


def _registered(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a registration, read from outputs where those are given instead."""
    text = given.get(OUTPUTS)
    if text is None:
        return {name: value for name, value in given.items() if name != OUTPUTS}
    both = sorted(name for name in given if given[name] and name not in {OUTPUTS, "private_network"})
    said = f"The outputs say all of it. Leave out {', '.join(both)}, or leave out the outputs."
    wrong = [said] if both else [] if isinstance(text, str) else ["Write the outputs as text."]
    if not wrong:
        try:
            return {**from_outputs(text), "private_network": given.get("private_network")}
        except RegistrationError as error:
            wrong = error.fields[OUTPUTS]
    raise Problem("input_invalid", " ".join(wrong), fields={OUTPUTS: wrong})


def _unset() -> None:
    """Give what a field of a registration is that was left out."""


Default = Callable[[], Any]
_KINDS: Mapping[Kind, tuple[Mapping[str, Default], Callable[[Cloud, Mapping[str, Any]], Wrong]]] = {
    Kind.CONNECT: (
        {"role_arn": str, "wait_seconds": lambda: settings.RAYDOCK.connect_patience},
        _connect,
    ),
    Kind.SETUP: ({}, _nothing),
    Kind.VERIFY: ({"only": list}, _verify),
    Kind.DELETE: ({"confirm_name": str, "bucket": lambda: "keep"}, _delete),
    Kind.TAKEDOWN: ({}, _nothing),
    Kind.REGISTER: (dict.fromkeys(FIELDS, _unset), _register),
    Kind.ROTATE: ({"wait_seconds": lambda: ROTATION_WAIT}, _rotate),
}
