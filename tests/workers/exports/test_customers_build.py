"""A customer creates the cloud from an export, without us; then we look at it with our own eyes."""

import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clouds.checks.catalogue import run_checks
from clouds.export.blueprint import Blueprint, aws_cli, cloudformation, terraform
from clouds.export.outputs import read_outputs
from clouds.facts import Facts
from clouds.findings import Status
from clouds.planning import plan_setup
from clouds.specs import CloudSpec
from tests.sandbox import SandboxProcess
from tests.workers.exports.applied import Applied
from tests.workers.exports.cli import Cli, run
from tests.workers.exports.stack import Stack
from tests.workers.places import Place, new_spec
from workers.aws.observe import VERIFY, observe
from workers.aws.session import Sessions

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
# What is tried and not looked at; nothing of it was tried here.
NOT_ASKED = {"bucket.control_plane", "trust.assumable", "trust.requires_external_id", "region.sts"}


class Customer:
    """The account's administrator, with plain SDK clients."""

    def __init__(self, sandbox: SandboxProcess, spec: CloudSpec, folder: Path) -> None:
        self.sandbox = sandbox
        self.spec = spec
        self.folder = folder
        self.blueprint = Blueprint.of(spec, spec.external_id or "")

    def client(self, service: str, region: str = "") -> Any:
        return self.sandbox.admin(service, self.spec.account_id, region=region or self.spec.region)

    def with_cloudformation(self) -> str:
        stack = Stack(json.loads(cloudformation(self.blueprint)), self.client, self.spec.region)
        stack.create()
        return stack.described()

    def with_terraform(self) -> str:
        applied = Applied(terraform(self.blueprint), self.client, self.spec.region)
        applied.apply()
        return applied.output()

    def with_aws_cli(self) -> str:
        done = run(aws_cli(self.blueprint), Cli(self.client), self.folder)
        assert done.code == 0, done.err
        assert not done.slept
        return done.out


WAYS: dict[str, Callable[[Customer], str]] = {
    "cloudformation": Customer.with_cloudformation,
    "terraform": Customer.with_terraform,
    "aws-cli": Customer.with_aws_cli,
}
SPECS: dict[str, dict[str, Any]] = {
    "usual": {"zones": 3},
    "small": {"zones": 2, "vpc_cidr": "10.8.0.0/19", "ingress_cidrs": ("10.0.0.0/8", "203.0.113.0/24")},
}


@pytest.fixture
def customer(aws_sandbox: SandboxProcess, tmp_path: Path) -> Customer:
    return Customer(aws_sandbox, new_spec(**SPECS["usual"]), tmp_path)


def seen(customer: Customer, entered: Sessions, pool: Executor) -> tuple[CloudSpec, Facts]:
    """What verification sees, through the role that the export made."""
    spec = replace(customer.spec, cross_account_role_arn=customer.blueprint.spec.cross_account_role_arn)
    place = Place(customer.sandbox, spec, entered)
    return spec, observe(place.enter("verify"), spec, VERIFY, pool=pool, now=NOW)


@pytest.mark.parametrize(
    ("way", "shape"),
    [("cloudformation", "usual"), ("cloudformation", "small"), ("terraform", "small"), ("aws-cli", "usual")],
)
def test_what_a_customer_makes_of_it_verifies(
    aws_sandbox: SandboxProcess, entered: Sessions, pool: Executor, tmp_path: Path, way: str, shape: str
) -> None:
    customer = Customer(aws_sandbox, new_spec(**SPECS[shape]), tmp_path)
    told = WAYS[way](customer)
    spec, facts = seen(customer, entered, pool)

    findings = [one for one in run_checks(spec, facts) if one.check not in NOT_ASKED]
    # CloudFormation cannot tag an instance profile: a warning, and set-up does not take it for its own.
    tagged = way != "cloudformation"
    short = [(one.check, one.status, one.observed) for one in findings if one.status is not Status.PASS]
    untagged = f"Without the cloud's tag: instance profile {spec.cluster_role_name}."
    assert short == ([] if tagged else [("tags", Status.WARN, untagged)])
    lacking = {one.name for one in plan_setup(spec, facts).steps}
    assert lacking == (set() if tagged else {"instance-profile", "instance-profile-role"})
    assert {one.area for one in findings} >= {"vpc", "subnets", "sg", "cluster_role", "bucket", "role"}

    found = read_outputs(told)
    mine = [one for one in facts.subnets if one.cloud_id == spec.cloud_id]
    assert {(one.id, one.zone) for one in found.subnets} == {(one.id, one.zone) for one in mine}
    assert len(mine) == spec.zones
    assert [found.vpc_id] == [one.id for one in facts.vpcs if one.cloud_id == spec.cloud_id]
    assert found.security_group_ids == tuple(
        one.id for one in facts.security_groups if one.cloud_id == spec.cloud_id
    )
    assert (found.bucket, found.cluster_role_arn) == (spec.bucket_name, spec.cluster_role_arn)
    assert found.instance_profile_arn.endswith(f":instance-profile/{spec.cluster_role_name}")
    assert (found.cross_account_role_arn, found.account_id) == (spec.cross_account_role_arn, spec.account_id)


@pytest.fixture
def refused(aws_sandbox: SandboxProcess) -> Callable[[str, int], None]:
    def fault(action: str, times: int) -> None:
        aws_sandbox.fault(action, "deny", times=times)

    return fault


def test_the_script_waits_for_a_new_role_and_says_so(
    customer: Customer, refused: Callable[[str, int], None]
) -> None:
    refused("s3:PutBucketPolicy", 2)
    done = run(aws_cli(customer.blueprint), Cli(customer.client), customer.folder)
    assert (done.code, done.slept) == (0, ["2", "4"])
    assert "Trying again in 2 seconds" in done.err
    assert read_outputs(done.out).bucket == customer.spec.bucket_name


def test_the_script_stops_at_the_first_error(customer: Customer, refused: Callable[[str, int], None]) -> None:
    refused("ec2:CreateInternetGateway", 1)
    cli = Cli(customer.client)
    done = run(aws_cli(customer.blueprint), cli, customer.folder)
    assert done.code != 0
    assert cli.calls[-1][0] == "ec2 create-internet-gateway"
    assert "Create the internet gateway" in done.err.splitlines()[-2]
    assert done.out == ""


def test_the_script_changes_nothing_in_another_account(customer: Customer) -> None:
    other = Blueprint.of(replace(customer.spec, account_id="333333333333"), "x")
    cli = Cli(customer.client)
    done = run(aws_cli(other), cli, customer.folder)
    assert done.code == 1
    assert "not of account 333333333333. Nothing was changed." in done.err
    assert [name for name, _ in cli.calls] == ["sts get-caller-identity"]


def test_the_script_changes_nothing_where_zones_are_few(customer: Customer) -> None:
    cli = Cli(customer.client)
    done = run(aws_cli(Blueprint.of(replace(customer.spec, zones=9), "x")), cli, customer.folder)
    assert done.code == 1
    assert "fewer than 9 zones" in done.err
    assert cli.calls[-1][0] == "ec2 describe-availability-zones"
