"""The three forms of a whole cloud: clean, complete, and each saying what set-up would do."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from cfnlint import lint as cfn_lint  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from clouds.export import cloudformation as stacks
from clouds.export import terraform as hashicorp
from clouds.export.blueprint import (
    USUAL_ZONES,
    Blueprint,
    aws_cli,
    cloudformation,
    cloudformation_yaml,
    terraform,
)
from clouds.export.bootstrap import ROLE, Bootstrap
from clouds.export.outputs import NAMES, Registration, read_outputs
from clouds.planning.documents import VERSION, bucket_statements, cluster_policy
from clouds.planning.setup import SETUP_ACTIONS
from clouds.specs import CloudSpec
from iam.policy.trust import cluster_trust_policy
from tests.unit.clouds.carrying import spec
from tests.unit.export.hcl import Block, Call, Reference, read, references

FRESH = spec(cross_account_role_arn=None)
# What set-up does to a network that is there already; an export begins with nothing.
REPAIRS = {"ec2:AuthorizeSecurityGroupEgress", "ec2:ModifyVpcEndpoint", "ec2:ReplaceRoute"}
SPECS: dict[str, dict[str, Any]] = {
    "two zones": {"zones": 2},
    "six zones, five ranges": {"zones": 6, "ingress_cidrs": tuple(f"10.{n}.0.0/16" for n in range(5))},
    "a /19": {"zones": 4, "vpc_cidr": "10.32.0.0/19"},
    "us-east-1, as many zones as there are": {"region": "us-east-1", "name": "a.b_c-D"},
}
every_spec = pytest.mark.parametrize("changes", SPECS.values(), ids=SPECS)


def blueprint(changes: dict[str, Any] | None = None, **options: Any) -> Blueprint:
    return Blueprint.of(replace(FRESH, **(changes or {})), "an-external-id", **options)


@every_spec
def test_cfn_lint_finds_neither_error_nor_warning(changes: dict[str, Any]) -> None:
    assert [str(match) for match in cfn_lint(cloudformation(blueprint(changes)))] == []


def test_cfn_lint_finds_nothing_without_the_role() -> None:
    assert cfn_lint(cloudformation(blueprint(with_role=False))) == []


def test_cfn_lint_would_find_a_mistake() -> None:
    text = cloudformation(blueprint(with_role=False))
    wrong = text.replace('"GatewayId"', '"DoorId"').replace('"Ref": "RouteTable"', '"Ref": "Nothing"')
    assert {match.rule.id for match in cfn_lint(wrong)} >= {"E3002", "E1020"}


def test_yaml_is_the_same_template() -> None:
    found = YAML(typ="safe", pure=True).load(StringIO(cloudformation_yaml(blueprint())))
    assert found == json.loads(cloudformation(blueprint()))


def test_the_template_says_what_its_stack_needs_and_keeps_the_bucket() -> None:
    template = json.loads(cloudformation(blueprint()))
    assert "CAPABILITY_NAMED_IAM" in template["Description"]
    assert FRESH.account_id in template["Description"]
    assert template["Resources"]["Bucket"]["DeletionPolicy"] == "Retain"
    assert "Condition" not in template


@pytest.mark.parametrize("forms", [stacks.FORMS, hashicorp.FORMS], ids=["cloudformation", "terraform"])
def test_every_call_of_a_set_up_has_its_form(forms: dict[str, Any]) -> None:
    assert forms.keys() >= SETUP_ACTIONS - REPAIRS
    assert {step.action for step in blueprint().steps} == SETUP_ACTIONS - REPAIRS


@every_spec
def test_every_step_follows_those_that_it_needs(changes: dict[str, Any]) -> None:
    done: set[str] = set()
    for step in blueprint(changes).steps:
        assert step.needs <= done, step.name
        done.add(step.name)


@every_spec
def test_terraform_declares_once_what_it_speaks_of(changes: dict[str, Any]) -> None:
    found = read(terraform(blueprint(changes)))
    declared = [one.labels for one in found.blocks if one.kind == "resource"]
    assert len(set(declared)) == len(declared)
    known = {("data", *one.labels) for one in found.blocks if one.kind == "data"} | set(declared)
    known |= {("local", name) for one in found.blocks if one.kind == "locals" for name in one.attributes}
    for one in references(Block("file", (), {}, [b for b in found.blocks if b.kind != "locals"])):
        assert one.parts[: 2 if one.parts[0] != "data" else 3] in known, one


def test_the_reader_of_terraform_would_find_a_mistake() -> None:
    text = terraform(blueprint())
    for right, wrong in (('"The VPC."', '"${x}"'), ("  tags = {", "  tags = "), ("resource ", "resource [")):
        assert right in text
        with pytest.raises(ValueError, match="stands"):
            read(text.replace(right, wrong, 1))


def of(found: Block, kind: str, *labels: str) -> Block:
    (one,) = [one for one in found.blocks if one.kind == kind and one.labels[: len(labels)] == labels]
    return one


def test_terraform_pins_the_provider_and_the_account() -> None:
    found = read(terraform(blueprint()))
    assert of(found, "provider", "aws").attributes == {
        "region": FRESH.region,
        "allowed_account_ids": [FRESH.account_id],
    }
    (wanted,) = of(found, "terraform").blocks
    assert wanted.attributes == {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}


def test_documents_are_those_of_set_up() -> None:
    made = blueprint()
    found = read(terraform(made))
    resources = json.loads(cloudformation(made))["Resources"]
    role = Bootstrap.of(FRESH, "an-external-id")
    bucket = {"Version": VERSION, "Statement": bucket_statements(made.spec)}
    assert role.role_arn in json.dumps(bucket)
    wanted: list[tuple[tuple[str, str], str, Any, Any]] = [
        (
            ("aws_iam_role", "raydock_role"),
            "assume_role_policy",
            role.trust,
            resources["RaydockRole"]["Properties"]["AssumeRolePolicyDocument"],
        ),
        (
            ("aws_iam_role_policy", "raydock_role_policy"),
            "policy",
            role.policy,
            resources["RaydockRole"]["Properties"]["Policies"][0]["PolicyDocument"],
        ),
        (
            ("aws_iam_role", "cluster_role"),
            "assume_role_policy",
            cluster_trust_policy(),
            resources["ClusterRole"]["Properties"]["AssumeRolePolicyDocument"],
        ),
        (
            ("aws_iam_role_policy", "cluster_role_bucket"),
            "policy",
            cluster_policy(FRESH),
            resources["ClusterRole"]["Properties"]["Policies"][0]["PolicyDocument"],
        ),
        (
            ("aws_s3_bucket_policy", "bucket_policy"),
            "policy",
            bucket,
            resources["BucketPolicy"]["Properties"]["PolicyDocument"],
        ),
    ]
    for address, attribute, document, written in wanted:
        assert of(found, "resource", *address).attributes[attribute] == Call("jsonencode", document)
        assert written == document


def test_the_bucket_policy_waits_for_the_roles_that_it_names() -> None:
    """S3 refuses a policy that names a role which is not there."""
    found = read(terraform(blueprint()))
    roles = {("aws_iam_role", "raydock_role"), ("aws_iam_role", "cluster_role")}
    waits = of(found, "resource", "aws_s3_bucket_policy").attributes["depends_on"]
    assert roles <= {one.parts for one in waits}
    after = json.loads(cloudformation(blueprint()))["Resources"]["BucketPolicy"]["DependsOn"]
    assert {"RaydockRole", "ClusterRole"} <= set(after)


@pytest.mark.parametrize(
    ("connected", "asked", "made"),
    [(False, None, True), (True, None, False), (True, True, True), (False, False, False)],
)
def test_a_role_that_exists_is_not_made_again(*, connected: bool, asked: bool | None, made: bool) -> None:
    known = spec() if connected else FRESH
    found = Blueprint.of(known, "an-external-id", with_role=asked)
    assert (ROLE in {step.name for step in found.steps}) is made
    arn = known.cross_account_role_arn or Bootstrap.of(known, "x").role_arn
    outputs = json.loads(cloudformation(found))["Outputs"]
    told = outputs["CrossAccountRoleArn"]["Value"]
    assert told == ({"Fn::GetAtt": ["RaydockRole", "Arn"]} if made else arn)
    for text in (terraform(found), aws_cli(found), cloudformation(found)):
        assert ("EntersWithExternalId" in text) is made
        # The bucket lets it in either way.
        assert arn in text


@pytest.mark.parametrize(
    ("wanted", "known", "made"), [(None, None, USUAL_ZONES), (None, 4, 4), (2, 6, 2), (None, 40, 16)]
)
def test_there_is_one_subnet_in_each_zone(wanted: int | None, known: int | None, made: int) -> None:
    found = read(terraform(blueprint({"zones": wanted}, zones=known)))
    subnets = [one for one in found.blocks if one.kind == "resource" and one.labels[0] == "aws_subnet"]
    places = [one.attributes["availability_zone"] for one in subnets]
    assert sorted(places, key=str) == sorted(
        (Reference(("local", "zones", str(place))) for place in range(made)), key=str
    )
    assert len({one.attributes["cidr_block"] for one in subnets}) == made


# Reading back what the exports tell


class Told:
    """What Terraform would tell after applying the file: ids of the right kind, names as declared."""

    def __init__(self, text: str) -> None:
        self.file = read(text)
        resources = [one for one in self.file.blocks if one.kind == "resource"]
        self.resources = {one.labels: one for one in resources}

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.value(key): self.value(one) for key, one in value.items()}
        if not isinstance(value, Reference):
            return value
        if value.parts[0] == "local":
            return f"{FRESH.region}{'abcdefghijklmnop'[int(value.parts[2])]}"
        kind, name, attribute = value.parts
        given = self.resources[kind, name].attributes
        if attribute == "arn":
            path = given.get("path", "/")
            noun = {"aws_iam_role": "role", "aws_iam_instance_profile": "instance-profile"}[kind]
            return f"arn:aws:iam::{FRESH.account_id}:{noun}{path}{given['name']}"
        if kind == "aws_s3_bucket":
            return given["bucket"]
        short = {"aws_vpc": "vpc", "aws_subnet": "subnet", "aws_security_group": "sg"}[kind]
        return f"{short}-{sum(map(ord, name)):017x}"

    def output(self) -> str:
        told = {
            one.labels[0]: {
                "sensitive": False,
                "type": "string",
                "value": self.value(one.attributes["value"]),
            }
            for one in self.file.blocks
            if one.kind == "output"
        }
        return json.dumps(told)


def names(found: Registration) -> tuple[str, ...]:
    return (
        found.account_id,
        found.bucket,
        found.cluster_role_arn,
        found.instance_profile_arn.rpartition("/")[2],
        found.cross_account_role_arn,
    )


def expected(wanted: CloudSpec) -> tuple[str, ...]:
    return (
        wanted.account_id,
        wanted.bucket_name,
        wanted.cluster_role_arn,
        wanted.cluster_role_name,
        str(wanted.cross_account_role_arn),
    )


@every_spec
def test_reading_the_outputs_gives_the_names_of_the_spec(changes: dict[str, Any]) -> None:
    made = blueprint(changes)
    found = read_outputs(Told(terraform(made)).output())
    assert names(found) == expected(made.spec)
    assert len(found.subnets) == made.zones
    assert len({one.zone for one in found.subnets}) == made.zones


def test_all_three_tell_the_same_things() -> None:
    made = blueprint()
    assert tuple(one.name for one in made.outputs) == NAMES
    assert tuple(one.labels[0] for one in read(terraform(made)).blocks if one.kind == "output") == NAMES
    keys = json.loads(cloudformation(made))["Outputs"].keys()
    assert keys - {"SubnetZones"} == {name.title().replace("_", "") for name in NAMES}
    assert all(f'"{name}": ' in aws_cli(made) for name in NAMES)
