"""A configuration as a form: its rules as an ordered list, what happens without one, who may step past them.

A form says less than YAML does (no comments), so what it changes is written into the text that it came from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clouds.config.document import ID, PROVIDER, Identity
from clouds.config.reading import Reading
from clouds.config.writing import MAPPING, rewrite
from iam.mapping import DefaultRule, Mode, OverrideMode

ANY = ""
"""No word on overriding: any instance profile may, as in the documentation."""
_STEP = re.compile(r"(up|down|remove)-([0-9]{1,4})")
_SEPARATORS = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Form:
    """What a person may edit without YAML. `rules` are (selector, value) as written, right or wrong."""

    rules: tuple[tuple[str, str], ...] = ()
    default_rule: str = DefaultRule.CLOUD_DEFAULT.value
    override: str = ANY
    allowed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the mapping that the form describes; `{}` where it says nothing."""
        said: dict[str, Any] = {}
        if self.rules or self.default_rule != DefaultRule.CLOUD_DEFAULT:
            rules = [{"selector": selector, "value": value} for selector, value in self.rules]
            said = {"mode": Mode.CUSTOMER_MANAGED.value, "rules": rules, "default_rule": self.default_rule}
        if self.override:
            listed = {"allowed": list(self.allowed)} if self.override == OverrideMode.ALLOW_LIST else {}
            said["instance_profile_override"] = {"mode": self.override, **listed}
        return said


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the list by a button, and the rule that it leaves in hand (for the keyboard's focus)."""

    form: Form
    at: int | None


def form_of(data: Any) -> Form:
    """Give the form of a parsed configuration, however wrong its contents are."""
    mapping = _object(_object(data).get(MAPPING))
    override = _object(mapping.get("instance_profile_override"))
    rules = mapping.get("rules")
    return Form(
        tuple(_rule(one) for one in rules) if isinstance(rules, list) else (),
        _text(mapping.get("default_rule")) or DefaultRule.CLOUD_DEFAULT.value,
        _text(override.get("mode")),
        tuple(_text(one) for one in listed) if isinstance(listed := override.get("allowed"), list) else (),
    )


def form_from(selectors: Sequence[str], values: Sequence[str], words: Mapping[str, str]) -> Form:
    """Give the form that fields of a page describe."""
    return Form(
        tuple((selector.strip(), value.strip()) for selector, value in zip(selectors, values, strict=False)),
        words.get("default_rule") or DefaultRule.CLOUD_DEFAULT.value,
        words.get("override", ANY),
        tuple(one for one in _SEPARATORS.split(words.get("allowed", "")) if one),
    )


def stepped(form: Form, step: str) -> Step:
    """Give the form after a button: `add`, `up-2`, `down-2` or `remove-2`. Any other changes nothing."""
    if step == "add":
        return Step(replace(form, rules=(*form.rules, ("", ""))), len(form.rules))
    found = _STEP.fullmatch(step)
    at = int(found[2]) if found else len(form.rules)
    if found is None or at >= len(form.rules):
        return Step(form, None)
    rules = list(form.rules)
    taken = rules.pop(at)
    if found[1] == "remove":
        return Step(replace(form, rules=tuple(rules)), min(at, len(rules) - 1) if rules else None)
    to = max(at - 1, 0) if found[1] == "up" else min(at + 1, len(rules))
    rules.insert(to, taken)
    return Step(replace(form, rules=tuple(rules)), to)


def written(reading: Reading, form: Form, identity: Identity) -> str:
    """Give the YAML with what the form says; the text stays as it is where it says so already."""
    if form_of(reading.data) == form:
        return reading.text
    own = {ID: identity.deployment_id, PROVIDER: identity.provider, "compute_stack": "VM"}
    base = reading.data if isinstance(reading.data, Mapping) else own
    return rewrite(reading.text, {**base, MAPPING: form.to_json()})


def _object(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


def _rule(data: Any) -> tuple[str, str]:
    fields = _object(data)
    return _text(fields.get("selector")).strip(), _text(fields.get("value")).strip()


def _text(data: Any) -> str:
    return "" if data is None else str(data)
