"""The roles of Ray's own launcher and the bucket policy for mapped roles, asked with the evaluator."""

import json
import shlex
from typing import Any

import pytest

from clouds.export.policies import policy_documents
from clouds.export.ray_roles import Part, RayRole
from clouds.planning.documents import merged_policy, statements
from iam.policy.evaluate import PolicySet, Request, evaluate
from iam.policy.places import MAPPED_PREFIX
from iam.policy.trust import cluster_trust_policy
from tests.unit.export.test_bootstrap import SPEC

DOCUMENTS = {one.name: one for one in policy_documents(SPEC, "x")}
HEAD, WORKER = RayRole(SPEC, "head"), RayRole(SPEC, "worker")
BUCKET = f"arn:aws:s3:::{SPEC.bucket_name}"
ROLE = "arn:aws:iam::222222222222:role/raydock-mapped-jobs"


def names(managed: tuple[str, ...]) -> set[str]:
    return {arn.rpartition("/")[2] for arn in managed}


def test_the_head_has_what_it_needs_to_start_workers_and_the_workers_do_not() -> None:
    shared = {"AmazonS3FullAccess", "AmazonFSxFullAccess", "CloudWatchAgentServerPolicy"}
    assert names(DOCUMENTS["ray-worker"].managed_policies) == shared
    more = {"AmazonEC2FullAccess", "AmazonSSMFullAccess"}
    assert names(DOCUMENTS["ray-head"].managed_policies) == shared | more


@pytest.mark.parametrize(
    ("part", "role", "service", "allowed"),
    [
        ("head", WORKER.arn, "ec2.amazonaws.com", True),
        ("head", WORKER.arn, "lambda.amazonaws.com", False),
        ("head", HEAD.arn, "ec2.amazonaws.com", False),
        ("head", SPEC.cluster_role_arn, "ec2.amazonaws.com", False),
        ("worker", WORKER.arn, "ec2.amazonaws.com", False),
    ],
)
def test_the_head_passes_the_workers_role_and_no_other(
    part: Part, role: str, service: str, *, allowed: bool
) -> None:
    policies = PolicySet(identity=[RayRole(SPEC, part).policy])
    request = Request("iam:PassRole", role, "", {"iam:PassedToService": service})
    assert evaluate(policies, request).allowed is allowed


@pytest.mark.parametrize("role", [HEAD, WORKER], ids=["head", "worker"])
def test_the_lines_make_exactly_that_role(role: RayRole) -> None:
    calls = [shlex.split(line) for line in role.aws_cli.splitlines()]
    assert all(call[:2] == ["aws", "iam"] for call in calls)
    made: dict[str, dict[str, str]] = {}
    attached = []
    for call in calls:
        options = dict(zip(call[3::2], call[4::2], strict=False))
        made[call[2]] = options
        attached += [options["--policy-arn"]] if call[2] == "attach-role-policy" else []
    assert tuple(attached) == role.managed_policies
    assert json.loads(made["create-role"]["--assume-role-policy-document"]) == cluster_trust_policy()
    assert made["create-role"]["--tags"] == f"Key=raydock-cloud-id,Value={SPEC.cloud_id}"
    assert json.loads(made["put-role-policy"]["--policy-document"]) == role.policy
    for name in ("create-role", "put-role-policy", "add-role-to-instance-profile"):
        assert made[name]["--role-name"] == role.name
    assert made["create-instance-profile"]["--instance-profile-name"] == role.name
    assert made["get-instance-profile"]["--instance-profile-name"] == role.name


def test_mapping_may_use_them_without_another_policy() -> None:
    assert HEAD.name.startswith(MAPPED_PREFIX)
    assert len(HEAD.name) <= 64
    passing = PolicySet(identity=[DOCUMENTS["pass-mapped-roles"].document])
    request = Request("iam:PassRole", WORKER.arn, "", {"iam:PassedToService": "ec2.amazonaws.com"})
    assert evaluate(passing, request).allowed


USES = ("PutObject", "GetObject", "DeleteObject", "ListBucket", "GetBucketLocation")


def reaches(who: str, account: str, tag: str | None, *, tls: bool = True, action: str = "PutObject") -> bool:
    context: dict[str, Any] = {"aws:SecureTransport": str(tls).lower(), "aws:PrincipalAccount": account}
    context |= {"aws:PrincipalTag/raydock-cloud-id": tag} if tag else {}
    policies = PolicySet(resource=[DOCUMENTS["bucket-policy-mapped"].document])
    resource = f"{BUCKET}/a" if "Object" in action else BUCKET
    return evaluate(policies, Request(f"s3:{action}", resource, who, context)).allowed


@pytest.mark.parametrize("action", USES)
def test_a_role_with_the_tag_uses_the_bucket(action: str) -> None:
    assert reaches(ROLE, "222222222222", SPEC.cloud_id, action=action)


def test_nobody_without_the_tag_of_another_account_or_without_tls() -> None:
    assert not reaches(ROLE, "222222222222", None)
    assert not reaches(ROLE, "222222222222", "cld_other")
    assert not reaches("arn:aws:iam::333333333333:role/raydock-mapped-jobs", "333333333333", SPEC.cloud_id)
    assert not reaches("arn:aws:iam::222222222222:user/somebody", "222222222222", SPEC.cloud_id)
    assert not reaches(ROLE, "222222222222", SPEC.cloud_id, tls=False)
    assert not reaches(ROLE, "222222222222", SPEC.cloud_id, action="PutBucketPolicy")


def test_a_later_set_up_leaves_the_statements_for_mapped_roles() -> None:
    wanted = DOCUMENTS["bucket-policy"].document
    present = DOCUMENTS["bucket-policy-mapped"].document
    renewed = merged_policy(present, statements(wanted))
    assert {one["Sid"] for one in statements(present)} == {one["Sid"] for one in statements(renewed)}
