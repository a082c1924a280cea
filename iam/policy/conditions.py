"""The Condition element: what it asks of the values that a request carries.

Rules: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued
context keys". Keys are compared without regard to case, operators are spelled exactly.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from iam.policy import comparisons
from iam.policy.comparisons import Comparison, Matcher
from iam.policy.patterns import VARIABLE, Context, Text, Variable, text

ANY: Final = "ForAnyValue"
ALL: Final = "ForAllValues"
NULL: Final = "Null"
IF_EXISTS: Final = "IfExists"
NEVER_FILLED: Final = ((Variable("", None), False),)
"""What a variable is where AWS fills in none: a value that no request meets."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its comparison, whether it is a "not", and how its values must read (ValueError)."""

    compare: Comparison
    negated: bool = False
    read: Callable[[str], object] = str

    @property
    def fills(self) -> bool:
        """Say whether its values may hold policy variables: texts, ARNs and truth values may."""
        return self.read is str or self.read is comparisons.truth


def _pair(
    positive: str, negative: str, compare: Comparison, read: Callable[[str], object] = str
) -> dict[str, Operator]:
    return {positive: Operator(compare, read=read), negative: Operator(compare, negated=True, read=read)}


def _ordered(
    family: str, make: Callable[[Callable[[Any, Any], bool]], Comparison], read: Callable[[str], object]
) -> dict[str, Operator]:
    orders = {
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    same = _pair(f"{family}Equals", f"{family}NotEquals", make(operator.eq), read)
    return same | {f"{family}{name}": Operator(make(holds), read=read) for name, holds in orders.items()}


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    _pair("StringEquals", "StringNotEquals", comparisons.equals)
    | _pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", comparisons.equals_ignoring_case)
    | _pair("StringLike", "StringNotLike", comparisons.like)
    | _pair("ArnEquals", "ArnNotEquals", comparisons.arn_like)
    | _pair("ArnLike", "ArnNotLike", comparisons.arn_like)
    | _pair("IpAddress", "NotIpAddress", comparisons.in_network, comparisons.network)
    | _ordered("Numeric", comparisons.numeric, comparisons.number)
    | _ordered("Date", comparisons.dated, comparisons.moment)
    | {
        "Bool": Operator(comparisons.boolean, read=comparisons.truth),
        "BinaryEquals": Operator(comparisons.binary, read=comparisons.octets),
        NULL: Operator(comparisons.boolean, read=comparisons.truth),
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition: operator, key, and the values of which one must be met."""

    operator: str
    quantifier: str
    """`ForAnyValue`, `ForAllValues` or nothing."""
    if_exists: bool
    key: str
    values: tuple[Text, ...]
    negated: bool
    """Whether the operator is a "not"."""
    ready: tuple[Matcher, ...] = field(repr=False, compare=False)
    """The values that are the same for every request, made ready."""
    open: tuple[Text, ...] = field(repr=False, compare=False)
    """The values that a request fills in."""

    @property
    def spelled(self) -> str:
        """Give the operator as a document spells it."""
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        return f"{quantifier}{self.operator}{IF_EXISTS if self.if_exists else ''}"

    def resolvable(self, context: Context) -> bool:
        """Say whether the request can fill in every variable of the values."""
        return all(value.resolvable(context) for value in self.open)

    def holds(self, context: Context) -> bool:
        """Say whether the request meets this line.

        A key that the request does not carry meets a "not" without ForAnyValue, an IfExists, a ForAllValues
        and a Null of "true", and nothing else. To the two set operators empty texts alone are no value.
        """
        present = context.get(self.key, ())
        if self.operator == NULL:
            return self._meets("false" if present else "true", context)
        if self.quantifier == ALL:
            return not any(present) or all(self._admits(value, context) for value in present)
        if not present:
            return self.if_exists or (self.negated and not self.quantifier)
        return self._present(present, context)

    def _present(self, present: Sequence[str], context: Context) -> bool:
        if self.quantifier == ANY:
            return any(present) and any(self._admits(value, context) for value in present)
        if len(present) == 1:
            return self._admits(present[0], context)
        return any(self._meets(value, context) for value in present) != self.negated

    def _admits(self, value: str, context: Context) -> bool:
        return self._meets(value, context) != self.negated

    def _meets(self, value: str, context: Context) -> bool:
        for matcher in self.ready:
            if matcher(value):
                return True
        return bool(self.open) and any(
            OPERATORS[self.operator].compare(wanted, context)(value) for wanted in self.open
        )


def condition(
    operator: str, key: str, raws: Sequence[str], *, quantifier: str, if_exists: bool, variables: bool
) -> Condition:
    """Read one line; `variables` says whether the document's version has any."""
    known = OPERATORS[operator]
    values = tuple(_value(raw, known) if variables else text(raw, variables=False) for raw in raws)
    return Condition(
        operator=operator,
        quantifier=quantifier,
        if_exists=if_exists,
        key=key.lower(),
        values=values,
        negated=known.negated,
        ready=tuple(known.compare(value, {}) for value in values if value.fixed),
        open=tuple(value for value in values if not value.fixed),
    )


def _value(raw: str, operator: Operator) -> Text:
    if operator.fills or not VARIABLE.search(raw):
        return text(raw, variables=True)
    return Text(raw, NEVER_FILLED)
