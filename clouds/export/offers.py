"""Which policy documents there are for a cloud: what each is for, where it belongs, and how it is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from clouds.export.bootstrap import Bootstrap
from clouds.export.ray_roles import BUCKET_PARTS, BUCKET_USE, PASS_WORKERS, RAY_BUCKET, RayRole
from clouds.planning.documents import VERSION, bucket_statements, cluster_policy
from clouds.specs import CloudSpec
from iam.policy.cluster_needs import CLUSTERS, CLUSTERS_BY_TAG, PASS_MAPPED
from iam.policy.features import NOT_CALLED, Feature, Need, needs_policy
from iam.policy.grants import GRANTS, TABLE, CloudNames, Kind, session_policy
from iam.policy.minimal import minimal_needs, minimal_policy, own_need
from iam.policy.places import TAG_KEY
from iam.policy.service_needs import SERVICES, SERVICES_BY_TAG
from iam.policy.trust import cluster_trust_policy


class Group(StrEnum):
    """Where documents belong, in the order in which people meet them."""

    CROSS_ACCOUNT = "The cross-account role"
    CLUSTER = "Cluster roles and the bucket"
    LAUNCHER = "Ray's own cluster launcher"
    MINIMAL = "One operation alone"
    SESSION = "Sessions"


@dataclass(frozen=True, slots=True)
class Writing:
    """What documents are written from. `spec` names the role that the bootstrap makes until there is one."""

    spec: CloudSpec
    bootstrap: Bootstrap
    names: CloudNames


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One document. `attach_to` may name {role}, {cluster} and {bucket}; `ray` is set for Ray's own roles."""

    name: str
    group: Group
    purpose: str
    attach_to: str
    write: Callable[[Writing], Mapping[str, Any]]
    needs: tuple[Need, ...]
    ray: Callable[[CloudSpec], RayRole] | None = None


def _needed(needs: tuple[Need, ...]) -> Callable[[Writing], Mapping[str, Any]]:
    return lambda writing: needs_policy(needs, writing.names)


def _cluster_trust(_: Writing) -> dict[str, Any]:
    return cluster_trust_policy()


def _mapped_bucket(writing: Writing) -> dict[str, Any]:
    """The bucket policy that set-up writes, and beside it every role of the account with the cloud's tag.

    The names of these statements do not begin like those of set-up, which renews its own and leaves others.
    """
    spec = writing.spec
    arn = f"arn:aws:s3:::{spec.bucket_name}"
    tagged = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Condition": {
            "StringEquals": {
                "aws:PrincipalAccount": spec.account_id,
                f"aws:PrincipalTag/{TAG_KEY}": spec.cloud_id,
            },
            "StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{spec.account_id}:role/*"},
        },
    }
    bucket, objects = (one["Action"] for one in cluster_policy(spec)["Statement"])
    mapped = [
        {"Sid": "MappedRolesBucket", **tagged, "Action": bucket, "Resource": arn},
        {"Sid": "MappedRolesObjects", **tagged, "Action": objects, "Resource": f"{arn}/*"},
    ]
    return {"Version": VERSION, "Statement": [*bucket_statements(spec), *mapped]}


_ENTRY: Final = (
    Need(
        "Enter",
        Feature.ENTRY,
        "sts",
        "AssumeRole",
        reason="The portal's exact role and this cloud's external "
        "ID: an account as principal, without a condition, lets in whoever is trusted there.",
    ),
    Need("SayWho", Feature.ENTRY, "sts", "SetSourceIdentity", reason="So that CloudTrail names who acts."),
    Need(
        "TagSession",
        Feature.ENTRY,
        "sts",
        "TagSession",
        reason="So that CloudTrail names the cloud. Two tags of Raydock's own, no other.",
    ),
)
_EC2_ASSUMES: Final = (Need("Hand", Feature.NODES, "sts", "AssumeRole"),)
_TLS: Final = Need(
    "Tls", Feature.NODES, "s3", "*", reason="Nothing reaches the bucket without TLS.", denies=True
)
_INLINE: Final = "Inline policy of the cross-account role {role}"
_BESIDE: Final = f"{_INLINE}, beside control-plane"

OFFERS: Final = (
    Offer(
        name="trust-control-plane",
        group=Group.CROSS_ACCOUNT,
        purpose="Lets Raydock's own role, and only with this cloud's external ID, enter the account.",
        attach_to="Trust policy of the cross-account role {role}",
        write=lambda writing: writing.bootstrap.trust,
        needs=_ENTRY,
    ),
    Offer(
        name="control-plane",
        group=Group.CROSS_ACCOUNT,
        purpose="All that Raydock does in the account, on this cloud's resources only.",
        attach_to=_INLINE,
        write=lambda writing: writing.bootstrap.policy,
        needs=tuple(own_need(one) for one in TABLE if one.kinds - {Kind.REGISTER}),
    ),
    Offer(
        name="control-plane-clusters",
        group=Group.CROSS_ACCOUNT,
        purpose=f"What running Ray clusters through the role needs, in this account and region. {NOT_CALLED}",
        attach_to=_BESIDE,
        write=_needed(CLUSTERS),
        needs=CLUSTERS,
    ),
    Offer(
        name="control-plane-services",
        group=Group.CROSS_ACCOUNT,
        purpose=f"What Ray services behind a load balancer need, in this account and region. {NOT_CALLED}",
        attach_to=_BESIDE,
        write=_needed(SERVICES),
        needs=SERVICES,
    ),
    Offer(
        name="control-plane-tag-restricted",
        group=Group.CROSS_ACCOUNT,
        purpose="As control-plane-clusters, but for this cloud alone: by the tag of the request at creation, "
        f"by the tag of the resource afterwards. {NOT_CALLED}",
        attach_to=f"{_BESIDE} and instead of control-plane-clusters",
        write=_needed(CLUSTERS_BY_TAG),
        needs=CLUSTERS_BY_TAG,
    ),
    Offer(
        name="control-plane-services-tag-restricted",
        group=Group.CROSS_ACCOUNT,
        purpose=f"As control-plane-services, but for this cloud's load balancers alone, by tag. {NOT_CALLED}",
        attach_to=f"{_BESIDE} and instead of control-plane-services",
        write=_needed(SERVICES_BY_TAG),
        needs=SERVICES_BY_TAG,
    ),
    Offer(
        name="pass-mapped-roles",
        group=Group.CROSS_ACCOUNT,
        purpose="Lets nodes have the roles that mapping rules choose, by their naming convention: a new role "
        f"of such a name needs no change of this policy. {NOT_CALLED}",
        attach_to=_BESIDE,
        write=_needed(PASS_MAPPED),
        needs=PASS_MAPPED,
    ),
    Offer(
        name="cluster-trust",
        group=Group.CLUSTER,
        purpose="Lets EC2 hand a cluster role to the cluster's instances.",
        attach_to="Trust policy of the cluster role {cluster} (set-up writes it) and of every mapped role",
        write=_cluster_trust,
        needs=_EC2_ASSUMES,
    ),
    Offer(
        name="cluster-s3",
        group=Group.CLUSTER,
        purpose="Lets the cluster's nodes use the cloud's bucket.",
        attach_to="Inline policy of the cluster role {cluster} (set-up writes it)",
        write=lambda writing: cluster_policy(writing.spec),
        needs=(BUCKET_USE, BUCKET_PARTS),
    ),
    Offer(
        name="bucket-policy",
        group=Group.CLUSTER,
        purpose="Refuses requests without TLS and names the two roles that may use the bucket.",
        attach_to="Bucket policy of {bucket} (set-up writes it)",
        write=lambda writing: {"Version": VERSION, "Statement": bucket_statements(writing.spec)},
        needs=(BUCKET_USE, _TLS),
    ),
    Offer(
        name="bucket-policy-mapped",
        group=Group.CLUSTER,
        purpose="The same, and lets in every role of the account that bears this cloud's tag: a new mapped "
        "role needs the tag and no change of this policy.",
        attach_to="Bucket policy of {bucket}, instead of bucket-policy",
        write=_mapped_bucket,
        needs=(BUCKET_USE, BUCKET_PARTS, _TLS),
    ),
    Offer(
        name="ray-head",
        group=Group.LAUNCHER,
        purpose="The role of a head node that Ray's own launcher starts: it starts the workers by itself and "
        "may give them their role, and no other.",
        attach_to="Inline policy of the role {ray}, beside its managed policies",
        write=lambda writing: RayRole(writing.spec, "head").policy,
        needs=(PASS_WORKERS, RAY_BUCKET, BUCKET_PARTS),
        ray=lambda spec: RayRole(spec, "head"),
    ),
    Offer(
        name="ray-worker",
        group=Group.LAUNCHER,
        purpose="The role of the workers that Ray's own launcher starts. They start and pass nothing.",
        attach_to="Inline policy of the role {ray}, beside its managed policies",
        write=lambda writing: RayRole(writing.spec, "worker").policy,
        needs=(RAY_BUCKET, BUCKET_PARTS),
        ray=lambda spec: RayRole(spec, "worker"),
    ),
    *(
        Offer(
            name=f"minimal-{operation}",
            group=Group.MINIMAL,
            purpose=f"{says} Leave out the features that you do not use.",
            attach_to=f"{_INLINE}, instead of control-plane",
            write=partial(lambda operation, writing: minimal_policy(operation, writing.names), operation),
            needs=minimal_needs(operation),
        )
        for operation, says in {
            "setup": "What a set-up needs and nothing else: to build, to look and to take down what failed.",
            "register": "What registering existing resources needs: looks alone.",
            "verify": "What a verification needs: looks, and one probe object of its own in the bucket.",
            "delete": "What a delete needs: to look, and to remove what bears this cloud's tag or name.",
        }.items()
    ),
    *(
        Offer(
            name=f"session-{kind}",
            group=Group.SESSION,
            purpose=f"Narrows the cross-account role to what a {kind} operation needs, each time it runs.",
            attach_to="Nowhere: Raydock sends it with AssumeRole",
            write=partial(lambda kind, writing: session_policy(kind, writing.names), kind),
            needs=tuple(map(own_need, GRANTS[kind])),
        )
        for kind in Kind
    ),
)
"""Every document, in the order in which people meet them."""
