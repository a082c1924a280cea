"""/clouds/{id}/iam-mapping: who gets which role, who would, and what is odd, told over REST."""

from datetime import datetime
from typing import Any

import pytest

from clouds.models import Cloud
from clouds.states import CloudState
from tests import factories
from tests.api.test_config import document, put, text
from tests.api.test_hostile import problem
from tests.api.world import JOBS, PREFIX, VISION, mapping
from tests.people import People

JOB = {"workload-type": "job", "project": "vision", "user": "ann@example.com"}


@pytest.fixture
def cloud(us: People) -> Cloud:
    made = factories.cloud(us.organization.id, CloudState.ACTIVE)
    put(us.owner.api, made, document(made, VISION, JOBS))
    return made


def ask(us: People, cloud: Cloud, what: str, status: int = 200, **body: Any) -> dict[str, Any]:
    reply = us.auditor.api.post(f"{PREFIX}clouds/{cloud.id}/iam-mapping/{what}", body)
    assert reply.status_code == status, reply.content
    found: dict[str, Any] = reply.json()
    return found


# Resolve


def test_the_first_rule_that_matches_decides_and_every_rule_is_traced(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "resolve", labels=JOB)
    assert (found["outcome"], found["role"], found["rule_index"], found["version"]) == (
        "RULE",
        "vision",
        0,
        1,
    )
    assert found["rule"] == {"selector": VISION[0], "value": VISION[1]}
    assert [(one["rule_index"], one["matched"]) for one in found["trace"]] == [
        (0, True), (1, False), (None, False),
    ]  # fmt: skip
    assert found["trace"][1]["reason"] == "not reached: rule 1 matched first"
    assert found["resolved"]["arn"] == f"arn:aws:iam::{cloud.account_id}:role/vision"


def test_the_clouds_own_role_is_filled_in(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "resolve", labels={"workload-type": "service"})
    assert (found["outcome"], found["role"]) == ("CLOUD_DEFAULT", f"raydock-{cloud.id}-cluster")
    assert (found["rule_index"], found["rule"]) == (None, None)


def test_a_workload_may_have_no_role(us: People, cloud: Cloud) -> None:
    put(
        us.owner.api,
        cloud,
        document(cloud) | {"dataplane_iam_mapping": {**mapping(VISION), "default_rule": "FAIL"}},
    )
    found = ask(us, cloud, "resolve", labels={})
    assert (found["outcome"], found["role"], found["resolved"], found["version"]) == ("FAIL", None, None, 2)


@pytest.mark.parametrize(
    ("override", "profile", "outcome", "said"),
    [
        (None, "gpu", "OVERRIDE", "this cloud allows any"),
        ({"mode": "DENY"}, "gpu", "RULE", "this cloud allows none"),
        ({"mode": "ALLOW_LIST", "allowed": ["gpu"]}, "gpu", "OVERRIDE", "in the list"),
        ({"mode": "ALLOW_LIST", "allowed": ["gpu"]}, "other", "RULE", "not in the list"),
    ],
)
def test_an_instance_profile_of_a_compute_config_is_shown_in_the_trace(
    us: People, cloud: Cloud, override: Any, profile: str, outcome: str, said: str
) -> None:
    more = {"instance_profile_override": override} if override else {}
    data = document(cloud) | {"dataplane_iam_mapping": {**mapping(VISION), **more}}
    assert put(us.owner.api, cloud, data).status_code == 200
    found = ask(us, cloud, "resolve", labels=JOB, instance_profile=profile)
    assert (found["outcome"], found["role"]) == (outcome, profile if outcome == "OVERRIDE" else "vision")
    assert found["trace"][0]["selector"] == "IamInstanceProfile"
    assert said in found["trace"][0]["reason"]


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        ({"workload_type": "job"}, "labels.workload_type"),
        ({"workload-type": "batch"}, "labels.workload-type"),
        ({"project": "x" * 300}, "labels.project"),
        ({"project": ["a"]}, "labels.project"),
        ("text", "labels"),
    ],
)
def test_labels_that_no_workload_has_are_refused(us: People, cloud: Cloud, labels: Any, field: str) -> None:
    assert field in ask(us, cloud, "resolve", 400, labels=labels)["fields"]


# Simulate


def test_who_changes_and_who_would_fail(us: People, cloud: Cloud) -> None:
    candidate = {**mapping(JOBS, VISION), "default_rule": "FAIL"}
    workloads = [JOB, {"labels": {"workload-type": "service"}}, {"labels": {}, "instance_profile": "gpu"}]
    found = ask(us, cloud, "simulate", config=candidate, workloads=workloads)
    assert (found["version"], found["sampled"], found["changed"], found["failing"]) == (1, False, 2, 1)
    job, service, own = found["workloads"]
    assert (job["before"]["role"], job["after"]["role"], job["changed"]) == ("vision", "jobs", True)
    assert (service["before"]["role"], service["after"]["role"]) == (f"raydock-{cloud.id}-cluster", None)
    assert service["fails"]
    assert (own["after"]["outcome"], own["changed"]) == ("OVERRIDE", False)
    assert {one["code"] for one in found["remarks"]} == {"overlap"}
    assert us.owner.api.get(f"{PREFIX}clouds/{cloud.id}/config")["ETag"] == '"v1-json"'


def test_without_workloads_all_kinds_that_are_named_are_tried(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "simulate", config=document(cloud, ("project=speech,user=ann@example.com", "x")))
    assert found["sampled"]
    labels = [one["labels"] for one in found["workloads"]]
    assert {one["project"] for one in labels} == {"vision", "speech", "(any other)"}
    assert {one["user"] for one in labels} == {"ann@example.com", "(any other)"}
    assert len(labels) == 3 * 3 * 2


def test_a_candidate_may_be_yaml(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "simulate", config=text(cloud), workloads=[{"user": "user1@example.com"}])
    assert found["changed"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "config"),
        ({"config": mapping(("a=(", "x"))}, "rules[0].selector"),
        ({"config": 7}, "body"),
        ({"config": "a: [", "workloads": []}, "body"),
        ({"config": {}, "workloads": [{"colour": "blue"}]}, "workloads[0].colour"),
        ({"config": {}, "workloads": [{}] * 1_001}, "workloads"),
    ],
)
def test_a_trial_that_cannot_be_made_is_refused(us: People, cloud: Cloud, body: Any, field: str) -> None:
    assert field in ask(us, cloud, "simulate", 400, **body)["fields"]


# Lint


def test_remarks_name_the_rule_the_witness_and_the_fix(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "lint", config=mapping(VISION, (f"{VISION[0]},workload-type=job", "x")))
    assert (found["readable"], found["faults"]) == (True, [])
    (remark,) = found["remarks"]
    assert (remark["code"], remark["severity"], remark["rule_index"]) == ("shadowed", "error", 1)
    assert (remark["other_index"], remark["others"]) == (0, [0])
    assert remark["witness"]["project"] == "vision"
    assert remark["fix"]


def test_users_of_the_organization_are_known(us: People, cloud: Cloud) -> None:
    rules = ((f"user={us.member.actor.label}", "x"), ("user=nobody@nowhere.example", "x"))
    found = ask(us, cloud, "lint", config=mapping(*rules))
    assert [(one["code"], one["rule_index"]) for one in found["remarks"]] == [("unknown-value", 1)]


def test_a_role_of_another_account_is_an_error(us: People, cloud: Cloud) -> None:
    foreign = ("project=a", "arn:aws:iam::333333333333:role/x")
    (remark,) = ask(us, cloud, "lint", config=mapping(foreign))["remarks"]
    assert (remark["code"], remark["severity"]) == ("other-account", "error")


def test_a_configuration_that_cannot_be_read_is_told_with_its_place(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "lint", config=text(cloud).replace("user=user1", "user=(user1"))
    assert (found["readable"], found["remarks"]) == (False, [])
    (fault,) = found["faults"]
    assert (fault["line"], fault["path"]) == (9, "dataplane_iam_mapping.rules[0].selector")
    assert fault["column"] > 1


def test_without_a_configuration_the_one_in_force_is_examined(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "lint")
    assert [one["code"] for one in found["remarks"]] == ["overlap"]


def test_another_clouds_configuration_is_refused(us: People, cloud: Cloud) -> None:
    other = factories.cloud(us.organization.id, CloudState.ACTIVE)
    found = ask(us, cloud, "lint", config=document(other, VISION))
    assert [one["path"] for one in found["faults"]] == ["cloud_deployment_id"]


def test_looks_need_only_the_right_to_read(us: People, cloud: Cloud, now: datetime) -> None:
    reply = us.stranger.api.post(f"{PREFIX}clouds/{cloud.id}/iam-mapping/resolve", {"labels": {}})
    problem(reply, 404, "not_found")


@pytest.mark.parametrize("path", ["simulate", "lint"])
def test_t3_an_external_id_in_yaml_text_is_refused(us: People, cloud: Cloud, path: str) -> None:
    yaml = "dataplane_iam_mapping: {rules: [{External-Id: x}]}"
    assert ask(us, cloud, path, 400, config=yaml)["code"] == "external_id_not_accepted"
