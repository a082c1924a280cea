"""Roles of a mapping: which there are, and whether nodes can run with each of them."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from clouds.checks import CATALOGUE, run_checks
from clouds.checks.asking import Case
from clouds.checks.mapped import look_policy
from clouds.checks.mapping import pass_policy
from clouds.facts import Denied, Facts
from clouds.findings import Finding, Status
from clouds.mapped_roles import MappedRole, mapped_roles
from clouds.planning import plan_delete
from clouds.planning.survey import Survey
from clouds.specs import CloudSpec
from iam.mapping import read_config
from iam.policy.documents import parse
from iam.policy.evaluate import PolicySet, Request, evaluate
from tests.unit.clouds.account import ACCOUNT
from tests.unit.clouds.breaking import FAIL, PASS, UNKNOWN, WARN, Break, bucket, mapped, without
from tests.unit.clouds.breaking_mapped import ARN, BROKEN_MAPPED, NAME, refused
from tests.unit.clouds.healthy import HEALTHY, MAPPED, SPEC, mapped_profile, mapped_role

MAPPING = sorted(check for check in CATALOGUE if check.startswith("mapping."))
OTHER = "arn:aws:iam::333333333333:role/jobs"


def named(*values: str, allowed: tuple[str, ...] = ()) -> tuple[MappedRole, ...]:
    document: dict[str, Any] = {
        "mode": "CUSTOMER_MANAGED",
        "rules": [{"selector": f"project=p{at}", "value": value} for at, value in enumerate(values)],
        "default_rule": "FAIL",
    }
    if allowed:
        document["instance_profile_override"] = {"mode": "ALLOW_LIST", "allowed": list(allowed)}
    return mapped_roles(read_config(document), ACCOUNT)


def wanting(*values: str, **more: Any) -> CloudSpec:
    return replace(SPEC, mapped_roles=named(*values, **more))


def find(check: str, facts: Facts, spec: CloudSpec = SPEC) -> Finding:
    (found,) = run_checks(spec, facts, [check])
    return found


def seeing(facts: Facts, **more: Any) -> Facts:
    """The healthy account with another role and another profile."""
    roles, profiles = more.get("roles", ()), more.get("profiles", ())
    return replace(
        facts,
        roles=(*facts.roles, *roles),
        instance_profiles=(*facts.instance_profiles, *profiles),
        denied=more.get("denied", ()),
    )


class TestRoles:
    def test_each_is_there_once_with_its_rules(self) -> None:
        found = named("a", "b", "a", f"arn:aws:iam::{ACCOUNT}:role/a", f"arn:aws:iam::{ACCOUNT}:role/x/b")
        assert [(one.role_name, one.rules) for one in found] == [("a", (0, 2, 3)), ("b", (1, 4))]

    def test_the_same_name_in_another_account_is_another_role(self) -> None:
        assert [one.value for one in named("jobs", OTHER)] == ["jobs", OTHER]

    def test_the_arn_of_a_profile_says_that_it_is_one(self) -> None:
        (found,) = named(f"arn:aws:iam::{ACCOUNT}:instance-profile/nodes")
        assert (found.profile_name, found.role_name, found.by_name) == ("nodes", "nodes", False)

    def test_what_a_compute_config_may_name_belongs_to_them(self) -> None:
        found = named("a", allowed=("nodes", f"arn:aws:iam::{ACCOUNT}:role/b"))
        assert [(one.role_name, one.profile_name, one.rules) for one in found] == [
            ("a", None, (0,)),
            ("nodes", "nodes", ()),
            ("b", None, ()),
        ]

    def test_no_mapping_names_no_role(self) -> None:
        assert mapped_roles(read_config({}), ACCOUNT) == ()

    def test_they_are_stored_with_the_spec(self) -> None:
        spec = wanting("a", allowed=("nodes",))
        assert CloudSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("check", "breaks", "status", "words"),
    BROKEN_MAPPED,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(BROKEN_MAPPED)],
)
def test_what_is_broken_is_found_and_its_fix_is_told(
    check: str, breaks: Break, status: Status, words: tuple[str, ...]
) -> None:
    found = find(check, breaks(HEALTHY))
    assert found.status is status
    told = f"{found.subject} {found.observed} {found.detail} {found.fix} {found.cli}"
    assert [word for word in words if word not in told] == []
    assert found.fix
    assert found.expected
    assert SPEC.cloud_id in found.cli or ACCOUNT in found.cli or NAME in found.cli or status is UNKNOWN


@pytest.mark.parametrize("check", MAPPING)
def test_a_sound_role_passes(check: str) -> None:
    found = find(check, HEALTHY)
    assert (found.status, found.subject, found.area) == (PASS, ARN, "mapping")


@pytest.mark.parametrize("check", MAPPING)
def test_there_is_one_finding_for_each_role(check: str) -> None:
    seen = seeing(
        HEALTHY, roles=(mapped_role("raydock-mapped-b"),), profiles=(mapped_profile("raydock-mapped-b"),)
    )
    found = run_checks(wanting(NAME, "raydock-mapped-b"), seen, [check])
    assert [(one.status, one.subject) for one in found] == [(PASS, ARN), (PASS, ARN.replace("jobs", "b"))]


@pytest.mark.parametrize("check", MAPPING)
def test_without_a_mapping_nothing_is_asked(check: str) -> None:
    assert run_checks(replace(SPEC, mapped_roles=()), HEALTHY, [check]) == ()


def test_a_role_that_is_missing_is_one_finding() -> None:
    found = run_checks(wanting("raydock-mapped-x"), HEALTHY, MAPPING)
    assert [(one.check, one.status) for one in found] == [("mapping.exists", FAIL)]


def test_one_role_that_cannot_be_seen_leaves_the_others_their_answers() -> None:
    spec = wanting("hidden", NAME)
    facts = refused("iam:GetRole", "hidden")(HEALTHY)
    found = run_checks(spec, facts, ["mapping.exists"])
    assert [one.status for one in found] == [UNKNOWN, PASS]
    assert find("role.permissions", facts, spec).status is PASS


def test_a_name_that_begins_like_the_cross_account_role_is_not_taken_for_it() -> None:
    facts = refused("iam:GetRole", "raydock-control-plane-of-somebody")(HEALTHY)
    assert find("role.permissions", facts).status is PASS


class TestOtherAccount:
    spec = wanting(OTHER)

    def test_is_said_and_not_looked_at(self) -> None:
        found = {one.check: one for one in run_checks(self.spec, HEALTHY, MAPPING)}
        assert {name: one.status for name, one in found.items()} == {
            "mapping.exists": UNKNOWN,
            "mapping.same_account": FAIL,
        }
        assert "333333333333" in found["mapping.same_account"].observed
        assert {one.subject for one in found.values()} == {OTHER}

    def test_is_not_mistaken_for_a_role_of_the_same_name_here(self) -> None:
        seen = seeing(HEALTHY, roles=(mapped_role("jobs"),), profiles=(mapped_profile("jobs"),))
        assert find("mapping.same_account", seen, self.spec).status is FAIL

    def test_is_in_no_policy_of_ours(self) -> None:
        case = Case(Survey(self.spec, HEALTHY))
        assert "333333333333" not in json.dumps([look_policy(case), pass_policy(case)])


class TestProfiles:
    """The mapping names an instance profile, by ARN or by a name that is no role's."""

    seen = seeing(HEALTHY, roles=(mapped_role("jobs"),), profiles=(mapped_profile("nodes", "jobs"),))

    @pytest.mark.parametrize("value", ["nodes", f"arn:aws:iam::{ACCOUNT}:instance-profile/nodes"])
    def test_its_role_is_what_counts(self, value: str) -> None:
        spec = wanting(value)
        found = {one.check: one for one in run_checks(spec, self.seen, MAPPING)}
        assert {one.subject for one in found.values()} == {f"arn:aws:iam::{ACCOUNT}:role/jobs"}
        assert {name for name, one in found.items() if one.status is not PASS} == {"mapping.pass_role"}

    def test_another_name_than_the_roles_is_fine_where_the_profile_is_named(self) -> None:
        assert find("mapping.instance_profile", self.seen, wanting("nodes")).status is PASS
        assert find("mapping.instance_profile", self.seen, wanting("jobs")).status is WARN

    def test_an_empty_profile_is_no_role(self) -> None:
        seen = seeing(HEALTHY, profiles=(replace(mapped_profile("nodes"), role_names=()),))
        found = find("mapping.exists", seen, wanting("nodes"))
        assert (found.status, found.observed) == (FAIL, "The instance profile nodes holds no role.")

    def test_one_that_is_missing_is_named(self) -> None:
        value = f"arn:aws:iam::{ACCOUNT}:instance-profile/none"
        found = find("mapping.exists", HEALTHY, wanting(value))
        assert (found.status, found.subject) == (FAIL, value)
        assert "no instance profile none" in found.observed

    def test_one_that_cannot_be_seen_is_unknown(self) -> None:
        value = f"arn:aws:iam::{ACCOUNT}:instance-profile/none"
        facts = refused("iam:GetInstanceProfile", "none")(HEALTHY)
        found = find("mapping.exists", facts, wanting(value))
        assert found.status is UNKNOWN
        assert "iam:GetInstanceProfile" in found.fix
        assert value in found.cli


def test_an_arn_with_a_path_that_is_not_the_roles_is_found() -> None:
    found = find("mapping.exists", HEALTHY, wanting(f"arn:aws:iam::{ACCOUNT}:role/team/{NAME}"))
    assert found.status is FAIL
    assert f"has another ARN: {ARN}" in found.observed


class TestBucketByTag:
    """A bucket policy that lets roles in by their tag, as mapped roles use it."""

    policy: Mapping[str, Any] = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{SPEC.bucket_name}", f"arn:aws:s3:::{SPEC.bucket_name}/*"],
            "Condition": {
                "StringEquals": {
                    "aws:PrincipalAccount": ACCOUNT,
                    "aws:PrincipalTag/raydock-cloud-id": SPEC.cloud_id,
                },
                "StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"},
            },
        },
    }

    @pytest.mark.parametrize(
        ("tags", "status"),
        [({"raydock-cloud-id": SPEC.cloud_id}, PASS), ({"raydock-cloud-id": "cld_other"}, FAIL), ({}, FAIL)],
    )
    def test_the_roles_tags_decide(self, tags: Mapping[str, str], status: Status) -> None:
        facts = bucket(policy=self.policy)(mapped(inline={}, tags=tags)(HEALTHY))
        assert find("mapping.bucket", facts).status is status


class TestPolicies:
    """What a person attaches when roles do not follow the naming convention."""

    case = Case(Survey(wanting("jobs", NAME, f"arn:aws:iam::{ACCOUNT}:role/team/data"), HEALTHY))

    def test_one_attachment_lets_all_be_passed_to_ec2_and_nothing_else(self) -> None:
        seen = seeing(HEALTHY, roles=(mapped_role("jobs"),))
        document = pass_policy(Case(Survey(self.case.spec, seen)))
        for arn, service, allowed in (
            (ARN, "ec2.amazonaws.com", True),
            (f"arn:aws:iam::{ACCOUNT}:role/jobs", "ec2.amazonaws.com", True),
            (f"arn:aws:iam::{ACCOUNT}:role/team/data", "ec2.amazonaws.com", True),
            (f"arn:aws:iam::{ACCOUNT}:role/admin", "ec2.amazonaws.com", False),
            (ARN, "lambda.amazonaws.com", False),
        ):
            request = Request("iam:PassRole", arn, "", {"iam:PassedToService": service})
            assert evaluate(PolicySet(identity=[parse(document)]), request).allowed is allowed, (arn, service)

    def test_one_attachment_lets_all_be_looked_at(self) -> None:
        document = look_policy(self.case)
        for arn, allowed in (
            (ARN, True),
            (f"arn:aws:iam::{ACCOUNT}:role/jobs", True),
            (f"arn:aws:iam::{ACCOUNT}:role/team/data", True),
            (f"arn:aws:iam::{ACCOUNT}:role/admin", False),
        ):
            request = Request("iam:ListInstanceProfilesForRole", arn)
            assert evaluate(PolicySet(identity=[parse(document)]), request).allowed is allowed, arn
        profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/jobs"
        assert evaluate(PolicySet(identity=[document]), Request("iam:GetInstanceProfile", profile)).allowed

    def test_the_line_to_run_holds_the_document_as_it_is(self) -> None:
        facts = replace(HEALTHY, denied=(Denied(action="iam:GetRole", subject="jobs"),))
        cli = run_checks(self.case.spec, facts, ["mapping.exists"])[0].cli
        assert json.loads(shlex.split(cli)[-1]) == look_policy(Case(Survey(self.case.spec, facts)))


def test_a_delete_says_that_tagged_roles_stay() -> None:
    tagged = mapped(tags={"raydock-cloud-id": SPEC.cloud_id})(
        without(HEALTHY, "roles", "raydock-control-plane")
    )
    kept = [one for one in plan_delete(SPEC, tagged, bucket="keep").kept if one.kind == "AWS::IAM::Role"]
    assert [(one.resource, one.id) for one in kept] == [("mapped-role", MAPPED.arn(ACCOUNT))]
