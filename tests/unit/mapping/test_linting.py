"""Remarks on mappings: what each says, about which rule, with which example."""

import time
from dataclasses import replace
from typing import Any

import pytest

from iam.mapping import Config, Known, Remark, lint, read_config
from iam.mapping.names import MOST_OF_ONE_RULE
from tests.unit.mapping.writing import config

KNOWN = Known(
    projects=frozenset({"vision", "nlp"}),
    users=frozenset({"ada@example.com", "bob@example.com"}),
    roles=frozenset({"a", "arn:aws:iam::123456789012:role/ray/b"}),
)


def remarks(*rules: tuple[str, str], known: Known = Known(), **others: Any) -> list[Remark]:  # noqa: B008
    found = list(lint(config(*rules, **others), known))
    for one in found:
        assert one.message.endswith(".")
        assert one.fix.endswith((".", "?"))
    return found


def codes(*rules: tuple[str, str], known: Known = Known()) -> list[tuple[str, int | None, int | None]]:  # noqa: B008
    return [(one.code, one.rule_index, one.other_index) for one in remarks(*rules, known=known)]


def test_a_sound_mapping_gets_no_remark() -> None:
    assert codes(("workload-type=job,user=ada@example.com", "a"), ("workload-type=service", "b")) == []
    assert codes(("project=vision,user!=bob@example.com", "a"), ("project=nlp", "b"), known=KNOWN) == []
    assert lint(Config.EMPTY, KNOWN) == ()


@pytest.mark.parametrize(
    ("selector", "holds", "fix", "others"),
    [
        ("projct=vision", "never holds", "Did you mean project?", ["never-matches"]),
        ("type", "never holds", "workload-type, project, user", ["never-matches"]),
        ("team!=x,user=ada@example.com", "always holds", "Use one of them.", []),
        ("!Project,user=ada@example.com", "always holds", "Did you mean project?", []),
    ],
)
def test_a_label_that_no_workload_has(selector: str, holds: str, fix: str, others: list[str]) -> None:
    first, *rest = remarks((selector, "a"))
    assert (first.code, first.severity, first.rule_index) == ("unknown-key", "error", 0)
    assert holds in first.message
    assert fix in first.fix
    assert [one.code for one in rest] == others


@pytest.mark.parametrize(
    ("selector", "severity", "says", "fix"),
    [
        ("workload-type in (job,batch)", "error", "batch", "job, service, workspace"),
        ("workload-type!=batch,user=ada@example.com", "warning", "batch", "job, service, workspace"),
        ("project in (vision,speech)", "warning", "There is no project speech.", "Check how it is written"),
        ("project=Vision", "warning", "There is no project Vision.", "Write vision."),
        ("user=ADA@example.com", "warning", "ADA@example.com", "Write ada@example.com."),
        ("user notin (eve@example.com,bob@example.com)", "warning", "eve@example.com", "Check"),
        ("project>5", "warning", "No project meets project>5.", "Name"),
    ],
)
def test_a_value_that_nothing_has(selector: str, severity: str, says: str, fix: str) -> None:
    found = [one for one in remarks((selector, "a"), known=KNOWN) if one.code == "unknown-value"]
    assert [(one.severity, one.rule_index) for one in found] == [(severity, 0)]
    assert says in found[0].message
    assert fix in found[0].fix


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert codes(("project=speech", "nobody")) == []
    assert codes(("user=eve@example.com", "a"), known=Known(projects=frozenset())) == []


@pytest.mark.parametrize("selector", ["project in ()", "project=", "project in (vision,)", "user notin (,x)"])
def test_an_empty_value_is_pointed_out(selector: str) -> None:
    assert ("empty-value", 0, None) in codes((selector, "a"))


def test_a_role_that_does_not_exist() -> None:
    found = remarks(
        ("user=ada@example.com", "a"),
        ("user=bob@example.com", "b"),
        ("user=x", "arn:aws:iam::123456789012:instance-profile/b"),
        ("user=y", "c"),
        known=replace(KNOWN, users=None),
    )
    assert [(one.code, one.severity, one.rule_index) for one in found] == [("unknown-role", "error", 3)]


@pytest.mark.parametrize(
    "selector",
    [
        "user=a,user=b", "user,!user", "user=a,!user", "user in (a,b),user notin (a,b)",
        "workload-type in ()", "workload-type=batch", "!workload-type",
        "workload-type notin (job,service,workspace)",
        "workload-type>1", "project>5,project<6", "project>5,project<5", "project>9223372036854775807",
        "project>5,project=x",
        "project=5,project>5", "team=x,user=a", "project=,project!=",
    ],
)  # fmt: skip
def test_a_rule_that_can_never_match(selector: str) -> None:
    found = codes((selector, "a"), ("user=z", "b"))
    assert ("never-matches", 0, None) in found
    assert not {"shadowed", "overlap", "duplicate"} & {code for code, _, _ in found}


@pytest.mark.parametrize(
    "selector",
    ["project>5,project<7", "project>5,project=006", "project<0", "project!=a,project!=b", "project in (,a)",
     "project>9223372036854775806", "project<9223372036854775807,project>9223372036854775805"],
)  # fmt: skip
def test_a_rule_that_can_match(selector: str) -> None:
    assert "never-matches" not in {code for code, _, _ in codes((selector, "a"))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user=a", "user in (a)"),
        ("user=a", "user==a,user"),
        ("workload-type in (job,service)", "workload-type!=workspace"),
        ("project>5", "project>005"),
        ("", "workload-type"),
        ("user=a", "team!=x,user=a"),
    ],
)
def test_a_rule_that_asks_for_the_same_is_a_duplicate(one: str, other: str) -> None:
    found = remarks((one, "a"), ("project=x,user=z", "c"), (other, "b"))
    duplicate = next(remark for remark in found if remark.code == "duplicate")
    assert (duplicate.rule_index, duplicate.other_index, duplicate.severity) == (2, 0, "error")
    assert "shadowed" not in {remark.code for remark in found if remark.rule_index == 2}
    assert [
        remark.severity for remark in remarks((one, "a"), (other, "a")) if remark.code == "duplicate"
    ] == ["warning"]


def test_a_rule_behind_a_wider_one_is_shadowed() -> None:
    found = remarks(("user=z", "z"), ("project=vision", "a"), ("project=vision,workload-type=job", "b"))
    shadowed = next(one for one in found if one.code == "shadowed")
    assert (shadowed.rule_index, shadowed.other_index, shadowed.severity) == (2, 1, "error")
    assert shadowed.message == "Rule 3 is never reached: rule 2 matches every workload that it would."
    assert shadowed.fix == "Move rule 3 before rule 2, or remove it."
    assert shadowed.witness is not None
    assert (shadowed.witness["project"], shadowed.witness["workload-type"]) == ("vision", "job")


def test_a_shadowed_rule_with_the_same_role_does_no_harm() -> None:
    found = remarks(("project=vision", "a"), ("project=vision,user=x", "arn:aws:iam::123456789012:role/a"))
    assert [(one.code, one.severity) for one in found] == [("shadowed", "warning")]


@pytest.mark.parametrize(
    ("rules", "last", "named"),
    [
        (["user=a", "user=b", "user=c"], "user in (a,b)", (0, 1)),
        (["workload-type=job", "user=x", "workload-type=service", "workload-type=workspace"],
         "project", (0, 2, 3)),
        (["user", "!user"], "", (0, 1)),
        (["project>10", "project<20"], "project>3,project<30", (0, 1)),
        (["project>10", "project=x", "project<20,project!=15"], "project=15", None),
        (["project=a,user=b", "project!=a,user=b", "user!=b"], "project,user", (0, 1, 2)),
        (["workload-type=job,user=a", "workload-type!=job,project=p", "user=a,project!=p,workload-type!=job"],
         "project,user=a", (0, 1, 2)),
    ],
)  # fmt: skip
def test_a_rule_behind_several_that_cover_it_together(
    rules: list[str], last: str, named: tuple[int, ...] | None
) -> None:
    found = remarks(*((rule, f"r{at}") for at, rule in enumerate(rules)), (last, "last"))
    covered = [one for one in found if one.rule_index == len(rules) and one.code.startswith("shadowed")]
    if named is None:
        assert [(one.code, one.other_index) for one in covered] == [("shadowed", 0)]
        return
    assert [(one.code, one.others, one.other_index) for one in covered] == [
        ("shadowed-by-several", named, None)
    ]


@pytest.mark.parametrize(
    ("rules", "last"),
    [
        (["user=a", "user=b"], "user in (a,b,c)"),
        (["workload-type=job", "workload-type=service"], ""),
        (["user"], ""),
        (["project>10", "project<10"], "project"),
        (["project>10", "project<10", "project=10"], "project=010"),
        (["project>10", "project<11"], "project"),
        (["project=a,user=b", "project!=a,user=c"], "project,user=b"),
    ],
)
def test_a_rule_with_a_gap_left_is_not_shadowed(rules: list[str], last: str) -> None:
    found = codes(*((rule, f"r{at}") for at, rule in enumerate(rules)), (last, "last"))
    assert not any(code.startswith("shadowed") and index == len(rules) for code, index, _ in found)


def test_rules_of_different_roles_that_share_workloads() -> None:
    (overlap,) = remarks(("user=ada@example.com", "a"), ("workload-type=job", "b"))
    assert (overlap.code, overlap.severity, overlap.rule_index, overlap.other_index) == (
        "overlap",
        "warning",
        1,
        0,
    )
    assert overlap.witness is not None
    assert overlap.witness["user"] == "ada@example.com"
    assert overlap.witness["workload-type"] == "job"
    assert "rule 1 decides with a" in overlap.fix
    assert codes(("user=ada@example.com", "a"), ("workload-type=job", "a")) == []


def test_a_narrower_rule_before_a_wider_one_is_only_mentioned() -> None:
    found = remarks(("user=ada@example.com,project=vision", "a"), ("user=ada@example.com", "b"))
    assert [(one.code, one.severity, one.other_index) for one in found] == [("exception", "info", 0)]


def test_a_default_that_is_never_reached() -> None:
    found = remarks(("workload-type=job", "a"), ("workload-type!=job", "b"), default="FAIL")
    assert [(one.code, one.rule_index, one.severity) for one in found] == [
        ("default-unreached", None, "info")
    ]
    assert "FAIL" in found[0].message
    assert "default-unreached" not in {code for code, _, _ in codes(("user", "a"))}
    always = Known(always_present=frozenset({"workload-type", "user"}))
    assert "default-unreached" in {code for code, _, _ in codes(("user", "a"), known=always)}


def test_examples_use_names_that_exist() -> None:
    found = remarks(("project", "a"), ("project!=vision,project", "b"), known=replace(KNOWN, roles=None))
    witness = next(one.witness for one in found if one.code == "shadowed")
    assert witness is not None
    assert witness["project"] == "nlp"
    assert witness["user"] in {"ada@example.com", "bob@example.com"}


def test_remarks_come_in_the_order_of_rules() -> None:
    found = remarks(("user=a", "a"), ("user=a", "b"), ("team", "c"), ("", "d"), known=KNOWN)
    places = [99 if one.rule_index is None else one.rule_index for one in found]
    assert places == sorted(places)
    assert places[-1] == 99


@pytest.mark.parametrize(
    "selectors",
    [
        [f"project!=p{n},user!=u{n}" for n in range(2_000)],
        ["user in (" + ",".join(f"u{n}" for n in range(40_000)) + ")"],
    ],
)
def test_what_would_take_too_long_to_examine_is_said_and_not_done(selectors: list[str]) -> None:
    rules = [{"selector": one, "value": f"r{at}"} for at, one in enumerate(selectors)]
    config = read_config({"mode": "CUSTOMER_MANAGED", "rules": rules, "default_rule": "FAIL"})
    began = time.process_time()
    assert [one.code for one in lint(config)] == ["not-examined"]
    assert time.process_time() - began < 2


def test_many_rules_that_name_what_they_are_for_are_examined() -> None:
    rules = [{"selector": f"user=u{n}@example.com", "value": f"r{n}"} for n in range(2_000)]
    config = read_config({"mode": "CUSTOMER_MANAGED", "rules": [*rules, rules[0]], "default_rule": "FAIL"})
    assert [one.code for one in lint(config)] == ["duplicate"]


def test_of_one_rule_the_first_wrong_names_are_told() -> None:
    found = remarks((",".join(f"key{n}" for n in range(1_000)), "r"))
    assert [one.code for one in found].count("unknown-key") == MOST_OF_ONE_RULE
