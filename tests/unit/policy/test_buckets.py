"""The policies that set-up writes for the bucket, asked with the evaluator."""

import pytest

from clouds.planning.documents import bucket_statements, cluster_policy
from clouds.specs import CloudSpec
from iam.policy.evaluate import PolicySet, Request, evaluate

SPEC = CloudSpec(
    cloud_id="cld_01h455vb4pex5vsknk084sn02q",
    organization_id="org_01h455vb4pex5vsknk084sn02q",
    name="research",
    region="eu-central-1",
    account_id="222222222222",
    console_origin="http://localhost:8000",
    portal_role_arn="arn:aws:iam::111111111111:role/raydock-portal",
    cross_account_role_arn="arn:aws:iam::222222222222:role/raydock",
)
CLUSTER = SPEC.cluster_role_arn
CONTROL = "arn:aws:iam::222222222222:role/raydock"
OTHER = "arn:aws:iam::222222222222:role/other"
BUCKET = f"arn:aws:s3:::{SPEC.bucket_name}"
ON_BUCKET = {"Version": "2012-10-17", "Statement": bucket_statements(SPEC)}
TLS = {"aws:SecureTransport": "true"}
PLAIN = {"aws:SecureTransport": "false"}


def may(action: str, resource: str, *, who: str = CLUSTER, tls: bool = True, own: bool = False) -> bool:
    policies = PolicySet(
        identity=[cluster_policy(SPEC)] if own else [],
        resource=[ON_BUCKET],
    )
    return evaluate(policies, Request(action, resource, who, TLS if tls else PLAIN)).allowed


@pytest.mark.parametrize("who", [CONTROL, CLUSTER])
def test_control_plane_and_clusters_use_the_bucket_over_tls(who: str) -> None:
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert may(action, f"{BUCKET}/a", who=who)
        assert not may(action, f"{BUCKET}/a", who=who, tls=False)
    assert may("s3:ListBucket", BUCKET, who=who)


def test_nobody_else_and_nothing_else() -> None:
    assert not may("s3:GetObject", f"{BUCKET}/a", who=OTHER)
    assert not may("s3:PutBucketPolicy", BUCKET)
    assert not may("s3:DeleteBucket", BUCKET, own=True)


def test_the_cluster_roles_own_policy_is_enough_where_there_is_no_bucket_policy() -> None:
    policies = PolicySet(identity=[cluster_policy(SPEC)])
    for action, resource, allowed in (
        ("s3:ListBucket", BUCKET, True),
        ("s3:GetObject", f"{BUCKET}/a", True),
        ("s3:PutObject", f"{BUCKET}/a", True),
        ("s3:DeleteObject", f"{BUCKET}/a", True),
        ("s3:GetObject", f"{BUCKET}-2/a", False),
        ("s3:DeleteBucket", BUCKET, False),
    ):
        assert evaluate(policies, Request(action, resource, CLUSTER, TLS)).allowed is allowed


def test_tls_is_asked_of_the_owner_of_the_widest_policy_too() -> None:
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = PolicySet(identity=[everything], resource=[ON_BUCKET])
    assert not evaluate(policies, Request("s3:GetObject", f"{BUCKET}/a", OTHER, PLAIN)).allowed
    assert evaluate(policies, Request("s3:GetObject", f"{BUCKET}/a", OTHER, TLS)).allowed
