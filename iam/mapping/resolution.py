"""Which role a workload gets, and why: the first rule that matches, or what the default says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from iam.mapping.config import Config, DefaultRule, Mode, Rule
from iam.mapping.reading import read_config
from iam.mapping.roles import bare_name
from iam.selectors import ONE_OF, Requirement

Labels = Mapping[str, str]
OVERRIDE_FIELD = "IamInstanceProfile"
DEFAULT_FIELD = "default_rule"
DOCUMENT_KEY = "dataplane_iam_mapping"


class Outcome(StrEnum):
    """What decided."""

    RULE = "RULE"
    CLOUD_DEFAULT = "CLOUD_DEFAULT"
    OVERRIDE = "OVERRIDE"
    FAIL = "FAIL"


class TraceLine(NamedTuple):
    """One thing that was asked, in order: the override, each rule, the default.

    `rule_index` counts from 0 and is None for the other two; sentences count rules from 1, as people do.
    """

    rule_index: int | None
    selector: str
    value: str
    matched: bool
    reason: str


@dataclass(frozen=True)
class Resolution:
    """What a workload gets. `role` is None where the cloud's own role counts and where it does not start."""

    role: str | None
    rule_index: int | None
    outcome: Outcome
    explain: Callable[[], tuple[TraceLine, ...]] = field(repr=False, compare=False)

    @cached_property
    def trace(self) -> tuple[TraceLine, ...]:
        """Give a line for every rule, also for those after the match, and for override and default."""
        return self.explain()


@dataclass(frozen=True, slots=True)
class Test:
    """One requirement made ready to be asked and to be named."""

    requirement: Requirement
    values: frozenset[str] | None
    """For equality and `in`: the values that meet it. None for every other operator."""
    refusal: str
    """What is said where it does not hold, short of what was found."""

    def accepts(self, labels: Labels) -> bool:
        """Say whether labels meet it."""
        value = labels.get(self.requirement.key)
        return self.requirement.accepts(value) if self.values is None else value in self.values


class Compiled:
    """A config made ready to resolve many workloads.

    Rules are found by a value that they ask for (its label with the fewest values), so most are never tried.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._tests = [tuple(map(_test, rule.selector.requirements)) for rule in config.rules]
        self._by_value: dict[tuple[str, str], list[int]] = {}
        self._others: list[int] = []
        for index, tests in enumerate(self._tests):
            chosen = min((test for test in tests if test.values), key=_width, default=None)
            if chosen is None or chosen.values is None:
                self._others.append(index)
                continue
            for value in chosen.values:
                self._by_value.setdefault((chosen.requirement.key, value), []).append(index)
        self._only = frozenset(config.override.only)
        self.effort = self._effort()
        """How many conditions are asked at most for one workload."""
        self._only_names = frozenset(map(bare_name, config.override.only))

    def _effort(self) -> int:
        most: dict[str, int] = {}
        for (label, _), rules in self._by_value.items():
            most[label] = max(most.get(label, 0), sum(len(self._tests[rule]) for rule in rules))
        return sum(most.values()) + sum(len(self._tests[rule]) for rule in self._others)

    def resolve(self, labels: Labels, *, instance_profile: str | None = None) -> Resolution:
        """Say which role a workload with these labels gets.

        `instance_profile` is the `IamInstanceProfile` of its compute config, a name or an ARN.
        """
        given = dict(labels)
        if instance_profile and self.may_override(instance_profile):
            return self._resolution(instance_profile, None, Outcome.OVERRIDE, given, instance_profile)
        index = self.first_match(labels)
        if index is not None:
            role = self.config.rules[index].value
            return self._resolution(role, index, Outcome.RULE, given, instance_profile)
        outcome = Outcome(self.config.default_rule.value)
        return self._resolution(None, None, outcome, given, instance_profile)

    def first_match(self, labels: Labels) -> int | None:
        """Give the index of the first rule that matches, None when none does."""
        found = [index for label in labels.items() for index in self._by_value.get(label, ())]
        for index in sorted([*found, *self._others]) if found else self._others:
            if all(test.accepts(labels) for test in self._tests[index]):
                return index
        return None

    def may_override(self, instance_profile: str) -> bool:
        """Say whether this cloud lets the compute config's profile step past the rules.

        A name in the list stands for its ARN and the other way round; two ARNs must be the same.
        """
        override = self.config.override
        if not override.allowed or not override.only:
            return override.allowed
        if instance_profile in self._only:
            return True
        if not instance_profile.startswith("arn:"):
            return instance_profile in self._only_names
        return bare_name(instance_profile) in self._only

    def _resolution(
        self, role: str | None, index: int | None, outcome: Outcome, labels: Labels, profile: str | None
    ) -> Resolution:
        return Resolution(role, index, outcome, lambda: tuple(self._trace(index, outcome, labels, profile)))

    def _trace(
        self, index: int | None, outcome: Outcome, labels: Labels, profile: str | None
    ) -> Iterator[TraceLine]:
        if profile:
            yield self._override_line(profile, used=outcome is Outcome.OVERRIDE)
        overridden, last = outcome is Outcome.OVERRIDE, len(self._tests)
        tried = 0 if overridden else last if index is None else index
        found = _Found(labels)
        for at in range(tried):
            failed = next(test for test in self._tests[at] if not test.accepts(labels))
            yield self._line(at, failed.refusal + found[failed.requirement.key])
        unreached = "not reached: the override decided first"
        if index is not None:
            yield self._line(index, _acceptance(self.config.rules[index], found), matched=True)
            unreached = f"not reached: rule {index + 1} matched first"
        for at in range(tried if index is None else index + 1, last):
            yield self._line(at, unreached)
        used = index is None and not overridden
        reason = self._default_reason() if used else unreached
        yield TraceLine(None, DEFAULT_FIELD, self.config.default_rule.value, matched=used, reason=reason)

    def _line(self, at: int, reason: str, *, matched: bool = False) -> TraceLine:
        rule = self.config.rules[at]
        return TraceLine(at, rule.source, rule.value, matched, reason)

    def _override_line(self, profile: str, *, used: bool) -> TraceLine:
        if used and self.config.override.only:
            reason = "matched: the compute config sets it, and it is in the list of this cloud"
        elif used:
            reason = "matched: the compute config sets it, and this cloud allows any"
        elif self.config.override.allowed:
            reason = "refused: it is not in the list of this cloud, so the rules decide"
        else:
            reason = "refused: this cloud allows none in a compute config, so the rules decide"
        return TraceLine(None, OVERRIDE_FIELD, profile, used, reason)

    def _default_reason(self) -> str:
        if self.config.mode is None:
            return "matched: this cloud has no mapping, so its own role counts"
        if self.config.default_rule is DefaultRule.FAIL:
            return "matched: no rule matches, so the workload is not started"
        return "matched: no rule matches, so the cloud's own role counts"


def compiled(config: Config) -> Compiled:
    """Make a config ready; keep the result for as long as the config's version counts."""
    return Compiled(config)


def resolve(
    config: Config | Mapping[str, object], labels: Labels, *, instance_profile: str | None = None
) -> Resolution:
    """Say which role a workload gets.

    `config` may be the parsed document too, either `dataplane_iam_mapping` itself or the cloud's config that
    holds it; then ConfigError is raised where it cannot be read. A document without a `default_rule` falls
    back to the cloud's role.
    """
    read = config if isinstance(config, Config) else _read(config)
    return Compiled(read).resolve(labels, instance_profile=instance_profile)


def _read(document: Mapping[str, object]) -> Config:
    provider = str(document.get("cloud_provider", ""))
    data = document.get(DOCUMENT_KEY) if DOCUMENT_KEY in document else document
    if isinstance(data, Mapping) and ("rules" in data or "default_rule" in data or "mode" in data):
        data = {
            "mode": Mode.CUSTOMER_MANAGED.value,
            "rules": (),
            "default_rule": DefaultRule.CLOUD_DEFAULT.value,
            **data,
        }
    return read_config({} if data is None else data, provider=provider)


def _test(requirement: Requirement) -> Test:
    values = frozenset(requirement.values) if requirement.operator in ONE_OF else None
    return Test(requirement, values, f"no match: {requirement} does not hold, ")


def _width(test: Test) -> tuple[bool, int]:
    """Prefer labels with many values in use over the type of a workload, then few values asked for."""
    return test.requirement.key == "workload-type", len(test.values or ())


class _Found(dict[str, str]):
    """What the labels of a workload hold, in words."""

    def __init__(self, labels: Labels) -> None:
        super().__init__()
        self._labels = labels

    def __missing__(self, key: str) -> str:
        value = self._labels.get(key)
        # Labels come from outside: what cannot be printed is shown in escapes.
        shown = "not set" if value is None else value if value.isprintable() else repr(value)
        self[key] = f"{key} is {shown or 'empty'}"
        return self[key]


def _acceptance(rule: Rule, found: Mapping[str, str]) -> str:
    keys = dict.fromkeys(requirement.key for requirement in rule.selector.requirements)
    if not keys:
        return "matched: an empty selector matches every workload"
    return f"matched: {', '.join(found[key] for key in keys)}"
