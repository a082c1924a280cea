"""Which role a workload gets, and the line of each rule that says why."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from iam.mapping import Config, ConfigError, Outcome, compiled, resolve
from tests.unit.mapping.writing import JOB, config, document, override

FIRST = ("workload-type in (job, service),user=ada@example.com", "first")
SECOND = ("project=vision", "second")
THIRD = ("", "third")


@pytest.mark.parametrize(
    ("labels", "role", "index", "outcome"),
    [
        (JOB, "first", 0, Outcome.RULE),
        ({**JOB, "user": "bob@example.com"}, "second", 1, Outcome.RULE),
        ({**JOB, "user": "bob@example.com", "project": "nlp"}, None, None, Outcome.CLOUD_DEFAULT),
        ({}, None, None, Outcome.CLOUD_DEFAULT),
    ],
)
def test_the_first_rule_that_matches_decides(
    labels: dict[str, str], role: str | None, index: int | None, outcome: Outcome
) -> None:
    found = resolve(config(FIRST, SECOND), labels)
    assert (found.role, found.rule_index, found.outcome) == (role, index, outcome)


def test_without_a_match_the_default_may_stop_the_workload() -> None:
    found = resolve(config(FIRST, default="FAIL"), {"workload-type": "workspace"})
    assert (found.role, found.rule_index, found.outcome) == (None, None, Outcome.FAIL)
    assert found.trace[-1].matched
    assert "not started" in found.trace[-1].reason


def test_every_rule_has_its_line() -> None:
    trace = resolve(config(FIRST, SECOND, THIRD), {**JOB, "user": "bob@example.com"}).trace
    assert [(line.rule_index, line.selector, line.value, line.matched) for line in trace] == [
        (0, *FIRST, False),
        (1, *SECOND, True),
        (2, *THIRD, False),
        (None, "default_rule", "CLOUD_DEFAULT", False),
    ]
    assert [line.reason for line in trace] == [
        "no match: user=ada@example.com does not hold, user is bob@example.com",
        "matched: project is vision",
        "not reached: rule 2 matched first",
        "not reached: rule 2 matched first",
    ]


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("!project", "no match: !project does not hold, project is vision"),
        ("project in (b,a)", "no match: project in (a,b) does not hold, project is vision"),
        ("team", "no match: team does not hold, team is not set"),
        ("user,project>5", "no match: project>5 does not hold, project is vision"),
        ("empty=x", "no match: empty=x does not hold, empty is empty"),
        ("odd=x", "no match: odd=x does not hold, odd is '\\ud800\\n'"),
    ],
)
def test_a_line_names_the_condition_that_does_not_hold(selector: str, reason: str) -> None:
    assert resolve(config((selector, "r")), {**JOB, "empty": "", "odd": "\ud800\n"}).trace[0].reason == reason


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("", "matched: an empty selector matches every workload"),
        ("!team", "matched: team is not set"),
        ("project,project!=x,user", "matched: project is vision, user is ada@example.com"),
    ],
)
def test_a_line_says_what_made_the_match(selector: str, reason: str) -> None:
    assert resolve(config((selector, "r")), JOB).trace[0].reason == reason


def test_no_mapping_gives_the_role_of_the_cloud() -> None:
    found = resolve(Config.EMPTY, JOB)
    assert (found.role, found.outcome) == (None, Outcome.CLOUD_DEFAULT)
    assert "no mapping" in found.trace[0].reason


WHOLE = {"cloud_deployment_id": "cldrsrc_1", "cloud_provider": "AWS", "compute_stack": "VM"}


@pytest.mark.parametrize(
    "written",
    [
        document(FIRST),
        {**WHOLE, "dataplane_iam_mapping": document(FIRST)},
        {"rules": document(FIRST)["rules"]},
        {"dataplane_iam_mapping": {"rules": document(FIRST)["rules"], "default_rule": "FAIL"}},
    ],
)
def test_a_plain_document_is_resolved_too(written: dict[str, Any]) -> None:
    assert resolve(written, JOB).role == "first"


@pytest.mark.parametrize(
    "written", [{}, {**WHOLE, "dataplane_iam_mapping": {}}, {"dataplane_iam_mapping": None}]
)
def test_a_document_without_mapping_gives_the_role_of_the_cloud(written: dict[str, Any]) -> None:
    assert resolve(written, JOB).outcome is Outcome.CLOUD_DEFAULT


def test_a_faulty_document_is_refused() -> None:
    with pytest.raises(ConfigError):
        resolve({"rules": [{"selector": "(", "value": "x"}]}, JOB)
    with pytest.raises(ConfigError):
        resolve({"cloud_provider": "GCP", "dataplane_iam_mapping": document(("", "a-role"))}, JOB)


ARN = "arn:aws:iam::123456789012:instance-profile/mine"


@pytest.mark.parametrize(
    ("field", "profile", "allowed"),
    [
        ({}, "mine", True),
        (override("ALLOW"), ARN, True),
        (override("DENY"), "mine", False),
        (override("ALLOW_LIST", "mine"), "mine", True),
        (override("ALLOW_LIST", "mine"), ARN, True),
        (override("ALLOW_LIST", ARN), "mine", True),
        (override("ALLOW_LIST", ARN), ARN, True),
        (override("ALLOW_LIST", ARN), ARN.replace("1234", "9999"), False),
        (override("ALLOW_LIST", "mine"), "yours", False),
        (override("ALLOW_LIST", ARN), "yours", False),
        (override("ALLOW_LIST", "mine"), "arn:not-an-arn", False),
    ],
)
def test_a_profile_of_the_compute_config_counts_where_the_cloud_allows_it(
    field: dict[str, Any], profile: str, *, allowed: bool
) -> None:
    found = resolve(config(FIRST, SECOND, **field), JOB, instance_profile=profile)
    if allowed:
        assert (found.role, found.rule_index, found.outcome) == (profile, None, Outcome.OVERRIDE)
    else:
        assert (found.role, found.rule_index, found.outcome) == ("first", 0, Outcome.RULE)
    line, *others = found.trace
    assert (line.rule_index, line.selector, line.value, line.matched) == (
        None, "IamInstanceProfile", profile, allowed,
    )  # fmt: skip
    assert line.reason.startswith("matched" if allowed else "refused")
    assert [one.rule_index for one in others] == [0, 1, None]
    assert any(one.matched for one in others) is not allowed


@pytest.mark.parametrize("default", ["FAIL", "CLOUD_DEFAULT"])
def test_a_refused_profile_does_not_save_a_workload_from_the_default(default: str) -> None:
    refusing = config(("project=other", "x"), default=default, **override("DENY"))
    found = resolve(refusing, JOB, instance_profile="mine")
    assert (found.role, found.outcome) == (None, Outcome(default))


selectors = some.lists(
    some.sampled_from(
        ["user=a", "user=b", "user in (a,b)", "user!=a", "project=p", "project in (p,q)", "!project",
         "project", "workload-type=job", "workload-type notin (job)", "user>4", "project<5",
         "team", "user in ()"]
    ),
    max_size=3,
).map(",".join)  # fmt: skip
labellings = some.fixed_dictionaries(
    {},
    optional={
        "user": some.sampled_from(["a", "b", "c", "", "5"]),
        "project": some.sampled_from(["p", "q", "4"]),
        "workload-type": some.sampled_from(["job", "service"]),
        "team": some.just("x"),
    },
)


@given(some.lists(selectors, max_size=8), labellings)
def test_the_compiled_form_finds_what_trying_each_rule_finds(
    texts: list[str], labels: dict[str, str]
) -> None:
    read = config(*((text, f"role{at}") for at, text in enumerate(texts)))
    first = next((at for at, rule in enumerate(read.rules) if rule.selector.matches(labels)), None)
    found = compiled(read).resolve(labels)
    assert found.rule_index == first
    lines = [line for line in found.trace if line.rule_index is not None]
    assert [line.rule_index for line in lines] == list(range(len(texts)))
    assert [line.rule_index for line in lines if line.matched] == ([] if first is None else [first])
    assert [line.matched for line in found.trace].count(True) == 1
