"""Roles of a mapping, made by plain boto3 in a sandbox: what a verification sees of them and says."""

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import pytest

from clouds.checks import run_checks
from clouds.checks.asking import Case
from clouds.checks.mapped import look_policy
from clouds.checks.mapping import pass_policy
from clouds.facts import Facts, InstanceProfile
from clouds.mapped_roles import mapped_roles
from clouds.planning import plan_setup
from clouds.planning.documents import cluster_policy
from clouds.planning.survey import Survey
from clouds.specs import CloudSpec
from iam.mapping import read_config
from iam.policy.trust import cluster_trust_policy, trust_policy
from tests.workers.aws.test_observe import NOW, Notes, look
from tests.workers.places import Place, new_spec
from workers.aws.apply import apply
from workers.aws.errors import AwsError, Kind
from workers.aws.identities import IdentityLook
from workers.aws.looks import Looks, together
from workers.aws.mapped import MappedLook
from workers.aws.observe import INSPECT, VERIFY

CHECKS = ("exists", "same_account", "trusts_ec2", "instance_profile", "pass_role", "bucket")
GOOD = dict.fromkeys(CHECKS, "PASS")


class Customer:
    """The owner of the account, who makes the roles of the mapping."""

    def __init__(self, place: Place) -> None:
        self.place, self.iam = place, place.admin("iam")
        self.tail = place.spec.cloud_id[-8:]

    def name(self, short: str, prefix: str = "raydock-mapped-") -> str:
        return f"{prefix}{short}-{self.tail}"

    def role(
        self,
        name: str,
        *,
        profile: str | None = "",
        policy: Mapping[str, Any] | None = None,
        trust: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        document = json.dumps(trust or cluster_trust_policy())
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)
        if policy != {}:
            text = json.dumps(policy or cluster_policy(self.place.spec))
            self.iam.put_role_policy(RoleName=name, PolicyName="bucket", PolicyDocument=text)
        if profile is not None:
            held = profile or name
            self.iam.create_instance_profile(InstanceProfileName=held)
            self.iam.add_role_to_instance_profile(InstanceProfileName=held, RoleName=name)
        return name

    def attach(self, name: str, document: Mapping[str, Any]) -> None:
        """Add an inline policy to the cross-account role, as the fix of a finding says."""
        self.iam.put_role_policy(
            RoleName=self.place.spec.cross_account_role_name,
            PolicyName=name,
            PolicyDocument=json.dumps(document),
        )


def wanting(spec: CloudSpec, *values: str) -> CloudSpec:
    rules = [{"selector": f"project=p{at}", "value": value} for at, value in enumerate(values)]
    document = {"mode": "CUSTOMER_MANAGED", "rules": rules, "default_rule": "FAIL"}
    return replace(spec, mapped_roles=mapped_roles(read_config(document), spec.account_id))


def inspect(place: Place, pool: Executor, spec: CloudSpec, known: Facts | None = None) -> Facts:
    return look(replace(place, spec=spec), pool, INSPECT, known=known)


def said(spec: CloudSpec, facts: Facts) -> dict[str, dict[str, str]]:
    """What the mapping names -> check -> its answer."""
    found: dict[str, dict[str, str]] = {}
    for one in spec.mapped_roles:
        alone = replace(spec, mapped_roles=(one,))
        rows = run_checks(alone, facts, [f"mapping.{check}" for check in CHECKS])
        found[one.value] = {row.check.partition(".")[2]: str(row.status) for row in rows}
    return found


@pytest.fixture
def customer(place: Place, pool: Executor) -> Customer:
    """A cloud that is set up, and its customer."""
    plan = plan_setup(place.spec, look(place, pool, VERIFY))
    assert not apply(place.enter("setup"), plan, journal=Notes(), pool=pool).errors
    return Customer(place)


def bounded(customer: Customer) -> str:
    """A role whose permissions boundary leaves S3 out."""
    nothing = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    arn = customer.iam.create_policy(
        PolicyName=customer.name("boundary"),
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": nothing}),
    )["Policy"]["Arn"]
    return customer.role(customer.name("bounded"), PermissionsBoundary=arn)


def test_sound_and_broken_roles_are_told_apart(place: Place, pool: Executor, customer: Customer) -> None:
    stranger = trust_policy(place.spec.portal_role_arn, "x")
    expected = {
        customer.role(customer.name("sound")): GOOD,
        customer.role(customer.name("closed"), trust=stranger): GOOD | {"trusts_ec2": "FAIL"},
        customer.role(customer.name("bare"), profile=None): GOOD | {"instance_profile": "FAIL"},
        customer.role(customer.name("other"), profile=customer.name("nodes")): GOOD
        | {"instance_profile": "WARN"},
        customer.role(customer.name("poor"), policy={}): GOOD | {"bucket": "FAIL"},
        bounded(customer): GOOD | {"bucket": "FAIL"},
        customer.name("none"): {"exists": "FAIL"},
        "arn:aws:iam::333333333333:role/far": {"exists": "UNKNOWN", "same_account": "FAIL"},
        customer.name("nodes"): GOOD,
    }
    spec = wanting(place.spec, *expected)
    customer.attach("raydock-pass-mapped-roles", pass_policy(Case(Survey(spec, look(place, pool, VERIFY)))))
    assert said(spec, inspect(place, pool, spec)) == expected


def test_a_role_of_another_name_is_unknown_until_the_shown_policies_are_attached(
    place: Place, pool: Executor, customer: Customer
) -> None:
    name = customer.role(customer.name("jobs", "team-"))
    spec = wanting(place.spec, name)
    facts = inspect(place, pool, spec)
    assert said(spec, facts)[name] == dict.fromkeys(set(CHECKS) - {"same_account"}, "UNKNOWN")
    (finding,) = run_checks(spec, facts, ["mapping.exists"])
    assert "iam:GetRole" in finding.fix
    assert f":role/{name}" in finding.cli
    customer.attach("raydock-look-at-mapped-roles", look_policy(Case(Survey(spec, facts))))
    facts = inspect(place, pool, spec)
    assert said(spec, facts)[name] == GOOD | {"pass_role": "FAIL"}
    customer.attach("raydock-pass-mapped-roles", pass_policy(Case(Survey(spec, facts))))
    assert said(spec, inspect(place, pool, spec))[name] == GOOD


def test_a_bucket_that_lets_roles_in_by_their_tag(place: Place, pool: Executor, customer: Customer) -> None:
    tagged, bare = customer.name("tagged"), customer.name("bare")
    customer.role(tagged, policy={}, Tags=[{"Key": "raydock-cloud-id", "Value": place.spec.cloud_id}])
    customer.role(bare, policy={})
    bucket = f"arn:aws:s3:::{place.spec.bucket_name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket"],
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {
            "StringEquals": {
                "aws:PrincipalAccount": place.spec.account_id,
                "aws:PrincipalTag/raydock-cloud-id": place.spec.cloud_id,
            }
        },
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    place.admin("s3").put_bucket_policy(Bucket=place.spec.bucket_name, Policy=document)
    spec = wanting(place.spec, tagged, bare)
    found = said(spec, inspect(place, pool, spec))
    assert [found[name]["bucket"] for name in (tagged, bare)] == ["PASS", "FAIL"]


class Account:
    """AWS with these roles, and these profiles with the role in each; notes what was asked of it."""

    def __init__(self, *roles: str, **profiles: str) -> None:
        self.roles, self.profiles = roles, profiles
        self.asked: list[str] = []

    def call(self, action: str, params: Mapping[str, Any], *, mutating: bool = False) -> Mapping[str, Any]:
        del mutating
        name = str(params.get("RoleName", params.get("InstanceProfileName")))
        self.asked.append(f"{action.partition(':')[2]} {name}")
        if name not in (self.profiles if "InstanceProfileName" in params else self.roles):
            raise AwsError(Kind.MISSING, "NoSuchEntity", "", action=action)
        if action == "iam:GetRole":
            return {"Role": {"RoleName": name, "Arn": f"arn:aws:iam::222222222222:role/{name}"}}
        if action == "iam:GetInstanceProfile":
            roles = [{"RoleName": self.profiles[name]}]
            return {"InstanceProfile": {"InstanceProfileName": name, "Arn": "arn", "Roles": roles}}
        return {}


def rounds(aws: Account, spec: CloudSpec, pool: Executor, known: Facts | None = None) -> list[set[str]]:
    """What is asked in each round, until nothing is left to ask."""
    looking = MappedLook(IdentityLook(Looks(aws, pool)), spec, known, on=True)
    found: list[set[str]] = []
    while asks := looking.following():
        together(pool, asks)
        found.append(set(aws.asked))
        aws.asked.clear()
    return found


class TestRounds:
    """Mapped roles are asked about beside the rest of a look, so it takes no longer for them."""

    named = {
        f"{verb} {{}}"
        for verb in ("GetRole", "ListRolePolicies", "ListAttachedRolePolicies", "ListInstanceProfilesForRole")
    }

    def asks(self, name: str) -> set[str]:
        return {ask.format(name) for ask in self.named}

    def test_roles_are_asked_about_at_once(self, pool: Executor) -> None:
        spec = wanting(new_spec(), "a", "b")
        assert rounds(Account("a", "b"), spec, pool) == [self.asks("a") | self.asks("b")]

    def test_the_cloud_s_own_roles_are_not_asked_about_twice(self, pool: Executor) -> None:
        spec = new_spec(cross_account_role_arn="arn:aws:iam::222222222222:role/control")
        wanted = wanting(spec, spec.cluster_role_name, "control", "a")
        assert rounds(Account("a"), wanted, pool) == [self.asks("a")]

    def test_a_role_of_another_account_is_not_asked_about(self, pool: Executor) -> None:
        assert rounds(Account(), wanting(new_spec(), "arn:aws:iam::333333333333:role/far"), pool) == []

    def test_a_profile_leads_to_its_role(self, pool: Executor) -> None:
        value = "arn:aws:iam::222222222222:instance-profile/nodes"
        found = rounds(Account("a", nodes="a"), wanting(new_spec(), value), pool)
        assert found == [self.asks("nodes") | {"GetInstanceProfile nodes"}, self.asks("a")]

    def test_a_name_that_is_no_role_may_be_a_profile(self, pool: Executor) -> None:
        found = rounds(Account("a", nodes="a"), wanting(new_spec(), "nodes"), pool)
        assert found == [self.asks("nodes"), {"GetInstanceProfile nodes"}, self.asks("a")]

    def test_the_last_look_says_whose_profile_it_is(self, pool: Executor) -> None:
        value = "arn:aws:iam::222222222222:instance-profile/nodes"
        profile = InstanceProfile(name="nodes", arn=value, role_names=("a",))
        known = Facts(at=NOW, account_id="222222222222", region="us-west-2", instance_profiles=(profile,))
        found = rounds(Account("a", nodes="a"), wanting(new_spec(), value), pool, known)
        assert found == [self.asks("nodes") | self.asks("a") | {"GetInstanceProfile nodes"}]
