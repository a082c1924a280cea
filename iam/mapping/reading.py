"""Reading `dataplane_iam_mapping`: from parsed JSON or YAML to a Config, or all that is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from iam.mapping.config import Config, DefaultRule, Mode, Override, OverrideMode, Rule
from iam.mapping.roles import PROVIDERS, value_problem
from iam.selectors import BLANK, Selector, SelectorError, parse

MAPPING_KEYS = ("mode", "rules", "default_rule")
KEYS = (*MAPPING_KEYS, "instance_profile_override")
RULE_KEYS = ("selector", "value")
OVERRIDE_KEYS = ("mode", "allowed")
MISSING = {
    "mode": "mode is missing. Set it to CUSTOMER_MANAGED.",
    "rules": "rules is missing. Give a list of rules, [] for none.",
    "default_rule": (
        "default_rule is missing. Say what happens to a workload that no rule matches: CLOUD_DEFAULT gives "
        "it the cloud's role, FAIL does not start it."
    ),
}
LONGEST_ECHO = 40
Word = TypeVar("Word", Mode, DefaultRule, OverrideMode)


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: `path` as in `rules[2].selector` (empty for the whole), `position` in a selector's text."""

    path: str
    message: str
    position: int | None = None


class ConfigError(ValueError):
    """A document that is no mapping; `problems` holds everything that is wrong, in the document's order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{one.path or 'mapping'}: {one.message}" for one in problems))
        self.problems = problems


def read_config(data: object, *, provider: str = "AWS") -> Config:
    """Read the mapping of a cloud on AWS or GCP; raises ConfigError with all problems at once.

    `{}` is no mapping. A document with only `instance_profile_override` has no rules either.
    """
    reading = _Reading(provider)
    config = reading.config(data)
    if reading.problems:
        raise ConfigError(tuple(reading.problems))
    return config


@dataclass
class _Reading:
    provider: str
    problems: list[Problem] = field(default_factory=list)

    def config(self, data: object) -> Config:
        fields = self._fields("", data, KEYS, required=())
        if not fields:
            return Config.EMPTY
        mapped = any(key in fields for key in MAPPING_KEYS)
        config = self._mapping(fields) if mapped else Config.EMPTY
        if "instance_profile_override" in fields:
            return replace(config, override=self._override(fields["instance_profile_override"]))
        return config

    def _mapping(self, fields: Mapping[str, object]) -> Config:
        for key in MAPPING_KEYS:
            if key not in fields:
                self._say(key, MISSING[key])
        mode = self._word("mode", fields.get("mode", Mode.CUSTOMER_MANAGED), Mode)
        rules = [self._rule(f"rules[{at}]", one) for at, one in enumerate(self._list("rules", fields))]
        default = self._word("default_rule", fields.get("default_rule", DefaultRule.FAIL), DefaultRule)
        return Config(mode, tuple(rule for rule in rules if rule), default or DefaultRule.FAIL)

    def _rule(self, path: str, data: object) -> Rule | None:
        fields = self._fields(path, data, RULE_KEYS, required=RULE_KEYS)
        source = self._text(f"{path}.selector", fields["selector"]) if "selector" in fields else None
        selector = None if source is None else self._selector(f"{path}.selector", source)
        value = self._text(f"{path}.value", fields["value"]) if "value" in fields else None
        if value is not None:
            self._value(f"{path}.value", value)
        if source is None or selector is None or value is None:
            return None
        return Rule(selector, value, source)

    def _override(self, data: object) -> Override:
        path = "instance_profile_override"
        fields = self._fields(path, data, OVERRIDE_KEYS, required=("mode",))
        mode = self._word(f"{path}.mode", fields["mode"], OverrideMode) if "mode" in fields else None
        only: list[str] = []
        for at, one in enumerate(self._list("allowed", fields, f"{path}.")):
            profile = self._text(f"{path}.allowed[{at}]", one)
            if profile is not None:
                self._value(f"{path}.allowed[{at}]", profile)
                only.append(profile)
        if mode is OverrideMode.ALLOW_LIST and fields.get("allowed", []) == []:
            self._say(f"{path}.allowed", "Name at least one instance profile, or set mode to DENY.")
        if mode not in {OverrideMode.ALLOW_LIST, None} and "allowed" in fields:
            self._say(
                f"{path}.allowed", f"A list goes with mode ALLOW_LIST, not with {mode}. Remove one of them."
            )
        return Override(allowed=mode is not OverrideMode.DENY, only=tuple(only), given=True)

    def _selector(self, path: str, source: str) -> Selector | None:
        odd = next((at for at, one in enumerate(source) if not (one.isprintable() or one in BLANK)), None)
        if odd is not None:
            self._say(path, "There is a character here that cannot be seen. Remove it.", odd)
            return None
        try:
            return parse(source)
        except SelectorError as error:
            self._say(path, error.message, error.position)
            return None

    def _value(self, path: str, value: str) -> None:
        problem = "" if value else "The value is empty. Name a role."
        if self.provider in PROVIDERS:
            problem = value_problem(value, provider=self.provider) or problem
        if problem:
            self._say(path, problem)

    def _fields(
        self, path: str, data: object, known: Sequence[str], *, required: Sequence[str]
    ) -> dict[str, object]:
        if not isinstance(data, Mapping):
            self._say(
                path,
                f"Here an object with {' and '.join(required or known)} should stand, not {_kind(data)}.",
            )
            return {}
        prefix = f"{path}." if path else ""
        for key in data:
            if key not in known:
                self._say(
                    f"{prefix}{_shown(key)}", f"There is no such field. The fields are {', '.join(known)}."
                )
        for key in required:
            if key not in data:
                self._say(f"{prefix}{key}", f"{key} is missing.")
        return {key: data[key] for key in known if key in data}

    def _list(self, key: str, fields: Mapping[str, object], prefix: str = "") -> Sequence[object]:
        found = fields.get(key, ())
        if isinstance(found, Sequence) and not isinstance(found, str | bytes):
            return found
        self._say(f"{prefix}{key}", f"Here a list should stand, not {_kind(found)}.")
        return ()

    def _text(self, path: str, found: object) -> str | None:
        if isinstance(found, str):
            return str(found)
        self._say(path, f"Here a text should stand, not {_kind(found)}. Put it in quotes.")
        return None

    def _word(self, path: str, found: object, words: type[Word]) -> Word | None:
        for word in words:
            if found == word.value:
                return word
        self._say(path, f"Here one of {', '.join(words)} should stand, not {_kind(found)}.")
        return None

    def _say(self, path: str, message: str, position: int | None = None) -> None:
        self.problems.append(Problem(path, message, position))


def _shown(key: object) -> str:
    """Show a key of the document in a path, whatever is in it."""
    text = str(key)
    return text if text.isascii() and text.isprintable() and len(text) <= LONGEST_ECHO else _kind(key)


def _kind(found: object) -> str:
    """Show what was found instead: short texts and numbers themselves, else their kind."""
    if found is None:
        return "nothing"
    if isinstance(found, Mapping):
        return "an object"
    if isinstance(found, Sequence) and not isinstance(found, str | bytes):
        return "a list"
    text = ascii(found)
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}…"
