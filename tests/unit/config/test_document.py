"""A configuration is the cloud's own, whole, and every fault of it is told at once with its place."""

from typing import Any

import pytest

from clouds.config.document import (
    MOST_PROFILES,
    MOST_RULES,
    from_json,
    from_yaml,
    ordered,
    pristine,
    read_mapping,
)
from clouds.config.faults import MOST_FAULTS, MOST_TOLD, ConfigFault, as_problem
from iam.mapping import Config
from tests.unit.config.samples import COMMENTED, FIRST, GOOGLE, OURS, SECOND, document, rule


def faults(data: object) -> dict[str, str]:
    with pytest.raises(ConfigFault) as caught:
        from_json(data, OURS)
    return {one.path: one.message for one in caught.value.faults}


def test_yaml_and_json_say_the_same_and_the_text_is_kept() -> None:
    read = from_yaml(COMMENTED.encode(), OURS)
    assert read.source == COMMENTED
    assert read.to_json() == {**document(FIRST, SECOND), "compute_stack": "VM"}
    assert list(read.to_json()) == [
        "cloud_deployment_id", "cloud_provider", "compute_stack", "dataplane_iam_mapping",
    ]  # fmt: skip
    again = from_json(read.to_json(), OURS, COMMENTED)
    assert again == read


def test_a_cloud_without_a_configuration_has_an_empty_mapping() -> None:
    empty = pristine(OURS)
    assert empty.mapping is Config.EMPTY
    assert empty.to_json()["dataplane_iam_mapping"] == {}
    assert from_yaml(empty.source, OURS) == empty


def test_the_documented_example_of_gcp_is_read() -> None:
    data = {
        **document(rule("workload-type in (job, service)", "sa2@xxx.iam.gserviceaccount.com")),
        "cloud_deployment_id": GOOGLE.deployment_id,
        "cloud_provider": "GCP",
        "compute_stack": "VM",
    }
    assert from_json(data, GOOGLE).to_json() == data


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"cloud_deployment_id": "cldrsrc_other"}, "cloud_deployment_id", "of this one is cldrsrc_1"),
        ({"cloud_deployment_id": None}, "cloud_deployment_id", "belongs to another cloud"),
        ({"cloud_provider": "GCP"}, "cloud_provider", "of this one is AWS"),
        ({"compute_stack": "K8S"}, "compute_stack", "must be VM"),
        ({"compute_stack": []}, "compute_stack", "must be VM"),
        ({"colour": "blue"}, "colour", "There is no such field"),
        ({"dataplane_iam_mapping": []}, "dataplane_iam_mapping", "object"),
        ({"dataplane_iam_mapping": {"rules": []}}, "dataplane_iam_mapping.mode", "mode is missing"),
    ],
)
def test_what_is_wrong_is_told_by_field(change: dict[str, Any], path: str, said: str) -> None:
    assert said in faults({**document(), **change})[path]


@pytest.mark.parametrize("key", ["cloud_deployment_id", "cloud_provider", "dataplane_iam_mapping"])
def test_what_is_missing_is_told(key: str) -> None:
    data = document()
    del data[key]
    assert "is missing" in faults(data)[key]


@pytest.mark.parametrize("data", [None, [], "text", 7])
def test_what_is_no_object_is_told(data: object) -> None:
    assert "A configuration is an object" in faults(data)[""]


def test_rules_have_a_measure() -> None:
    many = [rule(f"user=u{n}", "role") for n in range(MOST_RULES + 1)]
    assert "2000 is the most" in faults(document(*many))["dataplane_iam_mapping.rules"]


def test_all_that_can_be_examined_has_a_measure() -> None:
    long = rule("user in (" + ",".join(f"u{n}" for n in range(50_000)) + ")", "role")
    assert "256 KiB" in faults(document(long))["dataplane_iam_mapping"]
    wide = document(*[rule(f"user in ({'😀' * 200},{'😀' * 210})", "role")] * 300)
    assert "256 KiB" in faults(wide)[""]
    listed = {"mode": "ALLOW_LIST", "allowed": [f"p{n}" for n in range(MOST_PROFILES + 1)]}
    told = faults(document(instance_profile_override=listed))
    assert "500 is the most" in told["dataplane_iam_mapping.instance_profile_override.allowed"]


def test_a_refusal_of_very_much_stays_short() -> None:
    told = faults({**document(), **{f"k{n}": 1 for n in range(50_000)}})
    assert len(told) == MOST_FAULTS + 1
    assert told[""] == "49800 more things are wrong. Mend these first."


def test_faults_of_yaml_have_line_column_and_fix() -> None:
    text = COMMENTED.replace("project=vision", "project in (vision").replace("role_name1", "no role")
    with pytest.raises(ConfigFault) as caught:
        from_yaml(text, OURS)
    told = [str(one) for one in caught.value.faults]
    assert told[0].startswith("Line 9, column 14: This is neither the name nor the ARN")
    assert told[1].startswith("Line 12, column 36: In a list a comma or ')' should stand here")


def test_a_refusal_names_every_fault_by_field_and_the_first_in_a_sentence() -> None:
    with pytest.raises(ConfigFault) as caught:
        from_json(document(*[rule("a=(", "x")] * 7), OURS)
    problem = as_problem(caught.value)
    assert (problem.status, problem.code, len(problem.fields)) == (400, "config_invalid", 7)
    assert problem.message.endswith(f"And {7 - MOST_TOLD} more.")


def test_a_mapping_by_itself_is_read_with_paths_of_its_own() -> None:
    assert len(read_mapping(document(FIRST)["dataplane_iam_mapping"], OURS).rules) == 1
    with pytest.raises(ConfigFault) as caught:
        read_mapping(document(rule("a=(", "x"))["dataplane_iam_mapping"], OURS)
    assert caught.value.faults[0].path == "rules[0].selector"


def test_a_stored_document_is_shown_in_the_order_of_the_documentation() -> None:
    stored = {
        "compute_stack": "VM",
        "dataplane_iam_mapping": {"default_rule": "FAIL", "mode": "CUSTOMER_MANAGED", "rules": []},
        "cloud_provider": "AWS",
        "cloud_deployment_id": "cldrsrc_1",
    }
    shown = ordered(stored)
    assert next(iter(shown)) == "cloud_deployment_id"
    assert list(shown["dataplane_iam_mapping"]) == ["mode", "rules", "default_rule"]
    assert shown == stored
