"""A document becomes a mapping, or all its faults are named at once."""

from typing import Any

import pytest

from iam.mapping import Config, ConfigError, DefaultRule, Mode, Override, Problem, read_config
from iam.selectors import parse
from tests.unit.mapping.writing import document, override

AWS = document(
    ("workload-type in (workspace),user=user1@example.com", "role_name1"),
    ("workload-type in (job, service),user=user2@example.com", "role_name2"),
)
GCP = document(
    ("workload-type in (workspace),user=user1@example.com", "sa1@xxx.iam.gserviceaccount.com"),
    ("", "12345-compute@developer.gserviceaccount.com"),
    default="FAIL",
)


def problems(data: Any, provider: str = "AWS") -> dict[str, Problem]:
    with pytest.raises(ConfigError) as caught:
        read_config(data, provider=provider)
    found = caught.value.problems
    assert all(one.message.endswith(".") for one in found)
    assert len({one.path for one in found}) == len(found)
    return {one.path: one for one in found}


def test_the_documented_mapping_is_read_and_written_back_as_it_was() -> None:
    read = read_config(AWS)
    assert (read.mode, read.default_rule) == (Mode.CUSTOMER_MANAGED, DefaultRule.CLOUD_DEFAULT)
    assert read.rules[1].selector == parse("user=user2@example.com,workload-type in (job,service)")
    assert read.rules[1].source == "workload-type in (job, service),user=user2@example.com"
    assert read.to_json() == AWS
    assert read_config(GCP, provider="GCP").to_json() == GCP


def test_no_mapping_is_an_empty_object() -> None:
    assert read_config({}) == Config.EMPTY
    assert Config.EMPTY.to_json() == {}
    assert Config.EMPTY.mode is None


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (override("ALLOW"), Override(allowed=True)),
        (override("DENY"), Override(allowed=False)),
        (
            override("ALLOW_LIST", "a", "arn:aws:iam::123456789012:instance-profile/b"),
            Override(allowed=True, only=("a", "arn:aws:iam::123456789012:instance-profile/b")),
        ),
    ],
)
@pytest.mark.parametrize("mapping", [{}, AWS])
def test_overrides_are_kept_as_written(
    mapping: dict[str, Any], field: dict[str, Any], expected: Override
) -> None:
    read = read_config({**mapping, **field})
    assert read.override == expected
    assert read.to_json() == {**mapping, **field}


def test_what_is_not_said_of_overrides_allows_them() -> None:
    assert read_config(AWS).override == Override(allowed=True)
    assert "instance_profile_override" not in read_config(AWS).to_json()
    assert Config(override=Override(allowed=False)).to_json() == override("DENY")


def test_all_faults_are_named_at_once_with_their_paths() -> None:
    found = problems(
        {
            "mode": "MANAGED",
            "rules": [
                {"selector": "user=ada@example.com, team", "value": "fine"},
                {"selector": "x nott in (y)", "value": "a b"},
                {"selector": 5, "name": "x"},
                "user=x",
                {"selector": "a\0", "value": "arn:aws:iam::123456789012:user/x"},
                {"selector": None, "value": None},
            ],
            "default": "FAIL",
            "default_rule": "fail",
            **override("ALLOW_LIST"),
        }
    )
    assert sorted(found) == [
        "default",
        "default_rule",
        "instance_profile_override.allowed",
        "mode",
        "rules[1].selector",
        "rules[1].value",
        "rules[2].name",
        "rules[2].selector",
        "rules[2].value",
        "rules[3]",
        "rules[4].selector",
        "rules[4].value",
        "rules[5].selector",
        "rules[5].value",
    ]
    assert found["rules[1].selector"].position == 2
    assert found["rules[4].selector"].position == 1
    assert found["mode"].position is None
    assert "CLOUD_DEFAULT, FAIL" in found["default_rule"].message


@pytest.mark.parametrize("key", ["mode", "rules", "default_rule"])
def test_a_missing_field_is_named_with_what_to_write(key: str) -> None:
    found = problems({name: value for name, value in AWS.items() if name != key})
    assert list(found) == [key]
    assert found[key].message.startswith(f"{key} is missing.")


@pytest.mark.parametrize("data", [None, [], "x", 5, True, [AWS]])
def test_what_is_no_object_is_refused(data: object) -> None:
    assert list(problems(data)) == [""]


@pytest.mark.parametrize("rules", [None, {}, "user", 1, b"user"])
def test_rules_are_a_list(rules: object) -> None:
    assert list(problems({**AWS, "rules": rules})) == ["rules"]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({"mode": "DENY", "allowed": ["a"]}, "instance_profile_override.allowed"),
        ({"mode": "ALLOW_LIST", "allowed": "a"}, "instance_profile_override.allowed"),
        ({"mode": "ALLOW_LIST", "allowed": ["a", 1]}, "instance_profile_override.allowed[1]"),
        ({"mode": "ALLOW_LIST", "allowed": ["a b"]}, "instance_profile_override.allowed[0]"),
        ({"mode": "YES"}, "instance_profile_override.mode"),
        ({}, "instance_profile_override.mode"),
        ("DENY", "instance_profile_override"),
    ],
)
def test_a_faulty_override_is_named(field: object, path: str) -> None:
    assert path in problems({**AWS, "instance_profile_override": field})


def test_odd_keys_and_values_are_shown_safely() -> None:
    found = problems({**AWS, "\ud800": 1, "k" * 500: 1, 7: 1, "mode": "\ud800" * 500})
    for path, one in found.items():
        assert (path + one.message).isprintable()
        assert len(path + one.message) < 300


@pytest.mark.parametrize("selector", ["user=ada\u200b@example.com", "user=a\x1b", "user=\ud800"])
def test_a_selector_has_no_character_that_cannot_be_seen(selector: str) -> None:
    found = problems(document((selector, "role")))
    assert found["rules[0].selector"].position == next(
        at for at, one in enumerate(selector) if not one.isprintable()
    )


def test_an_empty_value_is_refused_also_where_the_provider_is_not_known() -> None:
    assert list(problems(document(("", "")), provider="")) == ["rules[0].value"]
