"""The Condition element: what it asks of the values that a request carries.

Rules: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued
context keys". Keys are compared without regard to case, operators are spelled exactly.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from iam.policy import comparisons
from iam.policy.comparisons import Comparison
from iam.policy.patterns import Context, Text

ANY: Final = "ForAnyValue"
ALL: Final = "ForAllValues"
NULL: Final = "Null"
IF_EXISTS: Final = "IfExists"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its comparison, whether it is a "not", and how its values must read (ValueError)."""

    compare: Comparison
    negated: bool = False
    read: Callable[[str], object] = str


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

    @property
    def negated(self) -> bool:
        """Say whether the operator is a "not"."""
        return OPERATORS[self.operator].negated

    def resolvable(self, context: Context) -> bool:
        """Say whether the request can fill in every variable of the values."""
        return all(value.resolvable(context) for value in self.values)

    def holds(self, context: Context) -> bool:
        """Say whether the request meets this line.

        A key that the request does not carry meets a "not" without ForAnyValue, an IfExists, a ForAllValues
        and a Null of "true", and nothing else.
        """
        present = context.get(self.key, ())
        if self.operator == NULL:
            return any(self._meets_value(str(not present), wanted, context) for wanted in self.values)
        if self.quantifier == ALL:
            return not any(present) or all(self._admits(value, context) for value in present)
        if not present:
            return self.if_exists or (self.negated and not self.quantifier)
        return self._present(present, context)

    def _present(self, present: Sequence[str], context: Context) -> bool:
        if self.quantifier == ANY:
            return any(self._admits(value, context) for value in present)
        met = any(self._meets(value, context) for value in present)
        return met != self.negated

    def _admits(self, value: str, context: Context) -> bool:
        return self._meets(value, context) != self.negated

    def _meets(self, value: str, context: Context) -> bool:
        return any(self._meets_value(value, wanted, context) for wanted in self.values)

    def _meets_value(self, value: str, wanted: Text, context: Context) -> bool:
        return OPERATORS[self.operator].compare(value, wanted, context)
