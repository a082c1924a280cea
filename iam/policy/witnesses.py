"""Requests on which two sets of statements decide otherwise: the proof that they differ.

Candidates are made of what the statements themselves speak of: their resources with wildcards filled in,
their condition values, values next to these, and missing keys. None found proves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, product
from typing import Final, TypeVar

from iam.policy.cells import EVERYONE, Cell
from iam.policy.comparisons import moment, network, number
from iam.policy.lines import Line
from iam.policy.patterns import Context, Text, Variable
from iam.policy.principals import Caller, Naming, caller
from iam.policy.statements import Effect, Statement

FRESH: Final = "q7w"
"""A text that nobody's policy names."""
TRIES: Final = 800
NOBODY: Final = caller("")
STRANGER: Final = caller(f"arn:aws:iam::999999999999:user/{FRESH}")

T = TypeVar("T")
Options = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that one side decides otherwise than the other."""

    resource: str
    context: Context


def witness(
    cell: Cell, own: Sequence[Statement], other: Sequence[Statement], near: Sequence[Cell]
) -> Witness | None:
    """Find a request that the cell's side allows (or denies) and the other side does not.

    `own` and `other` are the statements of each side that cover the action in question; `near` are all cells
    for it, whose values are tried too.
    """
    effect = cell.statement.effect
    for resource, who, context in islice(_candidates(cell, near), TRIES):
        if _level(own, effect, resource, who, context) > _level(other, effect, resource, who, context):
            return Witness(resource, context)
    return None


def _level(
    statements: Sequence[Statement], effect: Effect, resource: str, who: Caller, context: Context
) -> int:
    """Give how surely the statements deny, or allow and do not deny, a request; 0 if they do not."""
    denied = any(
        one.effect is Effect.DENY
        and (one.principals is None or one.principals.denies(who, bounded=False))
        and one.applies(resource, context)
        for one in statements
    )
    if effect is Effect.DENY or denied:
        return int(denied and effect is Effect.DENY)
    granting = (one for one in statements if one.effect is Effect.ALLOW and one.applies(resource, context))
    return max((_naming(one, who) for one in granting), default=Naming.NONE)


def _naming(statement: Statement, who: Caller) -> Naming:
    return statement.principals.grants(who) if statement.principals else Naming.OUTRIGHT


def _candidates(cell: Cell, near: Sequence[Cell]) -> Iterator[tuple[str, Caller, Context]]:
    everything = [cell, *near]
    resources = _distinct(name for one in everything for name in _resources(one.resource))
    callers = _distinct(_caller(one.principal) for one in everything)
    keys = _keys(everything)
    filled = {key: (FRESH,) for one in everything for key in _variables(one)}
    for chosen in product(*keys.values()):
        context = filled | {key: values for key, values in zip(keys, chosen, strict=True) if values}
        for who, resource in product(callers[:4], resources[:12]):
            yield resource, who, context


def _distinct(found: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(found))


def _caller(principal: tuple[str, str] | None) -> Caller:
    if principal is None:
        return NOBODY
    kind, name = principal
    if principal == EVERYONE:
        return STRANGER
    return caller(f"arn:aws:iam::{name}:user/{FRESH}" if kind == "AWS" and name.isdigit() else name)


def _resources(resource: Text | None) -> Iterator[str]:
    if resource is None or resource.raw == "*":
        yield from (f"arn:aws:{FRESH}:{FRESH}:{FRESH}:{FRESH}", "*")
        return
    for filling in (FRESH, ""):
        yield _sample(resource, filling)


def _sample(value: Text, filling: str = FRESH) -> str:
    written = []
    for part, wild in value.parts:
        if isinstance(part, Variable):
            written.append(FRESH)
        else:
            written.append(part.replace("*", filling).replace("?", "x") if wild else part)
    return "".join(written)


def _variables(cell: Cell) -> Iterator[str]:
    texts = [value for line in cell.lines for value in line.values]
    for value in [*texts, *([cell.resource] if cell.resource else [])]:
        yield from (part.key for part, _ in value.parts if isinstance(part, Variable))


def _keys(found: Sequence[Cell]) -> Mapping[str, Options]:
    """Give for each condition key what is tried, the first cell's keys and what meets its lines first."""
    options: dict[str, list[tuple[str, ...]]] = {}
    for cell in found:
        for line in sorted(cell.lines, key=str):
            options.setdefault(line.key, []).extend(_values(line))
    return {key: tuple(_distinct([*tried, (), (FRESH,)]))[:9] for key, tried in options.items()}


def _values(line: Line) -> Iterator[tuple[str, ...]]:
    values = [sample for value in sorted(line.values, key=str) for sample in _near(line.operator, value)]
    if line.met_without_key:
        yield ()
    if line.negated:
        yield (FRESH,)
    yield from ((value,) for value in values)
    if line.quantifier:
        yield tuple(values)
        yield (*values, FRESH)


def _near(operator: str, value: Text) -> Iterator[str]:
    if operator == "Null":
        yield FRESH
    elif not value.fixed or operator.startswith(("String", "Arn", "Binary")):
        yield (
            value.literal({}) or FRESH
            if operator.startswith("StringEquals") and value.fixed
            else _sample(value)
        )
    elif operator.startswith("Numeric"):
        yield from (str(number(value.raw) + step) for step in (0, 1, -1))
    elif operator.startswith("Date"):
        yield from ((moment(value.raw) + timedelta(seconds=step)).isoformat() for step in (0, 1, -1))
    elif operator in {"IpAddress", "NotIpAddress"}:
        yield str(network(value.raw)[0])
    else:
        yield from (value.raw, "false" if value.raw == "true" else "true")
