"""Names in a mapping that nothing has: labels, types, projects, users, roles."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import islice

from iam.mapping.config import LABELS, WORKLOAD_TYPES, Config, Rule
from iam.mapping.remarks import Known, Remark
from iam.mapping.roles import bare_name
from iam.selectors import COMPARISONS, ONE_OF, UNARY, Requirement

MOST_OF_ONE_RULE = 20
"""Whoever has mended so many sees the next ones."""
NOUNS = {"workload-type": "type of workload", "project": "project", "user": "user or service account"}


def name_remarks(config: Config, known: Known) -> Iterator[Remark]:
    """Give a remark for each name that nothing has: unknown-key, unknown-value, empty-value, unknown-role."""
    names = known_names(known)
    folded = {label: {name.casefold(): name for name in found} for label, found in names.items()}
    roles = None if known.roles is None else frozenset(map(bare_name, known.roles))
    for index, rule in enumerate(config.rules):
        yield from islice(_label_remarks(index, rule, names, folded), MOST_OF_ONE_RULE)
        if roles is not None and bare_name(rule.value) not in roles:
            yield _unknown_role(index, rule)


def _label_remarks(
    index: int, rule: Rule, names: Mapping[str, frozenset[str]], folded: Mapping[str, Mapping[str, str]]
) -> Iterator[Remark]:
    for requirement in rule.selector.requirements:
        if requirement.key not in LABELS:
            yield _unknown_key(index, requirement)
            continue
        if "" in requirement.values:
            yield _empty_value(index, requirement)
        if requirement.key in names:
            yield from _unknown_values(index, requirement, names[requirement.key], folded[requirement.key])


def known_names(known: Known) -> dict[str, frozenset[str]]:
    """Give for each label whose values are known the values."""
    found = {"workload-type": frozenset(WORKLOAD_TYPES), "project": known.projects, "user": known.users}
    return {label: names for label, names in found.items() if names is not None}


def _unknown_key(index: int, requirement: Requirement) -> Remark:
    holds = "always holds" if requirement.accepts(None) else "never holds"
    near = get_close_matches(requirement.key, LABELS, n=1)
    hint = f"Did you mean {near[0]}?" if near else "Use one of them."
    return Remark(
        "unknown-key",
        "error",
        index,
        None,
        f"No workload has a label {requirement.key}, so {requirement} {holds}.",
        f"The labels are {', '.join(LABELS)}. {hint}",
    )


def _empty_value(index: int, requirement: Requirement) -> Remark:
    key = requirement.key
    return Remark(
        "empty-value",
        "warning",
        index,
        None,
        f"{requirement} names the empty text, and no {NOUNS[key]} has an empty name.",
        "Name a value, take out a comma that is too many, "
        f"or write {key} or !{key} to ask whether it is set.",
    )


def _unknown_values(
    index: int, requirement: Requirement, names: frozenset[str], folded: Mapping[str, str]
) -> Iterator[Remark]:
    if requirement.operator in UNARY:
        return
    noun, subject = NOUNS[requirement.key], "value" if len(requirement.values) == 1 else "values"
    if requirement.operator in COMPARISONS:
        if any(map(requirement.accepts, names)):
            return
        message, fix = f"No {noun} meets {requirement}.", f"Name the {subject} that you mean."
    else:
        missing = [value for value in requirement.values if value and value not in names]
        if not missing:
            return
        message = f"There is no {noun} {' or '.join(missing)}."
        near = [folded[value.casefold()] for value in missing if value.casefold() in folded]
        fix = (
            f"Write {', '.join(near)}."
            if near
            else f"Check how it is written, or remove it from {requirement}."
        )
    if requirement.key == "workload-type":
        fix = f"The types are {', '.join(WORKLOAD_TYPES)}."
    wrong = requirement.key == "workload-type" and requirement.operator in ONE_OF
    yield Remark("unknown-value", "error" if wrong else "warning", index, None, message, fix)


def _unknown_role(index: int, rule: Rule) -> Remark:
    return Remark(
        "unknown-role",
        "error",
        index,
        None,
        f"The role {rule.value} of rule {index + 1} does not exist in the cloud's account.",
        "Create it with an instance profile of the same name, or correct the name.",
    )
