"""What a rule's value stands for: the role, profile or account that it names, as far as one can know.

Without a look at AWS a plain name is taken for a role without a path; a look that saw the role, or a profile
of that name, says more. Each answer tells how it was found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from clouds.facts import Facts, InstanceProfile, Role
from iam.mapping import Config, role_name
from iam.policy.arns import ArnError

Named = TypeVar("Named", Role, InstanceProfile)
GIVEN, SEEN, ASSUMED = "given", "seen", "assumed"
NOTES = {
    GIVEN: "The value says it itself; whether it exists is seen at the next verification.",
    SEEN: "Found in the account at the last look.",
    ASSUMED: "Not looked up yet: taken for a role of the cloud's account without a path. Verify to find out.",
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What one value resolved to. `kind` is role, instance_profile or service_account; `arn` may be empty.

    `basis` is given (the value says it), seen (in AWS) or assumed; `role` names the role that nodes get.
    """

    value: str
    kind: str
    name: str
    role: str
    arn: str
    account_id: str
    basis: str
    note: str

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def resolved_values(
    config: Config, *, provider: str, account_id: str, facts: Facts | None = None
) -> tuple[Resolved, ...]:
    """Resolve every value that the rules and the override name, each once, in their order."""
    return tuple(
        resolved(value, provider=provider, account_id=account_id, facts=facts) for value in _values(config)
    )


def resolved(value: str, *, provider: str, account_id: str, facts: Facts | None = None) -> Resolved:
    """Resolve one value; what cannot be read as a name or ARN comes back as a name."""
    if provider != "AWS":
        return Resolved(value, "service_account", value, value, "", "", GIVEN, NOTES[GIVEN])
    try:
        kind, name = role_name(value)
    except ArnError:
        kind, name = "role_name", value
    roles: tuple[Role, ...] = facts.roles if facts else ()
    profiles = facts.instance_profiles if facts else ()
    if kind == "profile_arn":
        here = next((one for one in profiles if one.arn == value), None)
        return _profile(value, name, here, value.split(":")[4])
    if kind == "role_arn":
        return Resolved(value, "role", name, name, value, value.split(":")[4], GIVEN, NOTES[GIVEN])
    role = _named(roles, name)
    if role is not None:
        return Resolved(value, "role", name, name, role.arn, account_id, SEEN, NOTES[SEEN])
    profile = _named(profiles, name)
    if profile is not None:
        return _profile(value, name, profile, account_id)
    arn = f"arn:aws:iam::{account_id}:role/{name}"
    return Resolved(value, "role", name, name, arn, account_id, ASSUMED, NOTES[ASSUMED])


def _profile(value: str, name: str, seen: InstanceProfile | None, account_id: str) -> Resolved:
    basis = SEEN if seen else GIVEN
    role = seen.role_names[0] if seen and seen.role_names else name
    arn = seen.arn if seen else value
    return Resolved(value, "instance_profile", name, role, arn, account_id, basis, NOTES[basis])


def _named(found: Iterable[Named], name: str) -> Named | None:
    return next((one for one in found if one.name == name), None)


def _values(config: Config) -> Iterator[str]:
    named = [*(rule.value for rule in config.rules), *config.override.only]
    return iter(dict.fromkeys(named))
