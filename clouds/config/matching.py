"""What two lists have in common, in order, within a bounded time. Pure.

The matcher of the standard library takes cubic time where many items are alike: hours for two texts of the
longest that a configuration may be. Here its search has a budget; what is left when that is spent counts as
replaced.
"""

from collections.abc import Hashable, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)
MOST_LOOKS = 8_000_000
"""How many pairs of items are looked at, about half a second's worth."""


class Matcher(SequenceMatcher[Item]):
    """The standard library's matcher, with a budget for its search."""

    def __init__(self, old: Sequence[Item], new: Sequence[Item], *, autojunk: bool = False) -> None:
        super().__init__(None, old, new, autojunk=autojunk)
        self._left = MOST_LOOKS
        places: dict[Item, list[int]] = self.b2j  # type: ignore[attr-defined]  # documented, but not typed
        self._looks = [0, *accumulate(1 + len(places.get(item, ())) for item in old)]

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """Give the longest run that both have there; an empty one where the budget does not allow a look."""
        looks = self._looks[-1 if ahi is None else ahi] - self._looks[alo]
        if looks > self._left:
            return Match(alo, blo, 0)
        self._left -= looks
        return super().find_longest_match(alo, ahi, blo, bhi)


def line_difference(old: Sequence[str], new: Sequence[str], *, names: tuple[str, str]) -> list[str]:
    """Compare lines as `diff -u` prints it, three lines around each change; nothing where they are alike."""
    told: list[str] = []
    for group in Matcher(old, new, autojunk=True).get_grouped_opcodes():
        first, last = group[0], group[-1]
        told.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for what, i1, i2, j1, j2 in group:
            if what == "equal":
                told += [f" {line}" for line in old[i1:i2]]
            else:
                told += [f"-{line}" for line in old[i1:i2]] + [f"+{line}" for line in new[j1:j2]]
    return [f"--- {names[0]}", f"+++ {names[1]}", *told] if told else []


def _range(start: int, stop: int) -> str:
    """Give a range of lines as POSIX has it: one line without its length, none with the line before it."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
