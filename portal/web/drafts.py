"""A configuration that somebody is writing: read from the page's form, examined, compared."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

from django.http import QueryDict

from clouds.config.document import Document, Identity, read_source
from clouds.config.editing import Form, form_from, form_of, stepped, written
from clouds.config.faults import ConfigFault, Fault
from clouds.config.reading import Reading, read_yaml, tidy
from clouds.config.workloads import Change, Sample, compare, named, read_workload
from iam.mapping import Compiled, Config, Outcome, Remark, Resolution

MOST_LISTED = 200
MOST_TOLD = 50
MOST_SHOWN = 60
MOST_CELLS = 240
LEAST_LINES, MOST_LINES = 14, 34
LABEL_FIELDS = ("workload-type", "project", "user")
_RULE = re.compile(r"\.rules\[([0-9]+)\](?:\.(\w+))?")


@dataclass
class Draft:
    """A text, what it says, and what is wrong with it. `focus` is the rule that a button was pressed on."""

    text: str
    base: int
    form: Form | None = None
    document: Document | None = None
    faults: tuple[Fault, ...] = ()
    focus: tuple[str, int | None] = ("", None)
    remarks: tuple[Remark, ...] = ()

    @property
    def digest(self) -> str:
        """What tells whether the text was changed since the page was made."""
        return digest(self.text)

    @property
    def lines(self) -> int:
        """How tall the field for the YAML is, in lines."""
        return min(max(self.text.count("\n") + 2, LEAST_LINES), MOST_LINES)

    @property
    def long(self) -> bool:
        """Say whether there are too many rules for a page of fields: they are then edited as YAML."""
        return self.form is not None and len(self.form.rules) > MOST_LISTED

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Give the rules as the page lists them, each with what there is to say about it."""
        told = {one.rule_index for one in self.remarks} | {_about(one) for one in self.faults}
        rules = list(enumerate(self.form.rules if self.form else ()))
        chosen = [one for one in rules if one[0] in told][:MOST_TOLD] if self.long else rules
        return [
            {
                "index": at,
                "number": at + 1,
                "selector": selector,
                "value": value,
                "faults": [
                    {"message": one.message, "field": _field(one)} for one in self.faults if _about(one) == at
                ],
                "remarks": [one for one in self.remarks if one.rule_index == at],
            }
            for at, (selector, value) in chosen
        ]

    @property
    def other_remarks(self) -> list[Remark]:
        """Give what there is to say of the default."""
        return [one for one in self.remarks if one.rule_index is None]

    @property
    def summary(self) -> str:
        """Say how the draft is in a few words."""
        if self.faults:
            return f"{_count(len(self.faults), 'thing')} to mend before this can be saved"
        counted = {
            name: sum(one.severity == name for one in self.remarks) for name in ("error", "warning", "info")
        }
        words = [_count(counted[name], word) for name, word in _KINDS if counted[name]]
        return ", ".join(words) if words else "No remarks"

    @property
    def tone(self) -> str:
        """Give the tone of the summary."""
        if self.faults or any(one.severity == "error" for one in self.remarks):
            return "bad"
        return "warn" if any(one.severity == "warning" for one in self.remarks) else "good"


_KINDS = (("error", "error"), ("warning", "warning"), ("info", "note"))


def digest(text: str) -> str:
    """Return a short name of a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def saved(source: str, number: int, identity: Identity) -> Draft:
    """Return the draft that is just what was saved."""
    return _examined(source, number, identity)


def sent(fields: QueryDict, identity: Identity) -> Draft:
    """Return the draft that a form describes: its YAML where that was changed, else with its fields."""
    text = tidy(fields.get("yaml", ""))
    number = fields.get("base", "")
    base = int(number) if number.isascii() and number.isdigit() and len(number) <= len("2147483647") else 0
    step = fields.get("do", "")
    reading = _parsed(text)
    focus: tuple[str, int | None] = ("", None)
    if reading is not None:
        form = form_of(reading.data)
        if "listed" in fields and digest(text) == fields.get("shown", ""):
            form = form_from(fields.getlist("selector"), fields.getlist("value"), _words(fields))
        if step:
            made = stepped(form, step)
            form, focus = made.form, (step.partition("-")[0], made.at)
        text = written(reading, form, identity)
    draft = _examined(text, base, identity, reading)
    draft.focus = focus
    return draft


def _words(fields: QueryDict) -> dict[str, str]:
    return {name: str(fields.get(name, "")) for name in ("default_rule", "override", "allowed")}


def _parsed(text: str) -> Reading | None:
    try:
        return read_yaml(text)
    except ConfigFault:
        return None


def _examined(text: str, number: int, identity: Identity, known: Reading | None = None) -> Draft:
    try:
        reading = known if known is not None and known.text == text else read_yaml(text)
    except ConfigFault as error:
        return Draft(text, number, faults=error.faults)
    form = form_of(reading.data)
    try:
        return Draft(text, number, form, read_source(reading, identity))
    except ConfigFault as error:
        return Draft(text, number, form, faults=error.faults)


def _about(fault: Fault) -> int | None:
    found = _RULE.search(fault.path)
    return int(found[1]) if found else None


def _field(fault: Fault) -> str:
    found = _RULE.search(fault.path)
    return (found[2] if found else "") or ""


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Answers:
    """What a mapping does: to whom, compared with the one that counts, and for one workload in full."""

    changes: Sequence[Mapping[str, Any]] = ()
    changed: int = 0
    failing: int = 0
    more: int = 0
    matrix: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)


def answers(now: Compiled, config: Config, default: str | None, fields: Mapping[str, str]) -> Answers:
    """Return the answers for a page: who changes, the coverage, the workload that the fields ask about."""
    sample = named(now.config, config, most=MOST_CELLS)
    found = compare(now.config, config, sample.workloads)
    changing = [one for one in found if one.changed or one.fails]
    return Answers(
        [_change(one, default) for one in changing[:MOST_SHOWN]],
        sum(one.changed for one in found),
        sum(one.fails for one in found),
        max(len(changing) - MOST_SHOWN, 0),
        _matrix(found, sample, default),
        _asked(now.config, config, default, fields),
    )


def _change(change: Change, default: str | None) -> dict[str, Any]:
    labels = change.workload.labels
    profile = change.workload.instance_profile
    own = [f"own profile {profile}"] if profile else []
    return {
        "labels": [*(labels[name] for name in LABEL_FIELDS), *own],
        "before": outcome(change.before, default),
        "after": outcome(change.after, default),
        "changed": change.changed,
        "fails": change.fails,
    }


def outcome(found: Resolution, default: str | None) -> dict[str, Any]:
    """Return what a workload gets, in words."""
    if found.outcome is Outcome.FAIL:
        return {"role": "", "words": "does not start", "by": "the default", "fails": True}
    if found.outcome is Outcome.CLOUD_DEFAULT:
        return {"role": default or "", "words": "the cloud's own", "by": "the default", "fails": False}
    by = "the compute config" if found.rule_index is None else f"rule {found.rule_index + 1}"
    return {"role": found.role, "words": "", "by": by, "fails": False}


def _matrix(found: Sequence[Change], sample: Sample, default: str | None) -> dict[str, Any]:
    """Return who gets what: a row for each project and type of workload, a column for each user."""
    rows = []
    for (project, kind), cells in groupby(
        [one for one in found if one.workload.instance_profile is None],
        key=lambda one: (one.workload.labels["project"], one.workload.labels["workload-type"]),
    ):
        shown = [{**outcome(one.after, default), "changed": one.changed} for one in cells]
        rows.append({"project": project, "kind": kind, "cells": shown})
    return {"users": sample.users, "rows": rows, "left_out": sample.left_out}


def _asked(now: Config, config: Config, default: str | None, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the simulator's fields and, where one is filled in, its answer with the trace of every rule."""
    values = {name: fields.get(f"sim-{name}", "").strip() for name in (*LABEL_FIELDS, "profile")}
    if not any(values.values()):
        return {"values": values}
    labels = {name: values[name] for name in LABEL_FIELDS if values[name]}
    try:
        workload = read_workload({"labels": labels, "instance_profile": values["profile"] or None})
    except ConfigFault as error:
        return {"values": values, "fault": str(error)}
    change = compare(now, config, [workload])[0]
    return {
        "values": values,
        **_answer(change, default),
        "trace": [
            {"label": "override" if line.selector == "IamInstanceProfile" else "default", **line._asdict()}
            if line.rule_index is None
            else {"label": f"rule {line.rule_index + 1}", **line._asdict()}
            for line in change.after.trace
        ],
    }


def _answer(change: Change, default: str | None) -> dict[str, Any]:
    return {
        "before": outcome(change.before, default),
        "after": outcome(change.after, default),
        "changed": change.changed,
    }
