"""What is odd about a mapping, found by reasoning over all workloads that could come, not by trying some."""

from collections.abc import Iterator

from iam.mapping.config import LABELS, Config, DefaultRule
from iam.mapping.names import known_names, name_remarks
from iam.mapping.regions import Box, Regions, World, bits, corner, effort, shared
from iam.mapping.remarks import Known, Remark, Severity
from iam.mapping.roles import bare_name

MOST_PRUNED = 16
"""Of so many rules that cover one together, those that are not needed are left out."""
MOST_NAMED = 5
MOST_EFFORT = 3_000_000
"""Of `regions.effort`, about two seconds."""
NOT_EXAMINED = Remark(
    "not-examined",
    "warning",
    None,
    None,
    "These rules exclude or name too many values to examine their order and reach while you wait.",
    "Join rules with `in (…)`, and name values rather than excluding them.",
)


def lint(config: Config, known: Known = Known()) -> tuple[Remark, ...]:  # noqa: B008 - it cannot be changed
    """Give all remarks, ordered by rule; those about the default come last.

    Codes: unknown-key, unknown-value, empty-value, unknown-role (names); never-matches, duplicate, shadowed
    (by one earlier rule), shadowed-by-several (by earlier ones together), overlap (with an earlier rule of
    another role), exception (an earlier, narrower rule of another role), default-unreached, not-examined
    (finding out what rules reach would take too long). What is said of reaching holds for all values that
    labels could have, also those that no project or user has yet.
    """
    if config.mode is None:
        return ()
    examined = effort([rule.selector for rule in config.rules]) <= MOST_EFFORT
    reach = _Reach(config, known).remarks() if examined else (NOT_EXAMINED,)
    remarks = [*name_remarks(config, known), *reach]
    last = len(config.rules)
    return tuple(sorted(remarks, key=lambda one: last if one.rule_index is None else one.rule_index))


class _Reach:
    def __init__(self, config: Config, known: Known) -> None:
        self.rules, self.default = config.rules, config.default_rule
        world = World(known_names(known), known.always_present)
        self.regions = Regions([rule.selector for rule in config.rules], world)
        self.roles = [bare_name(rule.value) for rule in config.rules]
        self.by_role: dict[str, int] = {}
        for index, role in enumerate(self.roles):
            self.by_role[role] = self.by_role.get(role, 0) | 1 << index
        self.reached = 0
        """The rules so far that decide for some workload."""

    def remarks(self) -> Iterator[Remark]:
        """Go through the rules in order; a rule that is never reached hides nothing that others do not."""
        seen: dict[Box, int] = {}
        for index, box in enumerate(self.regions.boxes):
            unreached = self._unreached(index, box, seen)
            seen.setdefault(box, index)
            if unreached:
                yield unreached
                continue
            yield from self._overlaps(index, box)
            self.reached |= 1 << index
        if self.regions.free(self.regions.everything, self.reached).point is None:
            yield self._default_unreached()

    def _unreached(self, index: int, box: Box, seen: dict[Box, int]) -> Remark | None:
        if not all(box):
            return self._never(index, box)
        if box in seen:
            return self._duplicate(index, seen[box])
        around = self.regions.around(box) & self.reached
        if around:
            return self._shadowed(index, box, (next(bits(around)),))
        way = self.regions.free(box, self.reached)
        if way.point is not None:
            return None
        return self._shadowed(index, box, tuple(bits(self._needed(box, way.used))))

    def _needed(self, box: Box, rules: int) -> int:
        """Leave out rules without which the others still cover the box, the last first."""
        if rules.bit_count() > MOST_PRUNED:
            return rules
        for rule in reversed(tuple(bits(rules))):
            if self.regions.free(box, rules & ~(1 << rule)).point is None:
                rules &= ~(1 << rule)
        return rules

    def _never(self, index: int, box: Box) -> Remark:
        labels = [label for label, classes in zip(LABELS, box, strict=True) if not classes]
        about = f" about {labels[0]}" if len(labels) == 1 else ""
        return Remark(
            "never-matches",
            "error",
            index,
            None,
            f"Rule {index + 1} can never match: no workload meets its conditions{about}.",
            "Correct the conditions, or remove the rule.",
        )

    def _duplicate(self, index: int, other: int) -> Remark:
        same = self.roles[index] == self.roles[other]
        return Remark(
            "duplicate",
            "warning" if same else "error",
            index,
            other,
            f"Rule {index + 1} asks for the same workloads as rule {other + 1} before it, "
            f"with {'the same' if same else 'another'} role, so it is never reached.",
            f"Remove rule {index + 1}." if same else f"Remove rule {index + 1} or rule {other + 1}.",
            self._witness(self.regions.boxes[index]),
            (other,),
        )

    def _shadowed(self, index: int, box: Box, others: tuple[int, ...]) -> Remark:
        alone = len(others) == 1
        harmless = all(self.roles[other] == self.roles[index] for other in others)
        named = _named(others)
        return Remark(
            "shadowed" if alone else "shadowed-by-several",
            "warning" if harmless else "error",
            index,
            others[0] if alone else None,
            f"Rule {index + 1} is never reached: {named} {'matches' if alone else 'together match'} "
            "every workload that it would.",
            f"Remove rule {index + 1}."
            if harmless
            else f"Move rule {index + 1} before {named}, or remove it.",
            self._witness(box),
            others,
        )

    def _overlaps(self, index: int, box: Box) -> Iterator[Remark]:
        earlier = self.regions.touching(box) & self.reached & ~self.by_role[self.roles[index]]
        inside = self.regions.inside(box) if earlier else 0
        yield from self._overlap(index, box, earlier & ~inside, "overlap", "warning")
        yield from self._overlap(index, box, earlier & inside, "exception", "info")

    def _overlap(self, index: int, box: Box, earlier: int, code: str, severity: Severity) -> Iterator[Remark]:
        others = tuple(bits(earlier))
        if not others:
            return
        point = corner(shared(box, self.regions.boxes[others[0]]))
        first = self.regions.first(point)
        decides = others[0] if first is None else first
        ending = "with another role" if len(others) == 1 else "with other roles"
        message = {
            "overlap": f"Rule {index + 1} shares workloads with {_named(others)} {ending}: order decides.",
            "exception": f"Rule {index + 1} gives way to the narrower {_named(others)} {ending}.",
        }[code]
        yield Remark(
            code,
            severity,
            index,
            others[0],
            message,
            f"For the example, rule {decides + 1} decides with {self.rules[decides].value}. "
            "Change the order or the conditions if that is not what you want.",
            self.regions.labels(point),
            others,
        )

    def _default_unreached(self) -> Remark:
        what = "FAIL" if self.default is DefaultRule.FAIL else "the cloud's own role"
        return Remark(
            "default-unreached",
            "info",
            None,
            None,
            f"The rules match every workload, so the default ({what}) is never reached.",
            "Nothing to do, if every workload should get its role from a rule.",
        )

    def _witness(self, box: Box) -> dict[str, str]:
        return self.regions.labels(corner(box))


def _named(rules: tuple[int, ...]) -> str:
    numbers = [str(rule + 1) for rule in rules[:MOST_NAMED]]
    if len(rules) == 1:
        return f"rule {numbers[0]}"
    if len(rules) > MOST_NAMED:
        return f"rules {', '.join(numbers)} and {len(rules) - MOST_NAMED} more"
    return f"rules {', '.join(numbers[:-1])} and {numbers[-1]}"
