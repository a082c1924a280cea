"""The cluster role, its policy and its instance profile.

IAM User Guide, "Use instance profiles": a profile holds one role. Both have the cloud's own name, so that
a create call whose reply was lost meets EntityAlreadyExists and the next look finds the tag.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clouds.planning.documents import CLUSTER_POLICY_NAME, cluster_policy, same_document
from clouds.planning.steps import Step
from clouds.planning.survey import Survey, kind_of, result_of
from iam.policy.trust import cluster_trust_policy

_NOT_YET = ("NoSuchEntity", "ConcurrentModification", "EntityTemporarilyUnmodifiable")


def identity_steps(survey: Survey) -> Iterator[Step]:
    """Every step that role and profile still lack."""
    name = survey.spec.cluster_role_name
    yield from _role(survey, name)
    if "instance-profile" not in survey.adopted:
        yield _step(
            "instance-profile",
            "iam:CreateInstanceProfile",
            {"InstanceProfileName": name, "Tags": _tags(survey, "instance-profile")},
            f"Create the instance profile {name}",
            result=result_of("instance-profile"),
        )
    if survey.profile is None or name not in survey.profile.role_names:
        yield _step(
            "instance-profile-role",
            "iam:AddRoleToInstanceProfile",
            {"InstanceProfileName": name, "RoleName": name},
            "Put the cluster role into the instance profile",
            resource="instance-profile",
            needs=survey.needs("cluster-role", "instance-profile"),
        )


def _role(survey: Survey, name: str) -> Iterator[Step]:
    if "cluster-role" not in survey.adopted:
        yield _step(
            "cluster-role",
            "iam:CreateRole",
            {
                "RoleName": name,
                "AssumeRolePolicyDocument": json.dumps(cluster_trust_policy()),
                "Description": "What the nodes of the Ray clusters of one Raydock cloud may do",
                "Tags": _tags(survey, "cluster-role"),
            },
            f"Create the cluster role {name}",
            result=result_of("cluster-role"),
        )
    wanted = cluster_policy(survey.spec)
    present = (survey.role.inline or {}).get(CLUSTER_POLICY_NAME) if survey.role else None
    if not same_document(present, wanted):
        yield _step(
            "cluster-role-bucket",
            "iam:PutRolePolicy",
            {"RoleName": name, "PolicyName": CLUSTER_POLICY_NAME, "PolicyDocument": json.dumps(wanted)},
            "Let the cluster role use the cloud's bucket",
            resource="cluster-role",
            needs=survey.needs("cluster-role"),
        )


def _tags(survey: Survey, logical: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in survey.spec.tags(logical).items()]


def _step(
    name: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    *,
    resource: str = "",
    needs: frozenset[str] = frozenset(),
    result: str | None = None,
) -> Step:
    return Step(
        name=name,
        action=action,
        params=params,
        resource=resource or name,
        kind=kind_of(resource or name),
        sentence=sentence,
        needs=needs,
        result=result,
        not_yet=_NOT_YET,
    )
