"""YAML is written so that it reads back, and into a commented text so that comments stay with rules."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouds.config.reading import read_yaml
from clouds.config.writing import rewrite, scalar, write_yaml
from tests.unit.config.samples import COMMENTED, FIRST, SECOND, document, rule

NEW = rule("!user", "nobody")


def mapping_of(text: str) -> Any:
    return read_yaml(text).data["dataplane_iam_mapping"]


def test_a_document_is_written_as_the_documentation_shows_it() -> None:
    text = write_yaml({**document(FIRST, default="FAIL"), "compute_stack": "VM"})
    assert text == (
        "cloud_deployment_id: cldrsrc_1\n"
        "cloud_provider: AWS\n"
        "dataplane_iam_mapping:\n"
        "  mode: CUSTOMER_MANAGED\n"
        "  rules:\n"
        "    - selector: workload-type in (workspace),user=user1@example.com\n"
        "      value: role_name1\n"
        "  default_rule: FAIL\n"
        "compute_stack: VM\n"
    )
    empty: dict[str, Any] = {"a": {}, "b": [], "c": None, "d": [1, {}], "e": True}
    assert read_yaml(write_yaml(empty)).data == empty


def test_what_says_the_same_already_is_left_alone() -> None:
    assert rewrite(COMMENTED, document(FIRST, SECOND)) == COMMENTED


def test_the_optional_stack_is_not_put_into_a_text_that_does_without() -> None:
    assert rewrite(COMMENTED, {**document(FIRST, SECOND), "compute_stack": "VM"}) == COMMENTED


def test_a_rule_that_moves_takes_its_comments_along() -> None:
    text = rewrite(COMMENTED, document(SECOND, FIRST))
    assert mapping_of(text)["rules"] == [SECOND, FIRST]
    assert (
        text.index("# everything else of vision") < text.index("'project=vision'") < text.index("# notebooks")
    )
    assert text.index("# notebooks") < text.index("user1@example.com  # by ticket 7")
    assert sorted(text.split("\n")) == sorted(COMMENTED.split("\n"))


def test_a_rule_that_goes_takes_its_comments_away_and_no_others() -> None:
    text = rewrite(COMMENTED, document(SECOND))
    assert mapping_of(text)["rules"] == [SECOND]
    assert "notebooks" not in text
    for kept in ("# Owned by", "# the only one", "# everything else of vision", "# the end"):
        assert kept in text


def test_a_changed_rule_keeps_the_comments_around_and_behind_it() -> None:
    changed = rule(FIRST["selector"], "other-role")
    text = rewrite(COMMENTED, document(changed, SECOND))
    assert text == COMMENTED.replace("role_name1", "other-role")
    both = rule("user=x@example.com", "x")
    text = rewrite(COMMENTED, document(both, SECOND))
    assert "- selector: user=x@example.com  # by ticket 7\n      value: x\n" in text


def test_a_new_rule_stands_among_the_old_ones() -> None:
    text = rewrite(COMMENTED, document(FIRST, NEW, SECOND, default="FAIL"))
    assert mapping_of(text)["rules"] == [FIRST, NEW, SECOND]
    assert '    - selector: "!user"\n      value: nobody\n' in text
    assert "default_rule: FAIL" in text
    assert all(line in text.split("\n") for line in COMMENTED.split("\n") if line.lstrip().startswith("#"))


def test_the_override_comes_changes_and_goes() -> None:
    text = COMMENTED
    for override in ({"mode": "ALLOW_LIST", "allowed": ["a", "b"]}, {"mode": "DENY"}, None):
        more: dict[str, Any] = {"instance_profile_override": override} if override else {}
        text = rewrite(text, document(FIRST, SECOND, **more))
        assert mapping_of(text).get("instance_profile_override") == override
        assert "# everything else of vision" in text
        assert text.endswith("# the end\n")
    assert text == COMMENTED


def test_the_first_rules_leave_comments_outside_the_mapping() -> None:
    head = "# top\ncloud_deployment_id: cldrsrc_1 # ours\ncloud_provider: AWS\n"
    source = head + "dataplane_iam_mapping: {}\n# end\n"
    text = rewrite(source, document(FIRST))
    assert mapping_of(text)["rules"] == [FIRST]
    assert [one in text for one in ("# top", "# ours", "# end")] == [True, True, True]
    back = rewrite(text, {**document(), "dataplane_iam_mapping": {}})
    assert back == source


@pytest.mark.parametrize(
    "source",
    [
        "",
        "a: [",
        "- a\n",
        "{cloud_deployment_id: cldrsrc_1, cloud_provider: AWS, dataplane_iam_mapping: {}}\n",
        COMMENTED.replace("  rules:\n", "  rules: [] #").replace("- selector", "# - selector"),
        COMMENTED.replace("value: role_name1", "value: >-\n        role_name1"),
        COMMENTED.replace(
            "    - selector: 'project=vision'\n      value: \"vision-nodes\"", "    - {selector: a, value: b}"
        ),
    ],
)
def test_any_source_ends_in_a_text_that_says_what_it_should(source: str) -> None:
    wanted = document(NEW, rule("project=b", "c"), default="FAIL")
    assert read_yaml(rewrite(source, wanted)).data == wanted


TEXTS = st.text(st.sampled_from("ab1 !@#:-,'\"()=%&*?{}[]|>~\\\té\n"), max_size=12)
RULES = st.lists(st.builds(rule, TEXTS, TEXTS), max_size=4)


@given(RULES, RULES, st.sampled_from(["FAIL", "CLOUD_DEFAULT"]))
def test_whatever_is_rewritten_reads_back(
    before: list[dict[str, str]], after: list[dict[str, str]], default: str
) -> None:
    source = write_yaml(document(*before)).replace("    - ", "    # note\n    - ")
    wanted = document(*after, default=default)
    text = rewrite(source, copy.deepcopy(wanted))
    assert read_yaml(text).data == wanted
    kept = [one for one in after if one in before]
    assert len(kept) == 0 or "# note" in text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_scalar_that_reads_back(text: str) -> None:
    assert read_yaml(f"a: {scalar(text)}\n").data == {"a": text}
