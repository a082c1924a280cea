"""How the sets of texts that two patterns stand for lie to each other: one inside the other, or touching.

The smaller pattern is written as one text in which signs stand for its wildcards and variables, and the
larger one as an expression that says which signs each of its own wildcards takes. Where that says "inside" it
is so; a pair that is inside in a more roundabout way is not seen. A variable in front of an ARN's last field
could bring colons with it: such patterns are only inside themselves.
"""

import re
from functools import lru_cache
from typing import Final

from iam.policy.patterns import COLONS, Alphabet, Mark, Part, Reach, Text, expression, is_free, marks

FREE_STAR, HELD_STAR, FREE_ONE, HELD_ONE, VARIABLE = map(chr, range(0xF0000, 0xF0005))
"""Signs of the smaller pattern's wildcards, from a part of Unicode in which nobody writes policies."""
SIGNS: Final = Alphabet(
    star=".",
    held_star=f"[^:{FREE_STAR}{FREE_ONE}{VARIABLE}]",
    one=f"[^{FREE_STAR}{HELD_STAR}{VARIABLE}]",
    held_one=f"[^:{FREE_STAR}{HELD_STAR}{FREE_ONE}{VARIABLE}]",
)


def inside(small: Text, large: Text, reach: Reach) -> bool:
    """Say whether every text that the small pattern stands for is one that the large stands for, surely."""
    if small == large or (large.raw == "*" and reach is Reach.RESOURCE):
        return True
    limit, found = _marks(large, reach), _marks(small, reach)
    if reach is not Reach.EVERYTHING and (_moves_fields(limit) or _moves_fields(found)):
        return False
    return _expression(limit, reach).fullmatch(_signs(found, reach)) is not None


def has_signs(raw: str) -> bool:
    """Say whether a text itself uses the characters that stand for wildcards here."""
    return any(FREE_STAR <= character <= VARIABLE for character in raw)


def _moves_fields(found: tuple[Mark, ...]) -> bool:
    place = next((n for n, (character, _) in enumerate(found) if character == VARIABLE), len(found))
    colons = sum(character == ":" for character, _ in found[:place])
    return place < len(found) and colons < COLONS


def meet(resource: Text, other: Text, reach: Reach = Reach.RESOURCE) -> bool:
    """Say whether some ARN may fit a Resource and another pattern; a variable is anything. "No" is sure.

    `reach` is how far the stars of the other pattern reach.
    """
    return "*" in {resource.raw, other.raw} or _meet(_opened(resource, Reach.RESOURCE), _opened(other, reach))


def _marks(wanted: Text, reach: Reach) -> tuple[Mark, ...]:
    return _ordered(marks(tuple((_sign(part), wild) for part, wild in wanted.parts), reach), reach)


def _ordered(found: tuple[Mark, ...], reach: Reach) -> tuple[Mark, ...]:
    """Put each `?` in front of the `*` beside it where both reach as far: `*?` is `?*`."""
    ordered: list[Mark] = []
    for place, mark in enumerate(found):
        if mark == ("?", True) and ordered[-1:] == [("*", True)] and _moves(found, place, reach):
            ordered.insert(-1, mark)
        elif mark != ("*", True) or ordered[-1:] != [mark]:
            ordered.append(mark)
    return tuple(ordered)


def _moves(found: tuple[Mark, ...], place: int, reach: Reach) -> bool:
    """In front of a Resource's last field a `*` that comes to end its field would reach further."""
    return reach is not Reach.RESOURCE or is_free(found, place, reach)


def _sign(part: Part) -> str:
    if isinstance(part, str):
        return part
    default = "" if part.default is None else f",{part.default}"
    return f"{VARIABLE}{part.key}{default}{VARIABLE}".replace(":", VARIABLE)


@lru_cache(maxsize=4096)
def _expression(found: tuple[Mark, ...], reach: Reach) -> re.Pattern[str]:
    return re.compile(expression(found, reach, SIGNS), re.DOTALL)


@lru_cache(maxsize=4096)
def _signs(found: tuple[Mark, ...], reach: Reach) -> str:
    """Write a pattern as one text in which signs stand for its wildcards."""
    signs = {("*", True): FREE_STAR, ("*", False): HELD_STAR, ("?", True): FREE_ONE, ("?", False): HELD_ONE}
    return "".join(
        signs[character, is_free(found, place, reach)] if wild else character
        for place, (character, wild) in enumerate(found)
    )


Token = tuple[str, bool]
"""A character, `*` or `?` as a wildcard (the empty character for `*`), and whether it may be a colon."""
STAR: Final = ""


def _opened(wanted: Text, reach: Reach) -> tuple[Token, ...]:
    parts = tuple((part, wild) if isinstance(part, str) else ("*", True) for part, wild in wanted.parts)
    found = marks(parts, reach)
    return tuple(
        ({"*": STAR, "?": FREE_ONE}[character], is_free(found, place, reach))
        if wild
        else (character, character == ":")
        for place, (character, wild) in enumerate(found)
    )


@lru_cache(maxsize=4096)
def _meet(one: tuple[Token, ...], other: tuple[Token, ...]) -> bool:
    """Go through both from their ends: `ends[n]` says if the rest of the one meets the other from n on."""
    ends = [False] * len(other) + [True]
    for place in range(len(other) - 1, -1, -1):
        ends[place] = other[place][0] == STAR and ends[place + 1]
    for mark in reversed(one):
        row = [mark[0] == STAR and ends[-1]] * (len(other) + 1)
        for place in range(len(other) - 1, -1, -1):
            row[place] = _goes_on(mark, other[place], ends[place : place + 2], after=row[place + 1])
        ends = row
    return ends[0]


def _goes_on(one: Token, other: Token, ends: list[bool], *, after: bool) -> bool:
    """`ends`: without the one, without both; `after`: without the other."""
    if STAR not in {one[0], other[0]}:
        return ends[1] and _same(one, other)
    leave_one = ends[0] and (one[0] == STAR or _takes(other, one))
    return leave_one or (after and (other[0] == STAR or _takes(one, other)))


def _takes(star: Token, taken: Token) -> bool:
    return star[1] or taken[0] != ":"


def _same(one: Token, other: Token) -> bool:
    if FREE_ONE in {one[0], other[0]}:
        return all(mark[1] or ":" not in {one[0], other[0]} for mark in (one, other))
    return one[0] == other[0]
