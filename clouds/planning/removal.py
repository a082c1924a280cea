"""The plan that takes a cloud out of the account again, from what is observed and not from memory.

Everything with the cloud's tag goes, duplicates and half-made things included; nothing else is touched.
Order: IAM User Guide, "Delete roles or instance profiles"; the network's and the bucket's are next door.
"""

from collections.abc import Iterator
from typing import Literal

from clouds.facts import Facts
from clouds.planning.network_removal import network_removal
from clouds.planning.obstacles import removal_blockers
from clouds.planning.registered import kept
from clouds.planning.removal_steps import removal_step
from clouds.planning.steps import Kept, Plan, Step, ordered
from clouds.planning.storage_removal import bucket_removal, kept_bucket_policy, losses
from clouds.planning.survey import Survey, kind_of
from clouds.specs import CloudSpec

# Every call that a delete plan can hold; the grants of delete and take-down are held against it.
DELETE_ACTIONS = frozenset(
    {
        "ec2:DeleteInternetGateway",
        "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSubnet",
        "ec2:DeleteVpc",
        "ec2:DeleteVpcEndpoints",
        "ec2:DetachInternetGateway",
        "ec2:DisassociateRouteTable",
        "iam:DeleteInstanceProfile",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "s3:AbortMultipartUpload",
        "s3:DeleteBucket",
        "s3:DeleteObjects",
        "s3:PutBucketPolicy",
    }
)


def plan_delete(spec: CloudSpec, facts: Facts, *, bucket: Literal["keep", "delete"]) -> Plan:
    """The steps that leave nothing of the cloud in the account, but the bucket when it is kept.

    A bucket with more objects than one look lists is emptied turn by turn: `look_again` says so.
    """
    if spec.registered:
        return Plan(kept=tuple(kept(spec, facts)))
    survey = Survey(spec, facts)
    gone = bucket == "delete"
    contents = survey.bucket.contents if survey.bucket and gone else None
    storage = bucket_removal(survey) if gone else kept_bucket_policy(survey)
    return Plan(
        steps=ordered((*network_removal(survey), *_identity(survey), *storage)),
        blockers=tuple(dict.fromkeys(removal_blockers(survey, with_bucket=gone))),
        kept=tuple(_kept(survey, bucket)),
        adopted=survey.adopted,
        losses=tuple(losses(survey) if gone else ()),
        look_again=contents is not None and contents.truncated,
    )


def _identity(survey: Survey) -> Iterator[Step]:
    name = survey.spec.cluster_role_name
    emptied = []
    if survey.profile:
        for held in survey.profile.role_names:
            emptied.append(f"empty-profile-{held}")
            yield removal_step(
                emptied[-1],
                "iam:RemoveRoleFromInstanceProfile",
                {"InstanceProfileName": name, "RoleName": held},
                f"Take the role {held} out of the instance profile",
                resource="instance-profile",
            )
        yield removal_step(
            "delete-instance-profile",
            "iam:DeleteInstanceProfile",
            {"InstanceProfileName": name},
            f"Delete the instance profile {name}",
            resource="instance-profile",
            needs=emptied,
        )
    if survey.role:
        policies = list(_role_policies(survey))
        yield from policies
        yield removal_step(
            "delete-cluster-role",
            "iam:DeleteRole",
            {"RoleName": name},
            f"Delete the cluster role {name}",
            resource="cluster-role",
            needs=[one.name for one in policies] + [one for one in emptied if one == f"empty-profile-{name}"],
        )


def _role_policies(survey: Survey) -> Iterator[Step]:
    """A role goes only without policies. Managed ones stay in the account, they are only taken off."""
    name = survey.spec.cluster_role_name
    role = survey.role
    for policy in sorted((role.inline or {}) if role else ()):
        yield removal_step(
            f"delete-policy-{policy}",
            "iam:DeleteRolePolicy",
            {"RoleName": name, "PolicyName": policy},
            f"Delete the inline policy {policy} of the cluster role",
            resource="cluster-role",
        )
    for attached in (role.attached or ()) if role else ():
        yield removal_step(
            f"detach-policy-{attached.arn}",
            "iam:DetachRolePolicy",
            {"RoleName": name, "PolicyArn": attached.arn},
            f"Take the policy {attached.name or attached.arn} off the cluster role (the policy itself stays)",
            resource="cluster-role",
        )


def _kept(survey: Survey, bucket: str) -> Iterator[Kept]:
    if survey.bucket and bucket == "keep":
        yield Kept(
            resource="bucket",
            kind=kind_of("bucket"),
            id=survey.bucket.name,
            reason="You asked to keep the bucket and its data. It still carries the cloud's tag.",
        )
    for role in survey.facts.roles:
        if survey.ours(role) and role.name != survey.spec.cluster_role_name:
            reason = "This role is yours: Raydock did not create it and does not delete it."
            own = role.arn == survey.spec.cross_account_role_arn
            if own:
                reason += " Delete it when Raydock need not enter this account any more."
            resource = "cross-account-role" if own else "mapped-role"
            yield Kept(resource=resource, kind="AWS::IAM::Role", id=role.arn, reason=reason)
