"""The label-selector language of Kubernetes: text in, a question to labels out.

Rules: Kubernetes documentation, "Labels and Selectors", and the behaviour of `labels.Parse` in
k8s.io/apimachinery. One thing is wider: values may be e-mail addresses and names that no Kubernetes label may
have, see `iam.labels`. Everything that Kubernetes accepts is accepted with the same meaning.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from iam.labels import LONGEST_NAME, NAME, key_fault, value_fault

# A NUL ends a word and, where a word could begin, ends the text: the lexer of Kubernetes reads it so.
TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<symbol>==|!=|[=!(),<>])|(?P<word>[^ \t\r\n=!(),<>\0]+))\0?")
BLANK = " \t\r\n"
INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")
SMALLEST, LARGEST = -(2**63), 2**63 - 1
LONGEST_ECHO = 40


class SelectorError(ValueError):
    """A text that is no selector: `position` is the character (from 0) where it fails, `message` the fix."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"At character {position + 1}: {message}")
        self.position = position
        self.message = message


class Operator(StrEnum):
    """How a requirement compares, as it is written (`exists` is written as the key alone)."""

    EQUALS = "="
    DOUBLE_EQUALS = "=="
    NOT_EQUALS = "!="
    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    DOES_NOT_EXIST = "!"
    GREATER_THAN = ">"
    LESS_THAN = "<"


ONE_OF = frozenset({Operator.EQUALS, Operator.DOUBLE_EQUALS, Operator.IN})
NONE_OF = frozenset({Operator.NOT_EQUALS, Operator.NOT_IN})
SETS = frozenset({Operator.IN, Operator.NOT_IN})
COMPARISONS = frozenset({Operator.GREATER_THAN, Operator.LESS_THAN})
UNARY = frozenset({Operator.EXISTS, Operator.DOES_NOT_EXIST})
BINARY = {operator.value: operator for operator in Operator if operator not in UNARY}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label; `values` are sorted and distinct, empty for exists and does-not-exist."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels meet it. A missing label meets `!key`, `!=` and `notin`, and nothing else."""
        return self.accepts(labels.get(self.key))

    def accepts(self, value: str | None) -> bool:
        """Say whether the label may have this value; None stands for no such label."""
        if self.operator in ONE_OF:
            return value in self.values
        if self.operator in NONE_OF:
            return value not in self.values
        if self.operator in UNARY:
            return (value is None) == (self.operator is Operator.DOES_NOT_EXIST)
        return value is not None and self._compares(integer(value))

    def _compares(self, number: int | None) -> bool:
        bound = integer(self.values[0])
        if number is None or bound is None:
            return False
        return number > bound if self.operator is Operator.GREATER_THAN else number < bound

    def __str__(self) -> str:
        """Give the canonical text."""
        if self.operator is Operator.EXISTS:
            return self.key
        if self.operator is Operator.DOES_NOT_EXIST:
            return f"!{self.key}"
        values = ",".join(self.values)
        if self.operator in SETS:
            return f"{self.key} {self.operator} ({values})"
        return f"{self.key}{self.operator}{values}"


@dataclass(frozen=True, slots=True)
class Selector:
    """Requirements that must all hold, ordered by key; none at all matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels meet every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        """Give the canonical text, which parses back to an equal selector."""
        return ",".join(str(requirement) for requirement in self.requirements)


def parse(text: str) -> Selector:
    """Read a selector; raises SelectorError. Blank text is the selector that matches everything."""
    tokens = Tokens(text)
    requirements: list[Requirement] = []
    while requirements or not tokens.next.ends:
        requirements.append(_requirement(tokens))
        token = tokens.take()
        if token.ends:
            break
        if token.symbol != ",":
            raise SelectorError(token.start, _after_requirement(requirements[-1], token))
    return Selector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


def integer(text: str) -> int | None:
    """Read a whole number of 64 bits in decimal as Go's ParseInt does; None when it is none."""
    found = INTEGER.fullmatch(text)
    number = int("".join(found.groups())) if found else None
    return number if number is not None and SMALLEST <= number <= LARGEST else None


class Token(NamedTuple):
    """A symbol, a word, or (both empty) the end of the text."""

    symbol: str
    word: str
    start: int

    @property
    def ends(self) -> bool:
        """Say whether the text ends here."""
        return not self.symbol and not self.word

    def __str__(self) -> str:
        """Show it as it is found in a message."""
        text = self.symbol or self.word
        cut = f"{text[:LONGEST_ECHO]}…" if len(text) > LONGEST_ECHO else text
        return repr(cut) if text else "the end"


class Tokens:
    """A text, read one token at a time; `next` is the one to come."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self.next = self._read()

    def take(self) -> Token:
        """Give the next token and go past it."""
        taken = self.next
        if not taken.ends:
            self.next = self._read()
        return taken

    def _read(self) -> Token:
        found = TOKEN.match(self._text, self._position)
        if found:
            self._position = found.end()
            kind = found.lastgroup or ""
            return Token(found["symbol"] or "", found["word"] or "", found.start(kind))
        rest = self._text[self._position :]
        return Token("", "", self._position + len(rest) - len(rest.lstrip(BLANK)))


def _requirement(tokens: Tokens) -> Requirement:
    negated = tokens.next.symbol == "!"
    if negated:
        tokens.take()
    key = _key(tokens.take())
    if tokens.next.ends or tokens.next.symbol == ",":
        return Requirement(key, Operator.DOES_NOT_EXIST if negated else Operator.EXISTS)
    if negated:
        raise SelectorError(
            tokens.next.start,
            f"After !{key} stands a comma or the end, not {tokens.next}. "
            f"To exclude values, write {key}!=value or {key} notin (value).",
        )
    operator = _operator(key, tokens.take())
    values = _values(tokens) if operator in SETS else [_value(tokens)]
    for token in values:
        _check_value(operator, token)
    return Requirement(key, operator, tuple(sorted({token.word for token in values})))


def _key(token: Token) -> str:
    if not token.word:
        raise SelectorError(
            token.start, f"Here a label's name should stand, such as workload-type, not {token}."
        )
    fault = key_fault(token.word)
    if fault:
        raise SelectorError(token.start + fault[0], fault[1])
    return token.word


def _operator(key: str, token: Token) -> Operator:
    operator = BINARY.get(token.symbol or token.word)
    if operator is None:
        raise SelectorError(
            token.start,
            f"After {key} stands one of =, ==, !=, >, <, in (…), notin (…), a comma or the end, not {token}.",
        )
    return operator


def _value(tokens: Tokens) -> Token:
    """Take the value of a comparison; nothing before a comma or the end is the empty value."""
    token = tokens.next
    if token.ends or token.symbol == ",":
        return Token("", "", token.start)
    if not token.word:
        raise SelectorError(token.start, f"Here a value should stand, not {token}.")
    return tokens.take()


def _values(tokens: Tokens) -> list[Token]:
    """Take `(a,b)`. Between two commas, or a comma and a parenthesis, lies the empty value."""
    opening = tokens.take()
    if opening.symbol != "(":
        raise SelectorError(opening.start, f"After in or notin stands a list such as (a,b), not {opening}.")
    values: list[Token] = []
    while True:
        empty = Token("", "", tokens.next.start)
        values.append(tokens.take() if tokens.next.word else empty)
        token = tokens.take()
        if token.symbol == ")":
            return values
        if token.symbol != ",":
            raise SelectorError(token.start, f"In a list a comma or ')' should stand here, not {token}.")


def _check_value(operator: Operator, token: Token) -> None:
    if operator not in COMPARISONS:
        fault = value_fault(token.word)
    elif NAME.fullmatch(token.word) and len(token.word) <= LONGEST_NAME and integer(token.word) is not None:
        fault = None
    else:
        rule = f"After {operator} stands a whole number from 0 to {LARGEST}, without a sign."
        fault = 0, rule
    if fault:
        raise SelectorError(token.start + fault[0], fault[1])


def _after_requirement(requirement: Requirement, token: Token) -> str:
    return f"After '{str(requirement)[:LONGEST_ECHO]}' stands a comma or the end, not {token}."
