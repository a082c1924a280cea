"""One statement of a policy and what it covers, sorted beforehand so that a decision costs microseconds.

Rules: IAM User Guide, "IAM JSON policy elements": Action, NotAction, Resource, NotResource.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from iam.policy.conditions import Condition
from iam.policy.patterns import Context, Glob, Mark, Reach, Text, expression, marks
from iam.policy.principals import Principals

REMEMBERED: Final = 4096
"""Actions for which a document remembers its statements, before it forgets them all and starts again."""


class Effect(StrEnum):
    """What a statement does to a request that it covers."""

    ALLOW = "Allow"
    DENY = "Deny"


class Kind(StrEnum):
    """Where a document is attached; a resource document (bucket or trust policy) names principals."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Actions:
    """The Action or NotAction element."""

    named: tuple[str, ...]
    """As the document spells them."""
    negated: bool
    plain: frozenset[str] = field(repr=False, compare=False)
    """Those without wildcards, in lower case."""
    wild: Glob | None = field(repr=False, compare=False)
    """Those with wildcards, as one pattern over actions in lower case."""

    def cover(self, action: str) -> bool:
        """Say whether an action, given in lower case, falls under the element."""
        named = action in self.plain or (self.wild is not None and self.wild.fullmatch(action) is not None)
        return named != self.negated


def actions(named: Sequence[str], *, negated: bool = False) -> Actions:
    """Sort what an Action or NotAction element names."""
    lowered = [name.lower() for name in named]
    wild = [name for name in lowered if set(name) & {"*", "?"}]
    return Actions(tuple(named), negated, frozenset(lowered) - set(wild), _any_of(map(_action_marks, wild)))


def _action_marks(name: str) -> str:
    return expression(marks(((name, True),), Reach.EVERYTHING), Reach.EVERYTHING)


@dataclass(frozen=True, slots=True)
class Resources:
    """The Resource or NotResource element."""

    named: tuple[Text, ...]
    negated: bool
    everything: bool = field(repr=False, compare=False)
    plain: frozenset[str] = field(repr=False, compare=False)
    """Whole ARNs without wildcards."""
    wild: Glob | None = field(repr=False, compare=False)
    """Those with wildcards, as one pattern."""
    open: tuple[Text, ...] = field(repr=False, compare=False)
    """Those that a request fills in."""

    def cover(self, resource: str, context: Context) -> bool:
        """Say whether a resource falls under the element."""
        named = (
            self.everything
            or resource in self.plain
            or (self.wild is not None and self.wild.fullmatch(resource) is not None)
            or (bool(self.open) and any(_fits(wanted, resource, context) for wanted in self.open))
        )
        return named != self.negated

    def resolvable(self, context: Context) -> bool:
        """Say whether the request can fill in every variable."""
        return all(wanted.resolvable(context) for wanted in self.open)


def resources(named: Sequence[Text], *, negated: bool = False) -> Resources:
    """Sort what a Resource or NotResource element names."""
    fixed = {wanted: resource_marks(wanted) for wanted in named if wanted.fixed and wanted.raw != "*"}
    wild = {wanted: found for wanted, found in fixed.items() if any(is_wild for _, is_wild in found)}
    return Resources(
        named=tuple(named),
        negated=negated,
        everything=any(wanted.raw == "*" for wanted in named),
        plain=frozenset("".join(one for one, _ in fixed[wanted]) for wanted in fixed.keys() - wild.keys()),
        wild=_any_of(expression(found, Reach.RESOURCE) for found in wild.values()),
        open=tuple(wanted for wanted in named if not wanted.fixed),
    )


def resource_marks(wanted: Text) -> tuple[Mark, ...]:
    """Give the characters of a resource without variables, filled up to a whole ARN."""
    return marks(tuple((part, wild) for part, wild in wanted.parts if isinstance(part, str)), Reach.RESOURCE)


def _fits(wanted: Text, resource: str, context: Context) -> bool:
    glob = wanted.glob(context, Reach.RESOURCE)
    return glob is not None and glob.fullmatch(resource) is not None


def _any_of(expressions: Iterable[str]) -> Glob | None:
    either = "|".join(expressions)
    return re.compile(either, re.DOTALL) if either else None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, read. `None` resources: a trust policy, which speaks of the role it hangs on."""

    where: str
    sid: str
    effect: Effect
    actions: Actions
    resources: Resources | None
    principals: Principals | None
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """Give the place in its document, with the Sid where it has one."""
        return f"{self.where} ({self.sid})" if self.sid else self.where

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Say whether action, resource and conditions of a request fall under this statement."""
        return self.actions.cover(action.lower()) and self.applies(resource, context)

    def applies(self, resource: str, context: Context) -> bool:
        """Say whether resource and conditions fall under this statement, whose action is known to."""
        if self.resources is not None and not self.resources.cover(resource, context):
            return False
        for condition in self.conditions:
            if not condition.holds(context):
                return False
        return self.effect is Effect.DENY or self._is_certain(context)

    def _is_certain(self, context: Context) -> bool:
        """Keep an Allow from growing where a "not" holds only because a variable could not be filled in."""
        if self.resources is not None and self.resources.negated and not self.resources.resolvable(context):
            return False
        return all(not one.negated or one.resolvable(context) for one in self.conditions)


Covering = tuple[tuple[Statement, ...], tuple[Statement, ...]]
"""Statements that cover an action: the denying, the allowing."""


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document, read."""

    kind: Kind
    statements: tuple[Statement, ...]
    known: dict[str, Covering] = field(default_factory=dict, repr=False, compare=False)
    """What was already asked: the same few actions come again and again."""

    def covering(self, action: str) -> Covering:
        """Give the denying and the allowing statements that cover an action, in the document's order."""
        found = self.known.get(action)
        if found is None:
            lowered = action.lower()
            covering = [one for one in self.statements if one.actions.cover(lowered)]
            found = (
                tuple(one for one in covering if one.effect is Effect.DENY),
                tuple(one for one in covering if one.effect is Effect.ALLOW),
            )
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[action] = found
        return found
