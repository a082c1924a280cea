"""Where in a document's text a mistake is: line and column, for a person with an editor before them."""

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from iam.policy.errors import PolicyError

SPACE: Final = re.compile(r"[ \t\n\r]*")
ROOT: Final = re.compile(r"[a-z]+(\[\d+\])?")
ONE_STATEMENT: Final = re.compile(r"^\.Statement\[0\]")
DEEPEST: Final = 12
"""Levels that are looked into; a policy has seven."""

Walk = Generator[tuple[str, int], None, int]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text; line and column begin at 1, and columns count characters."""

    line: int
    column: int


def position(source: str, error: PolicyError) -> Position:
    """Give the place in the document's JSON text of what an error speaks of.

    A member of an object is found at its name, an item of a list at its value, and what is missing at the
    innermost element that should hold it. In a text that is not JSON: where it stops being JSON.
    """
    try:
        json.loads(source)
    except json.JSONDecodeError as broken:
        return Position(broken.lineno, broken.colno)
    except (ValueError, RecursionError):
        return Position(1, 1)
    wanted = ROOT.sub("", error.where, count=1)
    found = dict(places(source))
    if ".Statement[0]" not in found:
        wanted = ONE_STATEMENT.sub(".Statement", wanted)
    return _at(source, found[max((path for path in found if _leads(path, wanted)), key=len)])


def _leads(path: str, wanted: str) -> bool:
    return wanted.startswith(path) and wanted[len(path) : len(path) + 1] in {"", ".", "["}


def _at(source: str, offset: int) -> Position:
    line_begins = source.rfind("\n", 0, offset) + 1
    return Position(source.count("\n", 0, offset) + 1, offset - line_begins + 1)


def places(source: str) -> Iterator[tuple[str, int]]:
    """Give path and offset of every element of a valid JSON text, in its order; the whole has the path ""."""
    start = _skip(source, 0)
    yield "", start
    yield from _inside(source, start, "", 0)


def _inside(source: str, start: int, path: str, depth: int) -> Walk:
    if source[start] == "{" and depth < DEEPEST:
        return (yield from _members(source, start, path, depth))
    if source[start] == "[" and depth < DEEPEST:
        return (yield from _items(source, start, path, depth))
    return _end(source, start)


def _members(source: str, start: int, path: str, depth: int) -> Walk:
    at = _skip(source, start + 1)
    while source[at] != "}":
        name, end = json.JSONDecoder().raw_decode(source, at)
        yield f"{path}.{name}", at
        at = _skip(
            source, (yield from _inside(source, _after_colon(source, end), f"{path}.{name}", depth + 1))
        )
        at = _skip(source, at + 1) if source[at] == "," else at
    return at + 1


def _items(source: str, start: int, path: str, depth: int) -> Walk:
    at, count = _skip(source, start + 1), 0
    while source[at] != "]":
        yield f"{path}[{count}]", at
        at = _skip(source, (yield from _inside(source, at, f"{path}[{count}]", depth + 1)))
        at, count = (_skip(source, at + 1) if source[at] == "," else at), count + 1
    return at + 1


def _after_colon(source: str, at: int) -> int:
    return _skip(source, _skip(source, at) + 1)


def _skip(source: str, at: int) -> int:
    found = SPACE.match(source, at)
    return found.end() if found else at


def _end(source: str, at: int) -> int:
    return int(json.JSONDecoder().raw_decode(source, at)[1])
