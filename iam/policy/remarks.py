"""What AWS's list of actions says against a document: names that do not exist, grants that can never be used.

Only what the list says for certain is remarked; what it does not speak of is let be.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from iam.policy.actions import ActionFacts, ResourceType, condition_keys, expand, facts, known_services, names
from iam.policy.covering import meet
from iam.policy.documents import Document, Kind, parse
from iam.policy.patterns import Reach, Text, text, wildcard
from iam.policy.statements import Statement

Code = Literal["unknown_action", "empty_pattern", "unused_resource", "unused_action", "unknown_key"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a document; `where` is its path in it, `nearest` the name that was perhaps meant."""

    code: Code
    where: str
    sentence: str
    nearest: str = ""


def remarks(document: Mapping[str, object] | Document, kind: Kind = Kind.IDENTITY) -> tuple[Remark, ...]:
    """Give everything that the list says against a document; raises PolicyError for one that is not valid."""
    read = document if isinstance(document, Document) else parse(document, kind)
    return tuple(
        remark
        for statement in read.statements
        for remark in (*_unknown(statement), *_resources(statement), *_keys(statement))
    )


def unknown(document: Mapping[str, object] | Document, kind: Kind = Kind.IDENTITY) -> tuple[Remark, ...]:
    """Give the actions that AWS does not have, each with the nearest real name."""
    read = document if isinstance(document, Document) else parse(document, kind)
    return tuple(remark for statement in read.statements for remark in _unknown(statement))


def _unknown(statement: Statement) -> Iterator[Remark]:
    for place, name in _actions(statement):
        if expand(name):
            continue
        nearest = _nearest_action(name)
        meant = f" Perhaps {nearest} is meant." if nearest else ""
        if set(name) & {"*", "?"}:
            yield Remark("empty_pattern", place, f"No action of AWS fits {name}.{meant}", nearest)
        else:
            yield Remark("unknown_action", place, f"AWS has no action {name}.{meant}", nearest)


def _actions(statement: Statement) -> Iterator[tuple[str, str]]:
    element = "NotAction" if statement.actions.negated else "Action"
    for place, name in enumerate(statement.actions.named):
        yield f"{statement.where}.{element}[{place}]", name


def _nearest_action(name: str) -> str:
    service = name.partition(":")[0]
    known = service.lower() in known_services()
    services = (
        [service.lower()] if known else difflib.get_close_matches(service.lower(), known_services(), 9, 0.5)
    )
    return _nearest(name, (f"{found}:{one}" for found in services for one in names(found)))


def _nearest(name: str, candidates: Iterable[str]) -> str:
    spelled = {candidate.lower(): candidate for candidate in candidates}
    return next((spelled[near] for near in difflib.get_close_matches(name.lower(), sorted(spelled), 1)), "")


def _resources(statement: Statement) -> Iterator[Remark]:
    """Say which resources no action of the statement can be asked on, and which actions on none of them.

    Only where all is named: a NotAction or NotResource, or a resource policy's own resource, is let be.
    """
    resources = statement.resources
    if resources is None or resources.negated or resources.everything or statement.actions.negated:
        return
    known = {name: _facts_of(name) for name in statement.actions.named}
    for place, (name, actions) in enumerate(known.items()):
        if actions and not any(_takes(action, one) for action in actions for one in resources.named):
            only = "on those of " + _types(actions) if actions[0].resource_types else 'on "*"'
            yield Remark(
                "unused_action",
                f"{statement.where}.Action[{place}]",
                f"{name} is never asked on the resources that are named here, but {only}.",
            )
    everything = [action for actions in known.values() for action in actions]
    for place, one in enumerate(resources.named):
        if all(known.values()) and not any(_takes(action, one) for action in everything):
            yield Remark(
                "unused_resource",
                f"{statement.where}.Resource[{place}]",
                f"None of the actions that are named here is ever asked on {one.raw}.",
            )


def _facts_of(name: str) -> tuple[ActionFacts, ...]:
    return tuple(found for action in expand(name) if (found := facts(action)))


def _takes(action: ActionFacts, resource: Text) -> bool:
    return any(meet(resource, _arn(one), Reach.FIELD) for one in action.resource_types)


def _arn(resource_type: ResourceType) -> Text:
    return text(resource_type.arn, variables=False)


def _types(actions: Iterable[ActionFacts]) -> str:
    return ", ".join(sorted({one.name for action in actions for one in action.resource_types}))


def _keys(statement: Statement) -> Iterator[Remark]:
    for condition in statement.conditions:
        service = condition.key.partition(":")[0]
        known = condition_keys(service) if service != "aws" else frozenset()
        if known and not any(wildcard(key).fullmatch(condition.key) for key in known):
            nearest = _nearest(condition.key, known)
            meant = f" Perhaps {nearest} is meant." if nearest else ""
            yield Remark(
                "unknown_key",
                f"{statement.where}.Condition.{condition.spelled}.{condition.key}",
                f"The service {service} knows no condition key {condition.key}.{meant}",
                nearest,
            )
