"""Verifying: every check answered from a fresh look, nothing changed, an open door suspends."""

import json

import pytest

from clouds import queries
from clouds.checks import CATALOGUE
from clouds.checks.asking import Case
from clouds.checks.mapping import pass_policy
from clouds.models import Cloud, Verification, VerificationFinding
from clouds.planning.documents import cluster_policy
from clouds.planning.survey import Survey
from clouds.states import Kind
from iam.mapping import read_config
from iam.policy.trust import cluster_trust_policy
from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk, states


def answers(desk: Desk, cloud: Cloud, **asked: object) -> dict[str, str]:
    """Check id -> its worst answer, after one verification."""
    operation = desk.do(cloud, Kind.VERIFY, **asked)
    assert operation.state == "succeeded", operation.message
    found = VerificationFinding.objects.filter(verification__operation=operation)
    order = ["PASS", "WARN", "UNKNOWN", "FAIL"]
    worst: dict[str, str] = {}
    for one in found:
        worst[one.check_id] = max(worst.get(one.check_id, "PASS"), one.status, key=order.index)
    return worst


def test_a_fresh_cloud_passes_every_check(desk: Desk) -> None:
    found = answers(desk, desk.active())
    assert set(found) == {check for check in CATALOGUE if not check.startswith("mapping.")}
    assert set(found.values()) == {"PASS"}


def test_what_was_broken_is_found_and_the_cloud_needs_attention(desk: Desk) -> None:
    cloud = desk.active()
    ec2, spec = desk.place(cloud).admin("ec2"), desk.spec(cloud)
    (group,) = [one for one in desk.facts(cloud).security_groups if one.cloud_id == cloud.id]
    every = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}]
    ec2.revoke_security_group_ingress(GroupId=group.id, IpPermissions=every)
    desk.place(cloud).admin("s3").delete_bucket_cors(Bucket=spec.bucket_name)
    found = answers(desk, cloud)
    assert {name for name, answer in found.items() if answer != "PASS"} == {"sg.self_in", "bucket.cors"}
    assert desk.fresh(cloud).state == "attention"


def test_a_look_that_is_refused_is_unknown_and_never_a_pass(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.active()
    aws_sandbox.fault("s3:GetBucketCors", "deny", times=None)
    assert answers(desk, cloud)["bucket.cors"] == "UNKNOWN"


def test_a_bucket_that_the_control_plane_may_not_write_is_found(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.active()
    aws_sandbox.fault("s3:PutObject", "deny", times=None)
    assert answers(desk, cloud)["bucket.control_plane"] == "FAIL"


def test_only_the_asked_checks_are_answered(desk: Desk) -> None:
    cloud = desk.active()
    assert set(answers(desk, cloud, only=["bucket.cors", "vpc.dns"])) == {"bucket.cors", "vpc.dns"}


def test_checks_that_pass_do_not_excuse_those_that_were_not_asked(desk: Desk) -> None:
    cloud = desk.active()
    (group,) = [one for one in desk.facts(cloud).security_groups if one.cloud_id == cloud.id]
    every = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}]
    desk.place(cloud).admin("ec2").revoke_security_group_ingress(GroupId=group.id, IpPermissions=every)
    assert answers(desk, cloud)["sg.self_in"] == "FAIL"
    counted = desk.fresh(cloud).checks_total
    assert answers(desk, cloud, only=["vpc.dns"]) == {"vpc.dns": "PASS"}
    assert (desk.fresh(cloud).state, desk.fresh(cloud).checks_total) == ("attention", counted)


def test_a_check_that_does_not_exist_is_named(desk: Desk) -> None:
    cloud = desk.active()
    operation = desk.do(cloud, Kind.VERIFY, only=["vpc.nope"])
    assert states(cloud, operation) == ("failed", "check_unknown", "active")
    assert "vpc.nope" in operation.message


def test_a_verification_changes_nothing(desk: Desk) -> None:
    cloud = desk.active()
    before = desk.sandbox.inventory(cloud.account_id)
    desk.do(cloud, Kind.VERIFY)
    assert desk.sandbox.inventory(cloud.account_id) == before


@pytest.mark.parametrize("kind", ["lost_error", "lost_reply", "timeout", "throttle"])
def test_a_probe_whose_reply_was_lost_is_removed_all_the_same(
    desk: Desk, aws_sandbox: SandboxProcess, kind: str
) -> None:
    cloud = desk.active()
    aws_sandbox.fault("s3:PutObject", kind, times=3)
    assert set(answers(desk, cloud).values()) == {"PASS"}
    assert desk.place(cloud).admin("s3").list_objects_v2(Bucket=desk.spec(cloud).bucket_name)["KeyCount"] == 0


def test_history_is_kept(desk: Desk) -> None:
    cloud = desk.active()
    desk.do(cloud, Kind.VERIFY)
    desk.do(cloud, Kind.VERIFY)
    assert Verification.objects.filter(cloud=cloud).count() == 3


def test_a_mapped_role_of_no_use_needs_attention_and_one_that_is_mended_does_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = desk.active()
    name = f"raydock-mapped-{cloud.id[-8:]}"
    rules = [{"selector": "workload-type=job", "value": name}]
    mapping = read_config({"mode": "CUSTOMER_MANAGED", "rules": rules, "default_rule": "CLOUD_DEFAULT"})
    monkeypatch.setattr(queries, "mapping_of", lambda cloud: mapping)
    assert {check: answer for check, answer in answers(desk, cloud).items() if answer != "PASS"} == {
        "mapping.exists": "FAIL"
    }
    assert desk.fresh(cloud).state == "attention"
    iam, spec = desk.place(cloud).admin("iam"), desk.spec(cloud)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(cluster_trust_policy()))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    for role, document in (
        (name, cluster_policy(spec)),
        (spec.cross_account_role_name, pass_policy(Case(Survey(spec, desk.facts(cloud))))),
    ):
        iam.put_role_policy(RoleName=role, PolicyName="added", PolicyDocument=json.dumps(document))
    found = answers(desk, cloud)
    assert set(found) == set(CATALOGUE)
    assert set(found.values()) == {"PASS"}
    assert desk.fresh(cloud).state == "active"
