"""Texts in policies: wildcards, and the policy variables that a request fills in.

Rules: IAM User Guide, "IAM JSON policy elements: Resource" (how far `*` reaches), "Condition operators" (the
six fields of an ARN), "Variables and tags", and "Identify AWS resources with ARNs" (incomplete ARNs).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Final

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, each with the values that the request carries (never none)."""

VARIABLE: Final = re.compile(r"\$\{\s*([^{},'\s]+)\s*(?:,\s*'([^']*)'\s*)?\}")
SPECIAL: Final = frozenset("*?$")
COLONS: Final = 5
"""Colons of an ARN that part its six fields; any further one belongs to the last field."""

Glob = re.Pattern[str]
Mark = tuple[str, bool]
"""A character of a pattern, and whether it is a wildcard."""


class Reach(Enum):
    """How far a `*` reaches: over everything, inside one field of an ARN, or as the Resource element has it.

    In a Resource a `*` stays inside its field too, unless it ends the field: then it runs on over colons.
    In the last field of an ARN colons are characters like any other.
    """

    EVERYTHING = "everything"
    FIELD = "field"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Variable:
    """One `${key}` or `${key, 'default'}` of a document; the key is in lower case."""

    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        """Give the text to put in, None when the request has none or has several."""
        values = context.get(self.key, ())
        return values[0] if len(values) == 1 else self.default


Part = str | Variable


@dataclass(frozen=True, slots=True)
class Text:
    """One string of a document, split at its variables.

    `${*}`, `${?}` and `${$}` are those characters themselves. What a variable brings in is always
    literal: a tag whose value is `*` widens nothing.
    """

    raw: str
    parts: tuple[tuple[Part, bool], ...]
    """Each part and whether its wildcards count."""

    @property
    def fixed(self) -> bool:
        """Say whether the text is the same for every request."""
        return all(isinstance(part, str) for part, _ in self.parts)

    @property
    def wild(self) -> bool:
        """Say whether the text has a wildcard that counts."""
        return any(wild and set(part) & {"*", "?"} for part, wild in self.parts if isinstance(part, str))

    def literal(self, context: Context) -> str | None:
        """Give the whole text with variables filled in, None when one cannot be."""
        filled = self._filled(context)
        return None if filled is None else "".join(part for part, _ in filled)

    def glob(self, context: Context, reach: Reach = Reach.EVERYTHING) -> Glob | None:
        """Give the text as a pattern over whole strings, None when a variable cannot be filled in."""
        filled = self._filled(context)
        return None if filled is None else _glob(filled, reach)

    def resolvable(self, context: Context) -> bool:
        """Say whether every variable can be filled in."""
        return self._filled(context) is not None

    def _filled(self, context: Context) -> tuple[tuple[str, bool], ...] | None:
        filled = [
            (part, wild) if isinstance(part, str) else (part.value(context), False)
            for part, wild in self.parts
        ]
        known = tuple((part, wild) for part, wild in filled if part is not None)
        return known if len(known) == len(filled) else None


@lru_cache(maxsize=4096)
def text(raw: str, *, variables: bool) -> Text:
    """Read one string of a document; without `variables` (Version 2008-10-17) `${` is plain text."""
    return Text(raw, tuple(_parts(raw)) if variables else ((raw, True),))


def _parts(raw: str) -> Iterator[tuple[Part, bool]]:
    end = 0
    for found in VARIABLE.finditer(raw):
        if found.start() > end:
            yield raw[end : found.start()], True
        key, default = found[1], found[2]
        yield (key, False) if key in SPECIAL else (Variable(key.lower(), default), False)
        end = found.end()
    if end < len(raw):
        yield raw[end:], True


@lru_cache(maxsize=4096)
def wildcard(pattern: str, *, ignore_case: bool = False) -> Glob:
    """Give `*` (any characters) and `?` (one character) as a pattern over whole strings."""
    marks = tuple((character, character in "*?") for character in pattern)
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    return re.compile(expression(marks, Reach.EVERYTHING), flags | re.DOTALL)


@lru_cache(maxsize=4096)
def _glob(filled: tuple[tuple[str, bool], ...], reach: Reach) -> Glob:
    return re.compile(expression(marks(filled, reach), reach), re.DOTALL)


def marks(filled: tuple[tuple[str, bool], ...], reach: Reach) -> tuple[Mark, ...]:
    """Give the characters of a filled-in text; an ARN that ends early is filled up with `*`.

    AWS fills up an incomplete Resource, unless a `*` that ends a field already stands for what is missing;
    elsewhere only a text that ends with `*` goes on as `*`.
    """
    found = [(character, wild and character in "*?") for part, wild in filled for character in part]
    missing = COLONS - sum(character == ":" for character, _ in found)
    if reach is not Reach.EVERYTHING and missing > 0 and _goes_on(found, reach):
        found += [(":", False), ("*", True)] * missing
    return tuple(found)


def _goes_on(found: list[Mark], reach: Reach) -> bool:
    if reach is Reach.FIELD:
        return found[-1:] == [("*", True)]
    return not any(pair == (("*", True), (":", False)) for pair in pairwise(found))


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The four classes of characters that wildcards take: `*` and `?`, free or held inside one field."""

    star: str = "."
    held_star: str = "[^:]"
    one: str = "."
    held_one: str = "[^:]"


PLAIN: Final = Alphabet()


def expression(found: tuple[Mark, ...], reach: Reach, alphabet: Alphabet = PLAIN) -> str:
    """Write a regular expression that never goes back over what it has passed, however many `*` there are.

    Each `*` takes as little as lets the next fixed piece follow, and keeps that (an atomic group); only a
    `*` that runs over colons before one that may not is left free to try again.
    """
    pieces: list[str] = [""]
    stars: list[bool] = []
    for place, (character, wild) in enumerate(found):
        free = is_free(found, place, reach) if wild else True
        if not wild:
            pieces[-1] += re.escape(character)
        elif character == "?":
            pieces[-1] += alphabet.one if free else alphabet.held_one
        elif place and found[place - 1] == ("*", True):
            stars[-1] = stars[-1] or free
        else:
            stars.append(free)
            pieces.append("")
    return pieces[0] + "".join(
        _after_star(free, piece, stars[n + 1 :], alphabet)
        for n, (free, piece) in enumerate(zip(stars, pieces[1:], strict=True))
    )


def _after_star(free: bool, piece: str, later: list[bool], alphabet: Alphabet) -> str:  # noqa: FBT001 - a pair's half
    taken = alphabet.star if free else alphabet.held_star
    if not later:
        return f"{taken}*{piece}"
    settled = not free or all(later)
    return f"(?>{taken}*?{piece})" if settled else f"{taken}*?{piece}"


def is_free(found: tuple[Mark, ...], place: int, reach: Reach) -> bool:
    """Say whether the wildcard at a place reaches over colons."""
    if reach is Reach.EVERYTHING:
        return True
    colons = sum(character == ":" for character, _ in found[:place])
    ends_field = found[place + 1 : place + 2] in ((), ((":", False),))
    return colons >= COLONS or (reach is Reach.RESOURCE and found[place][0] == "*" and ends_field)
