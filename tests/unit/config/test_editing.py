"""Rules as a form: what its fields and buttons do to the YAML."""

from typing import Any

import pytest

from clouds.config.editing import Form, form_from, form_of, stepped, written
from clouds.config.reading import read_yaml
from tests.unit.config.samples import COMMENTED, FIRST, OURS

A, B, C = ("a", "1"), ("b", "2"), ("c", "3")


@pytest.mark.parametrize(
    ("step", "rules", "at"),
    [
        ("add", (A, B, C, ("", "")), 3),
        ("up-1", (B, A, C), 0),
        ("up-0", (A, B, C), 0),
        ("down-1", (A, C, B), 2),
        ("down-2", (A, B, C), 2),
        ("remove-0", (B, C), 0),
        ("remove-2", (A, B), 1),
        ("remove-3", (A, B, C), None),
        ("up--1", (A, B, C), None),
        ("explode", (A, B, C), None),
        ("", (A, B, C), None),
    ],
)
def test_buttons_change_the_list_and_say_where_the_hand_is(
    step: str, rules: tuple[tuple[str, str], ...], at: int | None
) -> None:
    made = stepped(Form((A, B, C)), step)
    assert (made.form.rules, made.at) == (rules, at)


def test_the_last_rule_leaves_no_mapping() -> None:
    made = stepped(Form((A,)), "remove-0")
    assert (made.form.to_json(), made.at) == ({}, None)


def test_a_form_is_read_off_any_document_however_wrong() -> None:
    form = form_of(read_yaml(COMMENTED).data)
    assert form.rules[0] == (FIRST["selector"], FIRST["value"])
    assert form.default_rule == "CLOUD_DEFAULT"
    wrongs: list[Any] = [None, [], {"dataplane_iam_mapping": 7}, {"dataplane_iam_mapping": {"rules": 7}}]
    for wrong in wrongs:
        assert form_of(wrong) == Form()
    odd = {"rules": [7, {"selector": 1}], "default_rule": None, "instance_profile_override": {"allowed": 3}}
    assert form_of({"dataplane_iam_mapping": odd}).rules == (("", ""), ("1", ""))


def test_a_form_that_changes_nothing_leaves_the_text_alone() -> None:
    reading = read_yaml(COMMENTED)
    assert written(reading, form_of(reading.data), OURS) == COMMENTED


def test_fields_become_yaml_and_the_comments_stay() -> None:
    words = {"default_rule": "FAIL", "override": "ALLOW_LIST", "allowed": "gpu, big\nsmall"}
    form = form_from([" project=a "], ["role"], words)
    text = written(read_yaml(COMMENTED), form, OURS)
    mapping = read_yaml(text).data["dataplane_iam_mapping"]
    assert mapping["rules"] == [{"selector": "project=a", "value": "role"}]
    assert mapping["instance_profile_override"] == {"mode": "ALLOW_LIST", "allowed": ["gpu", "big", "small"]}
    assert "# Owned by the platform team." in text


def test_an_empty_text_becomes_a_whole_document() -> None:
    text = written(read_yaml(""), Form((A,)), OURS)
    assert read_yaml(text).data["cloud_deployment_id"] == "cldrsrc_1"
