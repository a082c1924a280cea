"""What changed between two configurations, rule by rule."""

import time
from difflib import unified_diff

from hypothesis import given
from hypothesis import strategies as st

from clouds.config.differences import differences, text_difference
from clouds.config.matching import line_difference
from tests.unit.config.samples import COMMENTED, FIRST, SECOND, document, rule

THIRD = rule("user=c", "c")


def told(before: list[dict[str, str]], after: list[dict[str, str]]) -> list[tuple[str, str]]:
    found = differences(document(*before), document(*after))
    return [(one.path.removeprefix("dataplane_iam_mapping."), one.what) for one in found]


def test_rules_that_came_went_and_changed() -> None:
    assert told([FIRST], [FIRST]) == []
    assert told([FIRST], [FIRST, SECOND]) == [("rules[1]", "added")]
    assert told([FIRST, SECOND], [SECOND]) == [("rules[0]", "removed")]
    changed = differences(document(FIRST, SECOND), document(FIRST, rule("project=vision", "other")))
    assert [(one.what, one.before["value"], one.after["value"]) for one in changed] == [
        ("changed", "vision-nodes", "other")
    ]


def test_a_rule_that_moved_is_told_once() -> None:
    assert told([FIRST, SECOND, THIRD], [THIRD, FIRST, SECOND]) == [("rules[0]", "moved")]
    (moved,) = differences(document(FIRST, SECOND), document(SECOND, FIRST))
    assert {moved.before, moved.after} == {"rules[0]", "rules[1]"}


def test_words_that_came_went_and_changed() -> None:
    deny = {"mode": "DENY"}
    found = differences(document(FIRST), document(FIRST, default="FAIL", instance_profile_override=deny))
    assert [(one.path.rpartition(".")[2], one.what) for one in found] == [
        ("default_rule", "changed"), ("instance_profile_override", "added"),
    ]  # fmt: skip
    gone = differences(document(FIRST), {**document(), "dataplane_iam_mapping": {}})
    assert [one.what for one in gone] == ["removed", "removed", "removed"]


def test_lines_of_yaml_are_told_as_diff_does() -> None:
    text = text_difference(COMMENTED, COMMENTED.replace("role_name1", "x"), names=("version 1", "version 2"))
    assert text.startswith("--- version 1\n+++ version 2\n")
    assert "-      value: role_name1\n+      value: x\n" in text
    assert text_difference(COMMENTED, COMMENTED, names=("a", "b")) == ""


LINES = st.lists(st.sampled_from("abc"), max_size=12)


@given(LINES, LINES)
def test_lines_are_told_as_the_standard_library_does(old: list[str], new: list[str]) -> None:
    assert line_difference(old, new, names=("x", "y")) == list(unified_diff(old, new, "x", "y", lineterm=""))


def test_many_rules_that_are_alike_are_compared_in_bounded_time() -> None:
    alike, other = rule("project=a", "x"), [rule(f"project=b{number}", "x") for number in range(1_000)]
    began = time.process_time()
    found = differences(
        document(*[alike] * 2_000), document(*[one for made in other for one in (made, alike)])
    )
    assert time.process_time() - began < 4
    assert any(one.after == other[0] for one in found)


def test_many_lines_that_are_alike_are_compared_in_bounded_time() -> None:
    old = "".join(f"#{number * number % 83}\n" for number in range(60_000))
    began = time.process_time()
    text = text_difference(old, old[::-1].strip() + "\n", names=("a", "b"))
    assert time.process_time() - began < 4
    assert text.startswith("--- a\n+++ b\n@@ ")
