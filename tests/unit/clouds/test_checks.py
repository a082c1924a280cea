from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clouds.checks import CATALOGUE, PREFLIGHT, preflight, run_checks
from clouds.export.policies import ATTACHABLE, policy_documents
from clouds.facts import Bucket, CorsRule, Denied, Facts, Quota, Role, Rule, Trust
from clouds.findings import Finding, Status
from clouds.names import cloud_names
from clouds.specs import CloudSpec
from iam.policy.grants import actions, needed_kinds
from iam.policy.trust import trust_policy
from tests.unit.clouds.account import NOW, Account
from tests.unit.clouds.breaking import (
    BROKEN,
    CLUSTER,
    FAIL,
    PASS,
    UNKNOWN,
    WARN,
    Break,
    allow,
    bucket,
    control,
    group,
    one_of,
    refused,
    trust,
    without,
)
from tests.unit.clouds.breaking_mapped import BROKEN_MAPPED
from tests.unit.clouds.carrying import CONTROL_ROLE, spec
from tests.unit.clouds.healthy import HEALTHY, SPEC, TRUST

MANAGED = needed_kinds(cloud_names(SPEC))


def worst(check: str, facts: Facts, wanted: CloudSpec = SPEC) -> Finding:
    order = [Status.FAIL, Status.UNKNOWN, Status.WARN, Status.PASS]
    return min(run_checks(wanted, facts, [check]), key=lambda one: order.index(one.status))


def test_a_healthy_cloud_passes_every_check() -> None:
    findings = run_checks(SPEC, HEALTHY)
    assert {one.check for one in findings if one.status is not PASS} == set()
    assert {one.check for one in findings} == set(CATALOGUE)
    assert not [one.check for one in findings if one.fix or one.cli]


@pytest.mark.parametrize(
    ("check", "breaks", "status", "words"), BROKEN, ids=[f"{n}-{row[0]}" for n, row in enumerate(BROKEN)]
)
def test_what_is_broken_is_found_and_its_fix_is_told(
    check: str, breaks: Break, status: Status, words: tuple[str, ...]
) -> None:
    found = worst(check, breaks(HEALTHY))
    assert found.status is status
    told = f"{found.subject} {found.observed} {found.detail} {found.fix} {found.cli}"
    assert [word for word in words if word not in told] == []
    assert found.fix
    assert found.expected


def test_every_check_is_broken_once() -> None:
    broken = {check for check, *_ in (*BROKEN, *BROKEN_MAPPED)}
    assert set(CATALOGUE) - broken == {"partition"}


@pytest.mark.parametrize(
    ("check", "action"), [(one.id, action) for one in CATALOGUE.values() for action in one.actions]
)
def test_a_refused_look_is_unknown_and_names_the_missing_action(check: str, action: str) -> None:
    refused = replace(HEALTHY, denied=(Denied(action=action, code="AccessDenied", message="no"),))
    (found,) = run_checks(SPEC, refused, [check])
    assert found.status is UNKNOWN
    assert action in found.fix
    assert "raydock-control-plane" in found.cli


def test_a_refused_look_at_something_else_does_not_matter() -> None:
    elsewhere = replace(HEALTHY, denied=(Denied(action="iam:GetRole", subject="raydock-control-plane"),))
    assert worst("cluster_role.exists", elsewhere).status is PASS
    assert worst("role.permissions", elsewhere).status is UNKNOWN


def test_a_service_control_policy_is_told_apart() -> None:
    message = "not authorized to perform ec2:DescribeVpcs with an explicit deny in a service control policy"
    facts = replace(HEALTHY, denied=(Denied(action="ec2:DescribeVpcs", message=message),))
    assert (
        "service control policy of your AWS organization denies ec2:DescribeVpcs"
        in worst("vpc.dns", facts).fix
    )
    permissions = worst("role.permissions", facts)
    assert permissions.status is FAIL
    assert "organization denies ec2:DescribeVpcs" in permissions.detail


def lacking(action: str) -> Break:
    """The role's own document without this one action."""
    document = dict(HEALTHY.roles[-1].inline or {})["raydock-control-plane"]
    kept: list[dict[str, Any]] = []
    for one in document["Statement"]:
        listed = [one["Action"]] if isinstance(one["Action"], str) else list(one["Action"])
        left = [name for name in listed if name != action]
        kept += [{**one, "Action": left}] if left else []
    return control(inline={"raydock-control-plane": {**document, "Statement": kept}})


@pytest.mark.parametrize("action", sorted({name for kind in MANAGED for name in actions(kind)}))
def test_an_action_that_the_role_lacks_is_named_and_no_other(action: str) -> None:
    facts = lacking(action)(HEALTHY)
    found = worst("role.permissions", facts)
    assert (found.status, found.observed) == (FAIL, f"Not allowed: {action}.")
    assert found.detail.startswith(f"{action} on ")
    version = worst("role.policy_version", facts)
    assert (version.status, version.observed) == (WARN, f"It lacks {action}.")
    assert (worst("role.pass_role", facts).status is PASS) is (action != "iam:PassRole")


def test_everything_that_is_missing_is_named_however_much() -> None:
    found = worst("role.permissions", control(inline={})(HEALTHY))
    assert all(action in found.observed for kind in MANAGED for action in actions(kind))


def test_optional_documents_of_this_release_are_no_other_release() -> None:
    offered = {one.name: one.document for one in policy_documents(SPEC, "x") if one.name in ATTACHABLE}
    assert len(offered) > 5
    del offered["trust-control-plane"]
    assert worst("role.policy_version", control(inline=offered)(HEALTHY)).status is PASS


def test_a_statement_of_an_earlier_release_is_told() -> None:
    old = {"Effect": "Allow", "Action": "ec2:DeleteVpc", "Resource": "*"}
    inline = {**dict(HEALTHY.roles[-1].inline or {}), "old": {"Version": "2012-10-17", "Statement": old}}
    found = worst("role.policy_version", control(inline=inline)(HEALTHY))
    assert (found.status, found.observed) == (WARN, "It allows beside them: ec2:DeleteVpc on *.")


def test_what_is_turned_about_or_written_as_a_list_says_the_same() -> None:
    document = dict(HEALTHY.roles[-1].inline or {})["raydock-control-plane"]
    turned = []
    for at, one in enumerate(document["Statement"]):
        listed = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        turned.append({**one, "Sid": f"s{at}", "Action": listed[::-1]})
    inline = {"p": {**document, "Statement": turned[::-1]}}
    assert worst("role.policy_version", control(inline=inline)(HEALTHY)).status is PASS


def test_a_look_at_a_role_of_the_customer_s_own_is_no_matter_of_this_policy() -> None:
    assert worst("role.permissions", refused("iam:GetRole", "team-role")(HEALTHY)).status is PASS


def test_without_a_vpc_nothing_is_asked_of_what_is_in_it() -> None:
    findings = run_checks(SPEC, replace(Account().facts(), trust=TRUST))
    asked = {one.check for one in findings}
    assert "vpc.exists" in asked
    assert not asked & {"vpc.dns", "vpc.s3_endpoint", "subnets.exist", "sg.exists", "bucket.cors"}


def test_a_role_under_two_minutes_old_is_waited_for() -> None:
    young = replace(
        HEALTHY,
        trust=replace(TRUST, assumable=False),
        roles=(Role(name="raydock-control-plane", arn=CONTROL_ROLE, created_at=NOW - timedelta(seconds=90)),),
    )
    assert "less than two minutes old" in worst("trust.assumable", young).detail
    old = one_of(young, "roles", "raydock-control-plane", created_at=NOW - timedelta(minutes=5))
    assert "AWS gives no reason" in worst("trust.assumable", old).detail


def test_the_exact_trust_policy_is_in_the_fix() -> None:
    cli = worst("trust.assumable", trust(assumable=False)(HEALTHY)).cli
    assert '"sts:ExternalId": "an-external-id"' in cli
    assert SPEC.portal_role_arn in cli
    assert "--role-name raydock-control-plane" in cli


def test_t17_an_old_id_that_is_still_admitted_is_advice_with_the_policy_that_ends_it() -> None:
    found = worst("trust.requires_external_id", trust(old_id_refused=False)(HEALTHY))
    assert (found.status, found.stops) == (Status.WARN, False)
    assert '"sts:ExternalId": "an-external-id"' in found.cli
    assert worst("trust.requires_external_id", trust(old_id_refused=True)(HEALTHY)).status is PASS


def test_t17_while_a_new_id_is_pending_the_fix_admits_both() -> None:
    rotating = spec(pending_external_id="rdk-ext-next")
    found = worst("trust.requires_external_id", trust(without_id_refused=False)(HEALTHY), rotating)
    assert '["an-external-id", "rdk-ext-next"]' in found.cli


def test_an_open_door_says_what_is_wrong_with_it() -> None:
    whole = trust_policy("arn:aws:iam::111111111111:root", "an-external-id")
    found = worst("trust.names_portal", control(trust=whole)(HEALTHY))
    assert "Every role in the portal's account" in found.observed


def test_the_document_of_the_trust_test_is_enough() -> None:
    seen = without(HEALTHY, "roles", "raydock-control-plane")
    document = trust_policy(SPEC.portal_role_arn, "an-external-id")
    assert worst("trust.names_portal", trust(document=document)(seen)).status is PASS


def test_a_policy_for_another_cloud_misses_this_one() -> None:
    other = spec(cloud_id="cld_01kother")
    found = worst("role.permissions", HEALTHY, other)
    assert found.status is FAIL
    assert "ec2:CreateVpc" in found.detail + found.observed


@pytest.mark.parametrize("action", sorted(actions("verify")))
def test_any_one_action_of_a_verification_that_is_missing_is_named(action: str) -> None:
    role = HEALTHY.role("raydock-control-plane")
    assert role is not None
    whole = (role.inline or {})["raydock-control-plane"]
    kept = [statement_without(one, action) for one in whole["Statement"]]
    lacking = {"p": {**whole, "Statement": [one for one in kept if one["Action"]]}}
    found = worst("role.permissions", control(inline=lacking)(HEALTHY))
    assert found.status is FAIL
    assert found.observed == f"Not allowed: {action}."


def statement_without(statement: dict[str, Any], action: str) -> dict[str, Any]:
    granted = statement["Action"]
    listed = [granted] if isinstance(granted, str) else granted
    return {**statement, "Action": [one for one in listed if one != action]}


def test_passing_another_role_is_not_passing_this_one() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": f"arn:aws:iam::222222222222:instance-profile/{CLUSTER}",
    }
    policy = {"p": {"Version": "2012-10-17", "Statement": statement}}
    assert worst("role.pass_role", control(inline=policy)(HEALTHY)).status is FAIL


def test_a_wildcard_origin_serves_the_console() -> None:
    rule = CorsRule(origins=("https://*.example.com",), methods=("GET", "PUT", "HEAD", "POST"))
    assert worst("bucket.cors", bucket(cors=(rule,))(HEALTHY)).status is PASS


def test_narrow_ingress_is_fine() -> None:
    narrow = Rule(protocol="tcp", from_port=443, to_port=443, peer="203.0.113.0/24")
    assert worst("sg.https_in", group(ingress=(narrow,))(HEALTHY)).status is PASS


def test_a_full_quota_does_not_matter_once_the_cloud_has_its_own() -> None:
    full = replace(HEALTHY, quotas=(Quota(code="vpcs", limit=5, used=5),))
    assert worst("quotas.vpcs", full).status is PASS


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_other_partitions_fail(region: str) -> None:
    assert worst("partition", HEALTHY, spec(region=region)).status is FAIL


def test_a_role_of_another_partition_fails() -> None:
    role_arn = "arn:aws-cn:iam::222222222222:role/raydock-control-plane"
    assert worst("partition", HEALTHY, spec(cross_account_role_arn=role_arn)).status is FAIL


def test_only_what_is_asked_for_runs() -> None:
    found = run_checks(SPEC, HEALTHY, ["vpc.dns", "vpc.exists"])
    assert [one.check for one in found] == ["vpc.exists", "vpc.dns"]
    with pytest.raises(KeyError):
        run_checks(SPEC, HEALTHY, ["vpc.nope"])


def test_every_bad_finding_says_where_to_click() -> None:
    bad = [worst(check, breaks(HEALTHY)) for check, breaks, status, _ in BROKEN if status in {FAIL, WARN}]
    assert {one.check for one in bad if not one.console_path and not one.cli} <= {"trust.assumable"}


class TestPreflight:
    def before(self, **changes: Any) -> Facts:
        seen = Account().facts()
        quotas = (Quota(code="vpcs", limit=5, used=1), Quota(code="igws", limit=5, used=1))
        control_role = HEALTHY.role("raydock-control-plane")
        assert control_role is not None
        prepared = replace(seen, quotas=quotas, sts_regional=True, roles=(control_role,))
        return replace(prepared, **changes)

    def test_a_prepared_account_passes(self) -> None:
        found = preflight(SPEC, self.before())
        assert {one.status for one in found} == {PASS}
        assert {one.check for one in found} == {one.id for one in PREFLIGHT}

    def test_a_full_quota_stops_it(self) -> None:
        full = self.before(quotas=(Quota(code="vpcs", limit=5, used=5), Quota(code="igws", limit=5, used=0)))
        assert [one.check for one in preflight(SPEC, full) if one.stops] == ["quotas.vpcs"]

    def test_a_missing_permission_stops_it(self) -> None:
        seen = self.before(roles=(replace(HEALTHY.roles[-1], inline={}),))
        assert "role.permissions" in [one.check for one in preflight(SPEC, seen) if one.stops]

    def test_what_only_delete_needs_does_not_stop_it(self) -> None:
        setup_only = allow("ec2:[!D]*", "ec2:*", "iam:*", "s3:*", "servicequotas:*")
        seen = self.before(roles=(replace(HEALTHY.roles[-1], inline=setup_only),))
        assert not [one for one in preflight(SPEC, seen) if one.stops]

    def test_an_unread_quota_is_said_and_does_not_stop_it(self) -> None:
        found = preflight(SPEC, self.before(quotas=()))
        assert {one.check for one in found if one.status is UNKNOWN} == {"quotas.vpcs", "quotas.igws"}
        assert not [one for one in found if one.stops]


def test_the_bucket_of_a_survey_is_looked_at_even_when_it_is_not_tagged() -> None:
    found = worst("bucket.encryption", bucket(tags={}, encryption=None)(HEALTHY))
    assert isinstance(HEALTHY.bucket, Bucket)
    assert found.status is WARN


def test_the_trust_test_is_about_the_role() -> None:
    assert isinstance(HEALTHY.trust, Trust)
    assert worst("trust.assumable", HEALTHY).subject == CONTROL_ROLE
