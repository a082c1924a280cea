"""What is written in an export: the steps of a set-up, put together to the parts that a template declares.

A step is one AWS call; a template declares things. So some steps become a part, and others are written into
the part of the resource that they change.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clouds.planning.steps import Ref, Step, refs


@dataclass(frozen=True, slots=True)
class ZoneAt:
    """The availability zone at a place among those of the region, by name; counted from 0."""

    place: int


@dataclass(frozen=True, slots=True)
class Output:
    """What an export tells in the end: a text, a Ref, or for each zone the Ref of what is there."""

    name: str
    says: str
    value: str | Ref | Mapping[ZoneAt, Ref]


@dataclass(frozen=True, slots=True)
class Form:
    """How a step is written. `kind`: what it declares; empty where it adds to the part of its resource."""

    kind: str
    write: Callable[[Step], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Several:
    """How a step is written that declares several things of one kind."""

    kind: str
    write: Callable[[Step], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a template declares. `after`: parts that it needs but does not speak of.

    `sentence` says what it is for; of several parts of one step, the first has it.
    """

    name: str
    sentence: str
    kind: str
    properties: Mapping[str, Any]
    after: tuple[str, ...] = ()


def parts_of(steps: Iterable[Step], forms: Mapping[str, Form | Several]) -> tuple[Part, ...]:
    """Return the parts that these steps make. Raises KeyError for a call that `forms` does not know."""
    made: dict[str, Part] = {}
    homes: dict[str, str] = {}
    for step in steps:
        form = forms[step.action]
        written = _written(step, form, made)
        for part in written:
            made[part.name] = replace(part, after=_after(step, part, homes))
        homes[step.name] = written[0].name
    return tuple(made.values())


def _written(step: Step, form: Form | Several, made: Mapping[str, Part]) -> list[Part]:
    if isinstance(form, Several):
        return [
            Part(f"{step.name}-{number}", step.sentence if number == 1 else "", form.kind, properties)
            for number, properties in enumerate(form.write(step), 1)
        ]
    if form.kind:
        return [Part(step.name, step.sentence, form.kind, form.write(step))]
    own = made[step.resource]
    return [replace(own, properties={**own.properties, **form.write(step)})]


def _after(step: Step, part: Part, homes: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of needed steps, without itself and those that the properties name."""
    known = {part.name, *(ref.step for ref in refs(part.properties))}
    needed = dict.fromkeys((*part.after, *sorted(homes[need] for need in step.needs)))
    return tuple(name for name in needed if name not in known)


def in_reading_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps so that each follows those it needs and, if it can, others of its resource."""
    waiting, placed = list(steps), list[Step]()
    names = {one.name for one in waiting}
    while waiting:
        done = {one.name for one in placed}
        free = [one for one in waiting if one.needs & names <= done]
        last = placed[-1].resource if placed else ""
        chosen = next((one for one in free if one.resource == last), free[0])
        placed.append(chosen)
        waiting.remove(chosen)
    return tuple(placed)


def tags(params: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the tags in a call's parameters, wherever this service takes them."""
    if "TagSpecifications" in params:
        (specification,) = params["TagSpecifications"]
        params = specification
    found: list[dict[str, str]] = params.get("Tags") or params.get("TagSet") or []
    return found


def rules(step: Step) -> Iterator[dict[str, Any]]:
    """Yield the rules of an Authorize… call one by one; `Peer` is what the rule lets in or out."""
    for permission in step.params["IpPermissions"]:
        ports = {key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission}
        for pair in permission.get("UserIdGroupPairs", ()):
            yield {"Group": step.params["GroupId"], **ports, "PeerGroup": pair["GroupId"]}
        for one in permission.get("IpRanges", ()):
            said = {"Description": one["Description"]} if "Description" in one else {}
            yield {"Group": step.params["GroupId"], **ports, "PeerRange": one["CidrIp"], **said}


def words(name: str, between: str) -> str:
    """Return an API name in small letters, its words joined: `CORSRules` is `cors-rules`."""
    apart = re.sub(r"(.)([A-Z][a-z]+)", rf"\1{between}\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", rf"\1{between}\2", apart).lower()


def pascal(name: str, between: str) -> str:
    """Return words that stand between marks as one: `route-table` is `RouteTable`."""
    return "".join(word[:1].upper() + word[1:] for word in name.split(between))
