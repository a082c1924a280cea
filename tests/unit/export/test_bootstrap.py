import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cfnlint import lint as cfn_lint  # type: ignore[import-untyped]

from clouds.export.bootstrap import (
    PARAMETERS,
    POLICY_NAME,
    Bootstrap,
    aws_cli,
    cloudformation,
    default_role_name,
    hosted_cloudformation,
    quick_create_url,
    terraform,
)
from clouds.specs import CloudSpec
from iam.policy.arns import parse_role_arn
from iam.policy.documents import Kind, canonical, parse
from iam.policy.trust import lint

CLOUD = "cld_01h455vb4pex5vsknk084sn02q"
SPEC = CloudSpec(
    cloud_id=CLOUD,
    organization_id="org_01h455vb4pex5vsknk084sn02q",
    name="research",
    region="eu-central-1",
    account_id="222222222222",
    console_origin="http://localhost:8000",
    portal_role_arn="arn:aws:iam::111111111111:role/raydock-portal",
)
USUAL = Bootstrap.of(SPEC, "rdx-0123456789abcdef")
# Characters that mean something to a shell, to JSON or to Terraform. An external ID may hold some of them,
# and a role's name others; the texts must not depend on which.
AWKWARD = replace(
    USUAL, external_id='it\'s $HOME `id` "x" \\ ${a} %{b} $(c)', role_name="role+=,.@-_'$x", role_path="/a'b/"
)
BOTH = pytest.mark.parametrize("bootstrap", [USUAL, AWKWARD], ids=["usual", "awkward"])

Role = tuple[str, str, str, dict[str, Any], dict[str, Any]]


def expected(bootstrap: Bootstrap) -> Role:
    return (
        bootstrap.role_path,
        bootstrap.role_name,
        bootstrap.description,
        bootstrap.trust,
        bootstrap.policy,
    )


def from_cloudformation(text: str) -> Role:
    (resource,) = json.loads(text)["Resources"].values()
    assert resource["Type"] == "AWS::IAM::Role"
    role = resource["Properties"]
    (policy,) = role.pop("Policies")
    assert policy["PolicyName"] == POLICY_NAME
    assert role.keys() == {"Path", "RoleName", "Description", "AssumeRolePolicyDocument"}
    trust, attached = role["AssumeRolePolicyDocument"], policy["PolicyDocument"]
    return role["Path"], role["RoleName"], role["Description"], trust, attached


STAND_IN = """#!/usr/bin/env bash
printf '%s\\0' "$@" >> "$CALLS"
printf '\\0' >> "$CALLS"
if [ "$1" = sts ]; then echo "$ACCOUNT"; fi
"""


def run_script(text: str, folder: Path, account: str) -> tuple[int, list[list[str]]]:
    """Run the script with an `aws` that only writes down how it was called."""
    command, calls = folder / "aws", folder / "calls"
    command.write_text(STAND_IN)
    command.chmod(0o755)
    calls.touch()
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "CALLS": str(calls), "ACCOUNT": account, "HOME": "/nowhere"}
    done = subprocess.run(
        ["bash", "-c", text], env=environment, check=False, capture_output=True, text=True, timeout=20
    )
    return done.returncode, [call.split("\0") for call in calls.read_text().split("\0\0") if call]


def options(call: list[str]) -> dict[str, str]:
    return dict(zip(call[2::2], call[3::2], strict=True))


def from_script(text: str, folder: Path, account: str) -> Role:
    code, calls = run_script(text, folder, account)
    assert code == 0
    assert [call[:2] for call in calls] == [
        ["sts", "get-caller-identity"],
        ["iam", "create-role"],
        ["iam", "put-role-policy"],
    ]
    create, attach = options(calls[1]), options(calls[2])
    assert attach["--role-name"] == create["--role-name"]
    assert attach["--policy-name"] == POLICY_NAME
    trust, policy = create["--assume-role-policy-document"], attach["--policy-document"]
    name, path = create["--role-name"], create["--path"]
    return path, name, create["--description"], json.loads(trust), json.loads(policy)


def from_terraform(text: str) -> Role:
    """Read the few forms that the file uses; inside quotes Terraform writes `$${` for `${`."""

    def value(block: str, name: str) -> Any:
        after = text.split(block, 1)[1].split(f"\n  {name} ", 1)[1].split("=", 1)[1]
        plain = after.strip().removeprefix("jsonencode(").replace("$${", "${").replace("%%{", "%{")
        return json.JSONDecoder().raw_decode(plain)[0]

    role = 'resource "aws_iam_role" "raydock_role"'
    attached = 'resource "aws_iam_role_policy" "raydock_role_policy"'
    assert text.count("\nresource ") == 2
    assert value(attached, "name") == POLICY_NAME
    assert "role = aws_iam_role.raydock_role.id" in text
    return (
        value(role, "path"),
        value(role, "name"),
        value(role, "description"),
        value(role, "assume_role_policy"),
        value(attached, "policy"),
    )


@BOTH
def test_cloudformation_creates_exactly_the_role(bootstrap: Bootstrap) -> None:
    assert from_cloudformation(cloudformation(bootstrap)) == expected(bootstrap)


@BOTH
def test_the_script_creates_exactly_the_role(bootstrap: Bootstrap, tmp_path: Path) -> None:
    assert from_script(aws_cli(bootstrap), tmp_path, bootstrap.account_id) == expected(bootstrap)


@BOTH
def test_terraform_creates_exactly_the_role(bootstrap: Bootstrap) -> None:
    assert from_terraform(terraform(bootstrap)) == expected(bootstrap)


def test_terraform_escapes_what_it_would_fill_in() -> None:
    text = terraform(AWKWARD)
    assert "$${a}" in text
    assert "%%{b}" in text


def test_the_three_forms_agree(tmp_path: Path) -> None:
    roles = [
        from_cloudformation(cloudformation(USUAL)),
        from_script(aws_cli(USUAL), tmp_path, USUAL.account_id),
        from_terraform(terraform(USUAL)),
    ]
    assert len({canonical({"role": role}) for role in roles}) == 1


def test_the_script_changes_nothing_in_another_account(tmp_path: Path) -> None:
    code, calls = run_script(aws_cli(USUAL), tmp_path, "333333333333")
    assert code == 1
    assert [call[:2] for call in calls] == [["sts", "get-caller-identity"]]


def test_terraform_refuses_another_account() -> None:
    assert 'allowed_account_ids = ["222222222222"]' in terraform(USUAL)


def test_the_role_is_as_narrow_as_it_must_be() -> None:
    assert lint(USUAL.trust, USUAL.portal_role_arn, USUAL.external_id) == ()
    parse(USUAL.trust, Kind.RESOURCE)
    parse(USUAL.policy)
    assert parse_role_arn(USUAL.role_arn).account_id == SPEC.account_id


def test_the_policy_speaks_of_the_names_that_the_spec_gives() -> None:
    text = canonical(USUAL.policy)
    for name in (SPEC.bucket_name, SPEC.cluster_role_arn, SPEC.cloud_id, SPEC.tag_key, USUAL.role_arn):
        assert name in text


def test_a_role_is_named_after_its_cloud() -> None:
    assert USUAL.role_name == default_role_name(CLOUD) == "raydock-01h455vb4pex5vsknk084sn02q"
    assert Bootstrap.of(SPEC, "x", "mine").role_name == "mine"
    assert USUAL.role_name != SPEC.cluster_role_name


def test_a_connected_role_keeps_its_path() -> None:
    connected = replace(SPEC, cross_account_role_arn="arn:aws:iam::222222222222:role/team/a/mine")
    assert Bootstrap.of(connected, "x", "mine").role_arn == connected.cross_account_role_arn
    assert Bootstrap.of(connected, "x").role_path == "/"


@pytest.mark.parametrize("template", [cloudformation(USUAL), hosted_cloudformation()], ids=["own", "hosted"])
def test_cfn_lint_finds_neither_error_nor_warning(template: str) -> None:
    assert [str(match) for match in cfn_lint(template)] == []


def test_cfn_lint_would_find_a_mistake() -> None:
    assert cfn_lint(cloudformation(USUAL).replace('"RoleName"', '"NameOfRole"')) != []


def test_a_stack_of_the_hosted_template_is_the_same_role() -> None:
    template = json.loads(hosted_cloudformation())
    values = {name: getattr(USUAL, field) for name, (field, _) in PARAMETERS.items()}
    assert template["Parameters"].keys() == values.keys()
    known = values | {"AWS::AccountId": USUAL.account_id, "AWS::Region": USUAL.region}
    assert from_cloudformation(json.dumps(substituted(template, known))) == expected(USUAL)


def substituted(value: Any, known: dict[str, str]) -> Any:
    """Do what CloudFormation does with Fn::Sub."""
    if isinstance(value, dict) and value.keys() == {"Fn::Sub"}:
        text = value["Fn::Sub"]
        for name, meaning in known.items():
            text = text.replace(f"${{{name}}}", meaning)
        return text
    if isinstance(value, dict):
        return {key: substituted(inner, known) for key, inner in value.items()}
    return [substituted(inner, known) for inner in value] if isinstance(value, list) else value


def test_a_quick_create_link_carries_every_parameter() -> None:
    link = quick_create_url(USUAL, "https://templates.s3.amazonaws.com/raydock role.json")
    address, _, query = link.partition("#/stacks/quickcreate?")
    assert urlsplit(address).hostname == "eu-central-1.console.aws.amazon.com"
    assert " " not in link
    values = {name: found[0] for name, found in parse_qs(query, strict_parsing=True).items()}
    assert values.pop("templateURL") == "https://templates.s3.amazonaws.com/raydock role.json"
    assert values.pop("stackName") == USUAL.role_name
    assert values == {f"param_{name}": getattr(USUAL, field) for name, (field, _) in PARAMETERS.items()}
