"""Conditions in a normal form, in which two that mean the same look the same, and what follows from what.

A condition that lists values is met by any of them, so it falls apart into one alternative for each; a "not"
is met by none of them, so it falls apart into lines that all must hold. What is said to follow surely does;
that something does not is never said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from iam.policy.comparisons import moment, network, number
from iam.policy.conditions import ALL, ANY, NULL, OPERATORS, Condition
from iam.policy.covering import inside
from iam.policy.patterns import Reach, Text, text

SAME: Final = {"ArnEquals": "ArnLike", "ArnNotEquals": "ArnNotLike"}
WITHOUT_WILDCARDS: Final = {"StringLike": "StringEquals", "StringNotLike": "StringNotEquals"}
ENDLESS: Final = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Line:
    """One line in normal form."""

    operator: str
    quantifier: str
    if_exists: bool
    key: str
    values: frozenset[Text]

    def __str__(self) -> str:
        """Say it as a person would read it in a document."""
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        operator = f"{quantifier}{self.operator}{'IfExists' if self.if_exists else ''}"
        return f"{operator} {self.key} {' or '.join(sorted(value.raw for value in self.values)) or 'nothing'}"

    @property
    def negated(self) -> bool:
        """Say whether the operator is a "not"."""
        return OPERATORS[self.operator].negated

    @property
    def needs_key(self) -> bool:
        """Say whether a request without the key never meets the line."""
        if self.operator == NULL:
            return {value.raw for value in self.values} == {"false"}
        return not self.if_exists and self.quantifier != ALL and (not self.negated or self.quantifier == ANY)

    @property
    def met_without_key(self) -> bool:
        """Say whether a request without the key always meets the line."""
        if self.operator == NULL:
            return {value.raw for value in self.values} == {"true"}
        return self.if_exists or self.quantifier == ALL or (self.negated and not self.quantifier)


def alternatives(condition: Condition) -> tuple[frozenset[Line], ...]:
    """Give the sets of lines of which a request must meet one wholly; none when nothing can meet it."""
    if condition.operator == NULL and {value.raw.lower() for value in condition.values} == {"true", "false"}:
        return (frozenset(),)
    values = [_plain(condition.operator, value) for value in condition.values]
    whole = condition.quantifier == (ANY if condition.negated else ALL)
    if whole or not values:
        return (frozenset(_whole(condition, values)),)
    lines = [_line(condition, [value]) for value in values]
    return (frozenset(lines),) if condition.negated else tuple(frozenset({line}) for line in lines)


def _whole(condition: Condition, values: list[Text]) -> Iterator[Line]:
    if values or not condition.negated or condition.quantifier == ANY:
        yield _line(condition, values)


def _line(condition: Condition, values: list[Text]) -> Line:
    operator = SAME.get(condition.operator, condition.operator)
    if not any(value.wild for value in values):
        operator = WITHOUT_WILDCARDS.get(operator, operator)
    matters = condition.quantifier == ANY or not (condition.negated or condition.quantifier == ALL)
    return Line(
        operator, condition.quantifier, condition.if_exists and matters, condition.key, frozenset(values)
    )


def _plain(operator: str, value: Text) -> Text:
    """Spell a value as all its spellings are spelled here."""
    if not value.fixed:
        return value
    family = _family(operator)
    if family == "Numeric":
        exact = number(value.raw)
        short = exact.normalize()
        return text(str(short), variables=False) if short == exact else value
    if family == "Date":
        return text(moment(value.raw).isoformat(), variables=False)
    if family == "IpAddress":
        return text(str(network(value.raw)), variables=False)
    if family in {"Bool", NULL}:
        return text(value.raw.lower(), variables=False)
    return value


def _family(operator: str) -> str:
    for family in ("Numeric", "Date"):
        if operator.startswith(family):
            return family
    return "IpAddress" if operator == "NotIpAddress" else operator.replace("Not", "", 1)


def follows(one: Line, other: Line) -> bool:
    """Say whether every request that meets the one surely meets the other."""
    if one == other:
        return True
    # A "not" with a variable grants nothing while the variable is missing: it follows from itself alone.
    if one.key != other.key or (other.negated and not all(value.fixed for value in other.values)):
        return False
    if NULL in {one.operator, other.operator}:
        return (one.needs_key and other.needs_key and other.operator == NULL) or (
            one.met_without_key and other.met_without_key and one.operator == NULL
        )
    comparable = (one.quantifier, one.negated) == (other.quantifier, other.negated)
    if not comparable or (one.if_exists and not other.if_exists):
        return False
    small, large = (other, one) if one.negated else (one, other)
    return all(any(_inside(small, value, large, limit) for limit in large.values) for value in small.values)


def _inside(small: Line, value: Text, large: Line, limit: Text) -> bool:
    """Say whether each value that a request may carry to meet the one value meets the other."""
    families = _family(small.operator), _family(large.operator)
    if families == ("StringLike", "StringLike"):
        return inside(value, limit, Reach.EVERYTHING)
    if families == ("ArnLike", "ArnLike"):
        return inside(value, limit, Reach.FIELD)
    if families == ("StringEquals", "StringLike"):
        return inside(_literal(value), limit, Reach.EVERYTHING)
    if not (value.fixed and limit.fixed):
        return families[0] == families[1] and small.operator == large.operator and value == limit
    return _fixed_inside(families, (small.operator, value), (large.operator, limit))


def _fixed_inside(families: tuple[str, str], small: tuple[str, Text], large: tuple[str, Text]) -> bool:
    value, limit = small[1].literal({}) or "", large[1].literal({}) or ""
    if families[1] == "StringEqualsIgnoreCase" and families[0] in {families[1], "StringEquals"}:
        return value.casefold() == limit.casefold()
    if families == ("IpAddress", "IpAddress"):
        return _network_inside(network(value), network(limit))
    if families in {("Numeric", "Numeric"), ("Date", "Date")}:
        return _range_inside(_range(*small), _range(*large))
    return families[0] == families[1] and value == limit


def _network_inside(small: Any, large: Any) -> bool:
    return small.version == large.version and bool(small.subnet_of(large))


Range = tuple[Decimal, bool, Decimal, bool]
"""Lower bound, whether it belongs to the range, upper bound, whether it does."""


def _range(operator: str, value: Text) -> Range:
    numeric = operator.startswith("Numeric")
    bound = number(value.raw) if numeric else Decimal(str(moment(value.raw).timestamp()))
    closed = operator.endswith("Equals")
    if "Less" in operator:
        return -ENDLESS, False, bound, closed
    if "Greater" in operator:
        return bound, closed, ENDLESS, False
    return bound, True, bound, True


def _range_inside(small: Range, large: Range) -> bool:
    low, has_low, high, has_high = small
    lowest, has_lowest, highest, has_highest = large
    return (low > lowest or (low == lowest and (has_lowest or not has_low))) and (
        high < highest or (high == highest and (has_highest or not has_high))
    )


def _literal(value: Text) -> Text:
    return Text(value.raw, tuple((part, False) for part, _ in value.parts))
