"""Which workloads a rule reaches, exactly: all labellings, cut into the regions that rules can tell apart.

Of one label, rules can tell apart each value they name, the stretches of whole numbers between the bounds of
`>` and `<`, any other text, and the label's absence. So a set of values is a set of such classes (the bits of
a number), a selector is a box (one set for each label), and what holds for one member of every class holds
for all texts. Nothing is sampled.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import count, pairwise
from operator import and_, or_
from typing import NamedTuple

from iam.mapping.config import LABELS, WORKLOAD_TYPES
from iam.selectors import COMPARISONS, LARGEST, ONE_OF, SMALLEST, Operator, Requirement, Selector, integer

Box = tuple[int, ...]
"""For each label the set of classes that it may have; a box with an empty set holds nothing."""
Point = tuple[int, ...]
"""For each label one class."""
FEW = 8
"""Up to so many bits it is quicker to take one after the other from the number than to write it out."""
CLASSES_OF_ONE_SIZE = 200
"""A class is a bit of a number, whose size counts from about so many on."""
ANYONE = {"project": ("another-project", ""), "user": ("someone", "@example.com")}


@dataclass(frozen=True, slots=True)
class World:
    """What is known of labels besides the rules: names to use in examples, and labels that never lack."""

    names: Mapping[str, frozenset[str]]
    always_present: frozenset[str]


class Axis:
    """One label and the classes of its values; `values` has a member of each, None for absence."""

    def __init__(self, label: str, requirements: Sequence[Requirement], world: World) -> None:
        self.label = label
        present = WORKLOAD_TYPES if label == "workload-type" else _classes(label, requirements, world)
        absent = () if label in world.always_present else (None,)
        self.values: tuple[str | None, ...] = (*present, *absent)
        self.everything = (1 << len(self.values)) - 1
        self._present = (1 << len(present)) - 1
        self._bits = {value: 1 << at for at, value in enumerate(self.values)}
        numbered = ((integer(value), self._bits[value]) for value in present)
        numbers = sorted((number, bit) for number, bit in numbered if number is not None)
        self._numbers = [number for number, _ in numbers]
        # At n, the classes of the n smallest numbers: `<` and `>` are one look-up each.
        self._smallest = [0]
        for _, bit in numbers:
            self._smallest.append(self._smallest[-1] | bit)

    def holding(self, requirement: Requirement) -> int:
        """Give the classes that meet a requirement."""
        if requirement.operator in COMPARISONS:
            return self._comparing(requirement)
        if requirement.operator is Operator.EXISTS:
            return self._present
        if requirement.operator is Operator.DOES_NOT_EXIST:
            return self.everything & ~self._present
        named = reduce(or_, (self._bits.get(value, 0) for value in requirement.values), 0)
        return named if requirement.operator in ONE_OF else self.everything & ~named

    def _comparing(self, requirement: Requirement) -> int:
        bound = integer(requirement.values[0]) or 0
        if requirement.operator is Operator.LESS_THAN:
            return self._smallest[bisect_left(self._numbers, bound)]
        return self._smallest[-1] & ~self._smallest[bisect_right(self._numbers, bound)]


def effort(selectors: Sequence[Selector]) -> int:
    """Say how much it is to lay out these selectors: for each label, the classes of all that rules ask for.

    What names values holds these; what excludes or compares holds nearly all, and there is a class for each
    value that is named anywhere.
    """
    total = 0
    for label in LABELS:
        asked = {tuple(one for one in selector.requirements if one.key == label) for selector in selectors}
        named = {value for requirements in asked for one in requirements for value in one.values}
        total += len(named) * (1 + len(named) // CLASSES_OF_ONE_SIZE)
        for requirements in asked:
            few = [len(one.values) for one in requirements if one.operator in ONE_OF]
            total += min(few) if few else len(named) * bool(requirements)
    return total


class Side:
    """One side of all boxes: which rules hold a class, and how a set of classes lies to those of rules."""

    def __init__(self, axis: Axis, sides: Iterable[int], possible: int) -> None:
        self._possible = possible
        self._sets: dict[int, int] = {}
        for rule, classes in enumerate(sides):
            if possible >> rule & 1:
                self._sets[classes] = self._sets.get(classes, 0) | 1 << rule
        self.holders = [0] * len(axis.values)
        """For each class the rules that hold it."""
        for classes, rules in self._sets.items():
            for value in bits(classes):
                self.holders[value] |= rules
        self._touching: dict[int, int] = {}
        self._around: dict[int, int] = {}

    def touching(self, classes: int) -> int:
        """Give the rules that hold some of these classes."""
        if classes not in self._touching:
            if classes.bit_count() < len(self._sets):
                found = (self.holders[value] for value in bits(classes))
            else:
                found = (rules for held, rules in self._sets.items() if held & classes)
            self._touching[classes] = reduce(or_, found, 0)
        return self._touching[classes]

    def around(self, classes: int) -> int:
        """Give the rules that hold all of these classes."""
        if classes not in self._around:
            if classes.bit_count() < len(self._sets):
                found = reduce(and_, (self.holders[value] for value in bits(classes)), self._possible)
            else:
                found = reduce(or_, (rules for held, rules in self._sets.items() if not classes & ~held), 0)
            self._around[classes] = found
        return self._around[classes]

    def inside(self, classes: int) -> int:
        """Give the rules that hold none but these classes."""
        return reduce(or_, (rules for held, rules in self._sets.items() if not held & ~classes), 0)


class Way(NamedTuple):
    """A point of a box that some rules leave free; if there is none, `used` are rules that cover it."""

    point: Point | None
    used: int


class Regions:
    """The boxes of an ordered list of selectors. A set of rules is a number: its bit n is rule n."""

    def __init__(self, selectors: Sequence[Selector], world: World) -> None:
        asked: dict[str, list[Requirement]] = {label: [] for label in LABELS}
        for selector in selectors:
            for requirement in selector.requirements:
                asked.get(requirement.key, []).append(requirement)
        self.axes = tuple(Axis(label, asked[label], world) for label in LABELS)
        self.everything: Box = tuple(axis.everything for axis in self.axes)
        self.boxes = [self._box(selector) for selector in selectors]
        self.possible = sum(1 << at for at, box in enumerate(self.boxes) if all(box))
        self._sides = [
            Side(axis, (box[at] for box in self.boxes), self.possible) for at, axis in enumerate(self.axes)
        ]

    def touching(self, box: Box) -> int:
        """Give the rules that share a point with the box."""
        return reduce(and_, (side.touching(classes) for side, classes in zip(self._sides, box, strict=True)))

    def around(self, box: Box) -> int:
        """Give the rules that hold the whole box."""
        return reduce(and_, (side.around(classes) for side, classes in zip(self._sides, box, strict=True)))

    def inside(self, box: Box) -> int:
        """Give the rules that lie wholly in the box."""
        return reduce(and_, (side.inside(classes) for side, classes in zip(self._sides, box, strict=True)))

    def first(self, point: Point) -> int | None:
        """Give the rule that decides at a point."""
        rules = reduce(and_, (side.holders[value] for side, value in zip(self._sides, point, strict=True)))
        return next(bits(rules), None)

    def labels(self, point: Point) -> dict[str, str]:
        """Give a workload's labels at a point."""
        found = ((axis.label, axis.values[value]) for axis, value in zip(self.axes, point, strict=True))
        return {label: value for label, value in found if value is not None}

    def free(self, box: Box, rules: int) -> Way:
        """Find a point of the box that none of these rules holds.

        For each type of workload, the label with fewer classes in the box is gone through; of the other label
        the rules at hand must leave a class. Classes at which the same rules are at hand are looked at once.
        """
        rules &= self.touching(box)
        outer, inner = sorted((1, 2), key=lambda at: box[at].bit_count())
        whole = self._sides[outer].around(box[outer])
        used, settled = 0, set[int]()
        for kind in bits(box[0]):
            alive = rules & self._sides[0].holders[kind]
            if alive in settled:
                continue
            settled.add(alive)
            left, by = self._take(box[inner], inner, alive & whole)
            used |= by
            looked = set[int]()
            for value in bits(box[outer]) if left else ():
                here = alive & ~whole & self._sides[outer].holders[value]
                if here in looked:
                    continue
                looked.add(here)
                over, by = self._take(left, inner, here)
                used |= by
                if over:
                    point = {0: kind, outer: value, inner: next(bits(over))}
                    return Way((point[0], point[1], point[2]), used)
        return Way(None, used)

    def _take(self, classes: int, at: int, rules: int) -> tuple[int, int]:
        """Take from a set what rules hold of it; give what is left and the rules that took something."""
        used = 0
        for rule in bits(rules):
            if not classes:
                break
            held = self.boxes[rule][at]
            if classes & held:
                classes &= ~held
                used |= 1 << rule
        return classes, used

    def _box(self, selector: Selector) -> Box:
        sets = dict(zip(LABELS, self.everything, strict=True))
        for requirement in selector.requirements:
            if requirement.key in sets:
                sets[requirement.key] &= self.axes[LABELS.index(requirement.key)].holding(requirement)
            elif not requirement.accepts(None):
                # No workload has this label.
                return (0,) * len(LABELS)
        return tuple(sets.values())


def bits(number: int) -> Iterator[int]:
    """Give the places of the bits that are set, the lowest first."""
    if number.bit_count() > FEW:
        text = f"{number:b}"[::-1]
        place = text.find("1")
        while place >= 0:
            yield place
            place = text.find("1", place + 1)
        return
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def corner(box: Box) -> Point:
    """Give some point of a box that is not empty."""
    return tuple(next(bits(classes)) for classes in box)


def shared(one: Box, other: Box) -> Box:
    """Give what two boxes have in common."""
    return tuple(map(and_, one, other))


def _classes(label: str, requirements: Sequence[Requirement], world: World) -> tuple[str, ...]:
    """Give a text of each class of an open label: those named, of each stretch of numbers, any other."""
    named: dict[str, None] = {}
    bounds: set[int] = set()
    for requirement in requirements:
        if requirement.operator in COMPARISONS:
            bounds.add(integer(requirement.values[0]) or 0)
        else:
            named.update(dict.fromkeys(requirement.values))
    numbers = [_unnamed(_spellings(number), named) for number in _stretches(sorted(bounds))]
    names = (name for name in _names(label, world) if not bounds or integer(name) is None)
    return (*named, *numbers, _unnamed(names, named))


def _stretches(bounds: Sequence[int]) -> Iterator[int]:
    """Give a number below the first bound, each bound, one of each gap between, and one above the last."""
    if not bounds:
        return
    yield from (number for number in (bounds[0] - 1, bounds[-1] + 1) if SMALLEST <= number <= LARGEST)
    yield from bounds
    yield from (low + 1 for low, high in pairwise(bounds) if high - low > 1)


def _spellings(number: int) -> Iterator[str]:
    """Give the endlessly many ways to write a number: a stretch is never used up by the values named."""
    sign, digits = ("-", -number) if number < 0 else ("", number)
    return (f"{sign}{'0' * zeros}{digits}" for zeros in count())


def _names(label: str, world: World) -> Iterator[str]:
    yield from sorted(world.names.get(label, ()))
    before, after = ANYONE[label]
    yield f"{before}{after}"
    yield from (f"{before}-{number}{after}" for number in count(2))


def _unnamed(texts: Iterable[str], named: Mapping[str, None]) -> str:
    return next(text for text in texts if text not in named)
