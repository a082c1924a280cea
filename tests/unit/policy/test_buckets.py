import pytest

from iam.policy.buckets import bucket_policy, cluster_s3_policy
from iam.policy.evaluate import PolicySet, Request, evaluate

CLUSTER = "arn:aws:iam::222222222222:role/cluster"
CONTROL = "arn:aws:iam::222222222222:role/raydock"
OTHER = "arn:aws:iam::222222222222:role/other"
BUCKET = "arn:aws:s3:::data"
TLS = {"aws:SecureTransport": "true"}
PLAIN = {"aws:SecureTransport": "false"}


def may(action: str, resource: str, *, who: str = CLUSTER, tls: bool = True, own: bool = False) -> bool:
    policies = PolicySet(
        identity=[cluster_s3_policy("data")] if own else [],
        resource=[bucket_policy("data", (CONTROL, CLUSTER))],
    )
    return evaluate(policies, Request(action, resource, who, TLS if tls else PLAIN)).allowed


@pytest.mark.parametrize("who", [CONTROL, CLUSTER])
def test_control_plane_and_clusters_use_the_bucket_over_tls(who: str) -> None:
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"):
        assert may(action, f"{BUCKET}/a", who=who)
        assert not may(action, f"{BUCKET}/a", who=who, tls=False)
    assert may("s3:ListBucket", BUCKET, who=who)


def test_nobody_else_and_nothing_else() -> None:
    assert not may("s3:GetObject", f"{BUCKET}/a", who=OTHER)
    assert not may("s3:PutBucketPolicy", BUCKET)
    assert not may("s3:DeleteBucket", BUCKET, own=True)


def test_the_cluster_roles_own_policy_is_enough_where_there_is_no_bucket_policy() -> None:
    policies = PolicySet(identity=[cluster_s3_policy("data")])
    for action, resource, allowed in (
        ("s3:ListBucket", BUCKET, True),
        ("s3:GetObject", f"{BUCKET}/a", True),
        ("s3:PutObject", f"{BUCKET}/a", True),
        ("s3:DeleteObject", f"{BUCKET}/a", True),
        ("s3:GetObject", "arn:aws:s3:::database/a", False),
        ("s3:DeleteBucket", BUCKET, False),
    ):
        assert evaluate(policies, Request(action, resource, CLUSTER, TLS)).allowed is allowed


def test_tls_is_asked_of_the_owner_of_the_widest_policy_too() -> None:
    everything = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = PolicySet(identity=[everything], resource=[bucket_policy("data", (CONTROL, CLUSTER))])
    assert not evaluate(policies, Request("s3:GetObject", f"{BUCKET}/a", OTHER, PLAIN)).allowed
    assert evaluate(policies, Request("s3:GetObject", f"{BUCKET}/a", OTHER, TLS)).allowed
