"""Texts in policies: wildcards, and the policy variables that a request fills in.

Rules: IAM User Guide, "IAM JSON policy elements: Variables and tags" and "Resource".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, each with the values that the request carries (never none)."""

VARIABLE = re.compile(r"\$\{\s*([^{},'\s]+)\s*(?:,\s*'([^']*)'\s*)?\}")
SPECIAL = frozenset("*?$")
ARN_FIELDS = 6


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
Glob = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Text:
    """One string of a document, split at its variables.

    `${*}`, `${?}` and `${$}` are those characters themselves. What a variable brings in is always
    literal: a tag whose value is `*` widens nothing.
    """

    raw: str
    parts: tuple[tuple[Part, bool], ...]
    """Each part and whether its wildcards count."""

    def literal(self, context: Context) -> str | None:
        """Give the whole text with variables filled in, None when one cannot be."""
        filled = list(self._filled(context))
        return None if None in filled else "".join(part for part, _ in filter(None, filled))

    def glob(self, context: Context) -> Glob | None:
        """Give the text as a pattern over whole strings, None when a variable cannot be filled in."""
        filled = list(self._filled(context))
        return None if None in filled else _glob(tuple(filter(None, filled)))

    def arn(self, context: Context) -> tuple[Glob, ...] | None:
        """Give one pattern for each of the six fields of an ARN; None when a variable is missing."""
        filled = list(self._filled(context))
        return None if None in filled else _arn_globs(tuple(filter(None, filled)))

    def resolvable(self, context: Context) -> bool:
        """Say whether every variable can be filled in."""
        return None not in self._filled(context)

    def _filled(self, context: Context) -> Iterator[tuple[str, bool] | None]:
        for part, wild in self.parts:
            if isinstance(part, str):
                yield part, wild
            else:
                value = part.value(context)
                yield None if value is None else (value, False)


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
    return _compile(((pattern, True),), re.IGNORECASE if ignore_case else re.NOFLAG)


@lru_cache(maxsize=4096)
def _glob(filled: tuple[tuple[str, bool], ...]) -> Glob:
    return _compile(filled)


@lru_cache(maxsize=4096)
def _arn_globs(filled: tuple[tuple[str, bool], ...]) -> tuple[Glob, ...]:
    """Split at the first five colons; a text that ends early with `*` goes on as `*` (as IAM fills it up)."""
    fields: list[list[tuple[str, bool]]] = [[]]
    for part, wild in filled:
        first, *others = part.split(":", ARN_FIELDS - len(fields))
        fields[-1].append((first, wild))
        fields.extend([(other, wild)] for other in others)
    if fields[-1] and fields[-1][-1][1] and fields[-1][-1][0].endswith("*"):
        fields.extend([("*", True)] for _ in range(ARN_FIELDS - len(fields)))
    return tuple(_compile(tuple(field)) for field in fields)


def _compile(filled: tuple[tuple[str, bool], ...], flags: re.RegexFlag = re.NOFLAG) -> Glob:
    pieces = (_expression(part) if wild else re.escape(part) for part, wild in filled)
    return re.compile("".join(pieces), flags | re.DOTALL)


def _expression(part: str) -> str:
    squeezed = re.sub(r"\*+", "*", part)
    return re.escape(squeezed).replace(r"\*", ".*").replace(r"\?", ".")


def arn_matches(globs: tuple[Glob, ...], arn: str) -> bool:
    """Say whether an ARN fits, field by field: no wildcard reaches over a colon but in the last field."""
    fields = arn.split(":", ARN_FIELDS - 1)
    return len(fields) == len(globs) and all(
        glob.fullmatch(field) for glob, field in zip(globs, fields, strict=True)
    )
