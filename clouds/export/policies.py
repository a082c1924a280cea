"""Every policy document of one cloud, by name, with what it is for and where it belongs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from clouds.export.bootstrap import Bootstrap
from clouds.planning.documents import VERSION, bucket_statements, cluster_policy
from clouds.specs import CloudSpec
from iam.policy.grants import CloudNames, Kind, session_policy
from iam.policy.trust import cluster_trust_policy

REVISION: Final = 1
"""Counts up when a release changes what the documents say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """One document: `attach_to` says where it belongs, `document` is the JSON to put there."""

    name: str
    purpose: str
    attach_to: str
    document: Mapping[str, Any]
    version: int = REVISION


def policy_documents(spec: CloudSpec, external_id: str) -> tuple[PolicyDocument, ...]:
    """Return the documents: two to attach by hand, those that set-up writes, and one for each operation."""
    bootstrap = Bootstrap.of(spec, external_id, spec.cross_account_role_name)
    role, cluster = bootstrap.role_name, spec.cluster_role_name
    return (
        PolicyDocument(
            name="trust-control-plane",
            purpose="Lets Raydock's own role, and only with this cloud's external ID, enter the account.",
            attach_to=f"Trust policy of the cross-account role {role}",
            document=bootstrap.trust,
        ),
        PolicyDocument(
            name="control-plane",
            purpose="All that Raydock does in the account, on this cloud's resources only.",
            attach_to=f"Inline policy of the cross-account role {role}",
            document=bootstrap.policy,
        ),
        PolicyDocument(
            name="cluster-trust",
            purpose="Lets EC2 hand the cluster role to the cluster's instances.",
            attach_to=f"Trust policy of the cluster role {cluster} (set-up writes it)",
            document=cluster_trust_policy(),
        ),
        PolicyDocument(
            name="cluster-s3",
            purpose="Lets the cluster's nodes use the cloud's bucket.",
            attach_to=f"Inline policy of the cluster role {cluster} (set-up writes it)",
            document=cluster_policy(spec),
        ),
        PolicyDocument(
            name="bucket-policy",
            purpose="Refuses requests without TLS and names the two roles that may use the bucket.",
            attach_to=f"Bucket policy of {spec.bucket_name} (set-up writes it)",
            document={"Version": VERSION, "Statement": bucket_statements(spec)},
        ),
        *_session_policies(spec),
    )


def _session_policies(spec: CloudSpec) -> tuple[PolicyDocument, ...]:
    names = CloudNames(
        cloud_id=spec.cloud_id,
        account_id=spec.account_id,
        region=spec.region,
        bucket=spec.bucket_name,
        cluster_role=spec.cluster_role_name,
        cross_account_role_arn=spec.cross_account_role_arn,
    )
    return tuple(
        PolicyDocument(
            name=f"session-{kind}",
            purpose=f"Narrows the cross-account role to what a {kind} operation needs, each time it runs.",
            attach_to="Nowhere: Raydock sends it with AssumeRole",
            document=session_policy(kind, names),
        )
        for kind in Kind
    )
