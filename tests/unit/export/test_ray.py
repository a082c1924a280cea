"""The file for Ray's launcher: the cloud's network, the nodes' profiles, and the roles behind them."""

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from clouds.export.ray_cluster import HEAD, IMAGE, WORKER, ray_cluster, ray_cluster_yaml
from clouds.export.ray_launch import MANAGED, Workers, role_arn, role_name, roles_script, workers_of
from clouds.facts import Facts
from clouds.mapped_roles import mapped_roles
from clouds.planning.survey import Survey
from iam.errors import Problem
from iam.mapping import Config, read_config
from iam.policy.documents import parse
from iam.policy.evaluate import PolicySet, Request, evaluate, evaluate_assume_role
from tests.unit.clouds.account import ACCOUNT
from tests.unit.clouds.healthy import HEALTHY, SPEC, mapped_profile

CONFIG = read_config(
    {
        "mode": "CUSTOMER_MANAGED",
        "rules": [
            {"selector": "workload-type=job", "value": "raydock-mapped-jobs"},
            {"selector": "project=vision", "value": f"arn:aws:iam::{ACCOUNT}:instance-profile/team/vision"},
        ],
        "default_rule": "CLOUD_DEFAULT",
    }
)
FAILING = replace(CONFIG, default_rule=read_config({**CONFIG.to_json(), "default_rule": "FAIL"}).default_rule)
LABELS: list[dict[str, str]] = [
    {},
    {"workload-type": "job"},
    {"project": "vision"},
    {"user": "a@example.com"},
]
MAPPED = replace(SPEC, mapped_roles=mapped_roles(CONFIG, ACCOUNT))
TO_EC2 = {"iam:PassedToService": "ec2.amazonaws.com"}


def chosen(labels: dict[str, str], config: Config = CONFIG, facts: Facts = HEALTHY) -> Workers:
    return workers_of(MAPPED, facts, config, labels)


def cluster(labels: dict[str, str], config: Config = CONFIG, facts: Facts = HEALTHY) -> dict[str, Any]:
    return ray_cluster(Survey(MAPPED, facts), chosen(labels, config, facts))


def profile(made: dict[str, Any], kind: str) -> str:
    arn = made["available_node_types"][kind]["node_config"]["IamInstanceProfile"]["Arn"]
    return str(arn).removeprefix(f"arn:aws:iam::{ACCOUNT}:instance-profile/")


class TestProfiles:
    @pytest.mark.parametrize(
        ("labels", "name", "words"),
        [
            ({}, role_name(SPEC, "worker"), "No labels"),
            ({"workload-type": "job"}, "raydock-mapped-jobs", "Rule 1"),
            ({"project": "vision"}, "team/vision", "Rule 2"),
            ({"project": "vision", "workload-type": "job"}, "raydock-mapped-jobs", "Rule 1"),
            ({"user": "a@example.com"}, SPEC.cluster_role_name, "the cloud's own cluster role"),
        ],
    )
    def test_the_mapping_decides_the_workers(self, labels: dict[str, str], name: str, words: str) -> None:
        made = cluster(labels)
        assert profile(made, WORKER) == name
        assert profile(made, HEAD) == role_name(SPEC, "head")
        assert words in " ".join(made["metadata"]["notes"])

    def test_without_a_mapping_labels_lead_to_the_cluster_role(self) -> None:
        assert profile(cluster({"project": "x"}, Config.EMPTY), WORKER) == SPEC.cluster_role_name

    def test_a_workload_that_does_not_start_has_no_file(self) -> None:
        with pytest.raises(Problem, match="no rule matches it") as refused:
            chosen({"project": "other"}, FAILING)
        assert (refused.value.code, refused.value.status) == ("mapping_refuses", 409)

    def test_a_profile_of_another_name_is_taken_as_it_was_seen(self) -> None:
        kept = tuple(one for one in HEALTHY.instance_profiles if one.name != "raydock-mapped-jobs")
        nodes = mapped_profile("nodes", "raydock-mapped-jobs")
        seen = replace(HEALTHY, instance_profiles=(*kept, nodes))
        assert chosen({"workload-type": "job"}, facts=seen).profile_arn == nodes.arn

    def test_what_was_not_seen_is_said(self) -> None:
        assert not chosen({"project": "vision"}).seen
        assert "has not seen the instance profile" in cluster({"project": "vision"})["metadata"]["notes"][1]
        assert chosen({"workload-type": "job"}).seen
        assert chosen({"user": "a@example.com"}).seen


class TestFile:
    made = cluster({"workload-type": "job"})

    def test_it_stands_in_the_cloud_s_network(self) -> None:
        survey = Survey(SPEC, HEALTHY)
        subnets = sorted(survey.subnets.values(), key=lambda one: one.zone)
        assert survey.group
        for kind in self.made["available_node_types"].values():
            node = kind["node_config"]
            assert node["SubnetIds"] == [one.id for one in subnets]
            assert node["SecurityGroupIds"] == [survey.group.id]
            assert node["TagSpecifications"][0]["Tags"] == [
                {"Key": "raydock-cloud-id", "Value": SPEC.cloud_id}
            ]
        provider = self.made["provider"]
        assert provider["region"] == SPEC.region
        assert provider["availability_zone"] == ",".join(one.zone for one in subnets)
        assert self.made["head_node_type"] in self.made["available_node_types"]

    def test_yaml_says_the_same_as_json(self) -> None:
        text = ray_cluster_yaml(self.made)
        without_notes = {name: value for name, value in self.made.items() if name != "metadata"}
        assert YAML(typ="safe").load(text) == without_notes

    def test_the_image_is_a_placeholder_and_that_is_said_where_it_stands(self) -> None:
        lines = [line for line in ray_cluster_yaml(self.made).splitlines() if "ImageId" in line]
        assert len(lines) == 2
        assert all(IMAGE in line and "# no image" in line for line in lines)

    def test_what_one_must_know_stands_on_top(self) -> None:
        top = ray_cluster_yaml(self.made).partition("\n\n")[0]
        assert all(line.startswith("# ") for line in top.splitlines())
        top = top.replace("\n# ", " ")
        for word in ("names no image", "port 22", "exports/ray-roles", "terminated and not stopped"):
            assert word in top

    def test_a_cloud_without_a_network_has_no_file(self) -> None:
        with pytest.raises(Problem) as refused:
            cluster({}, facts=replace(HEALTHY, security_groups=()))
        assert (refused.value.code, refused.value.status) == ("not_set_up", 409)


def commands(labels: dict[str, str]) -> list[list[str]]:
    script = roles_script(MAPPED, chosen(labels))
    assert script.startswith("#!/usr/bin/env bash\n")
    return [shlex.split(line) for line in script.splitlines() if line.startswith("aws iam")]


def documents(labels: dict[str, str], command: str) -> dict[str, Any]:
    """Role name -> the document that this command gives it."""
    found = [line for line in commands(labels) if line[2] == command]
    option = "--assume-role-policy-document" if command == "create-role" else "--policy-document"
    return {line[line.index("--role-name") + 1]: json.loads(line[line.index(option) + 1]) for line in found}


class TestRoles:
    head, worker = role_name(SPEC, "head"), role_name(SPEC, "worker")

    def test_both_are_made_with_profiles_of_their_name_and_their_managed_policies(self) -> None:
        lines = commands({})
        assert set(documents({}, "create-role")) == {self.head, self.worker}
        for part, name in (("head", self.head), ("worker", self.worker)):
            given = [
                line[-1].rpartition("/")[2] for line in lines if "attach-role-policy" in line and name in line
            ]
            assert tuple(given) == MANAGED[part]
            into = ["aws", "iam", "add-role-to-instance-profile", "--instance-profile-name", name]
            assert [*into, "--role-name", name] in lines
        assert set(MANAGED["head"]) - set(MANAGED["worker"]) == {"AmazonEC2FullAccess", "AmazonSSMFullAccess"}

    def test_ec2_may_assume_both(self) -> None:
        for name, document in documents({}, "create-role").items():
            arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
            asked = Request("sts:AssumeRole", arn, "ec2.amazonaws.com")
            assert evaluate_assume_role(PolicySet(resource=[document]), asked).allowed

    @pytest.mark.parametrize(
        ("labels", "passed"),
        [
            ({}, role_arn(SPEC, "worker")),
            ({"workload-type": "job"}, f"arn:aws:iam::{ACCOUNT}:role/raydock-mapped-jobs"),
            ({"user": "a@example.com"}, SPEC.cluster_role_arn),
        ],
    )
    def test_the_head_alone_passes_the_workers_role_and_no_other(
        self, labels: dict[str, str], passed: str
    ) -> None:
        given = documents(labels, "put-role-policy")
        policies = PolicySet(identity=[parse(given[self.head])])
        assert evaluate(policies, Request("iam:PassRole", passed, "", TO_EC2)).allowed
        elsewhere = {"iam:PassedToService": "lambda.amazonaws.com"}
        assert not evaluate(policies, Request("iam:PassRole", passed, "", elsewhere)).allowed
        assert not evaluate(policies, Request("iam:PassRole", role_arn(SPEC, "head"), "", TO_EC2)).allowed
        assert "iam:PassRole" not in json.dumps([one for name, one in given.items() if name != self.head])

    def test_a_role_of_the_customer_is_not_made(self) -> None:
        assert set(documents({"workload-type": "job"}, "create-role")) == {self.head}

    def test_the_script_stops_in_another_account(self) -> None:
        script = roles_script(MAPPED, chosen({}))
        assert script.index(f"are not of account {ACCOUNT}") < script.index("aws iam create-role")

    def test_names_fit_iam(self) -> None:
        assert max(len(self.head), len(self.worker)) <= 64
