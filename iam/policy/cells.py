"""Statements taken apart into cells: one resource, one principal, one set of lines that all must hold.

A set of cells means what the statements mean, however these were split, ordered or spelled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Final

from iam.policy.covering import has_signs, inside
from iam.policy.lines import Line, alternatives, follows
from iam.policy.patterns import Reach, Text
from iam.policy.statements import Effect, Statement

MOST: Final = 512
"""Cells of one statement; one with more is compared as a whole."""
EVERYONE: Final = ("AWS", "*")


@dataclass(frozen=True, slots=True)
class Cell:
    """The smallest piece of a statement. `None`: the document names no resource, or no principal."""

    principal: tuple[str, str] | None
    resource: Text | None
    lines: frozenset[Line]
    statement: Statement = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Say on what, for whom and when."""
        who = f" for {self.principal[1]}" if self.principal else ""
        when = f" when {self.condition}" if self.lines else ""
        return f"{self.where}{who}{when}"

    @property
    def where(self) -> str:
        """Give the resource, "*" in a document that names none."""
        return self.resource.raw if self.resource else "*"

    @property
    def condition(self) -> str:
        """Give the lines as one text, "" when there are none."""
        return " and ".join(sorted(map(str, self.lines)))

    def within(self, other: "Cell") -> bool:
        """Say whether every request of this cell surely is one of the other."""
        return (
            other.principal in {self.principal, EVERYONE}
            and (
                self.resource == other.resource
                or (
                    self.resource is not None
                    and other.resource is not None
                    and inside(self.resource, other.resource, Reach.RESOURCE)
                )
            )
            and all(any(follows(line, wanted) for line in self.lines) for wanted in other.lines)
        )


Shape = tuple[object, ...]


def is_plain(statement: Statement) -> bool:
    """Say whether a statement can be taken apart: it has no "not" element and not too many cells."""
    elements = (statement.actions, statement.resources, statement.principals)
    if any(element is not None and element.negated for element in elements):
        return False
    resources = len(statement.resources.named) if statement.resources else 1
    principals = len(statement.principals.entries) if statement.principals else 1
    if any(has_signs(value.raw) for value in _texts(statement)):
        return False
    choices = [max(len(condition.values), 1) for condition in statement.conditions]
    return resources * principals * prod(choices) <= MOST


def _texts(statement: Statement) -> Iterator[Text]:
    yield from statement.resources.named if statement.resources else ()
    for condition in statement.conditions:
        yield from condition.values


def shape(statement: Statement) -> Shape:
    """Give what a statement means as a whole, so that two that are spelled otherwise are seen as the same."""
    resources, principals = statement.resources, statement.principals
    return (
        statement.effect,
        (statement.actions.negated, frozenset(name.lower() for name in statement.actions.named)),
        resources and (resources.negated, frozenset(resources.named)),
        principals and (principals.negated, frozenset(map(_principal, principals.entries))),
        frozenset(frozenset(alternatives(condition)) for condition in statement.conditions),
    )


def cells(statement: Statement) -> Iterator[Cell]:
    """Take a plain statement apart."""
    resources = statement.resources.named if statement.resources else (None,)
    entries = statement.principals.entries if statement.principals else (None,)
    for resource, entry in product(resources, entries):
        for chosen in product(*map(alternatives, statement.conditions)):
            principal = _principal(entry) if entry else None
            yield Cell(principal, resource, frozenset[Line]().union(*chosen), statement)


def _principal(entry: tuple[str, str]) -> tuple[str, str]:
    kind, value = entry
    if kind == "AWS" and value.endswith(":root"):
        return kind, value.split(":")[4]
    return entry


def outermost(found: Iterable[Cell]) -> tuple[Cell, ...]:
    """Leave out each cell that lies within another."""
    kept: list[Cell] = []
    for cell in found:
        if not any(cell.within(other) for other in kept):
            kept = [other for other in kept if not other.within(cell)] + [cell]
    return tuple(kept)


def sides(statements: Iterable[Statement]) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """Give the outermost allowing and denying cells of plain statements; what they deny is not allowed."""
    found = [(cell, statement.effect) for statement in statements for cell in cells(statement)]
    denying = outermost(cell for cell, effect in found if effect is Effect.DENY)
    allowing = (cell for cell, effect in found if effect is Effect.ALLOW)
    return outermost(one for one in allowing if not any(one.within(other) for other in denying)), denying
