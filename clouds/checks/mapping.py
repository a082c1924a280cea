"""Can nodes run with each role that the mapping names? One answer for each role, before a workload needs it.

IAM User Guide, "Grant a user permissions to pass a role to an AWS service" and "Use instance profiles".
"""

import json
import shlex
from collections.abc import Callable, Iterator

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.mapped import Mapped, statement_policy
from clouds.checks.node_roles import EC2, MAY_USE_BUCKET, trusts_ec2, uses_bucket
from clouds.checks.permissions import identity_of
from clouds.facts import Role
from iam.policy.documents import canonical
from iam.policy.errors import PolicyError
from iam.policy.evaluate import Decision, PolicySet, Request, evaluate
from iam.policy.places import MAPPED_PREFIX
from iam.policy.trust import cluster_trust_policy

POLICY_NAME = "raydock-pass-mapped-roles"
PASS_ROLE, TO_EC2 = "iam:PassRole", {"iam:PassedToService": EC2}
_ROLE = ("iam:GetRole",)
_PROFILES = ("iam:GetInstanceProfile", "iam:ListInstanceProfilesForRole")
_POLICIES = ("iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies")
_DOCUMENTS = ("iam:GetPolicy", "iam:GetPolicyVersion")
_BUCKET = ("s3:ListBucket", "s3:GetBucketPolicy")


def _exists(one: Mapped) -> Iterator[Answer]:
    expected = f"The role {one.name} exists in account {one.spec.account_id}."
    if one.foreign:
        yield Answer(
            good=None,
            subject=one.arn,
            observed=f"It is in account {one.mapped.account_id}, where Raydock does not look.",
            expected=expected,
            fix=f"Name a role of account {one.spec.account_id} in {one.rules}.",
        )
        return
    refused = one.refused(*_ROLE) or (() if one.role else one.refused("iam:GetInstanceProfile"))
    if refused:
        yield one.not_seen(refused, expected)
        return
    yield Answer(
        good=one.role is not None and one.same_arn,
        subject=one.arn,
        observed=one.told,
        expected=expected,
        detail=f"Workloads that {one.rules} matches do not start without it." if one.mapped.rules else "",
        fix=f"Write the role's own ARN, or its name alone, in {one.rules}."
        if one.role
        else f"Create the role {one.name} with an instance profile of the same name, "
        f"or name another role in {one.rules}.",
        cli=f"aws iam get-role --role-name {one.name} --query Role.Arn" if one.role else _creation(one),
        terraform="aws_iam_role.name",
        console_path="IAM > Roles",
    )


def _creation(one: Mapped) -> str:
    trust = shlex.quote(json.dumps(cluster_trust_policy()))
    tag = f"--tags Key={one.spec.tag_key},Value={one.spec.cloud_id}"
    return (
        f"aws iam create-role --role-name {one.name} --assume-role-policy-document {trust} {tag}; "
        f"aws iam create-instance-profile --instance-profile-name {one.name}; "
        f"aws iam add-role-to-instance-profile --instance-profile-name {one.name} --role-name {one.name}"
    )


def _same_account(one: Mapped) -> Iterator[Answer]:
    account = one.role.arn.split(":")[4] if one.role else one.mapped.account_id
    if account:
        yield Answer(
            good=account == one.spec.account_id,
            subject=one.arn,
            observed=f"The role is in account {account}.",
            expected=f"It is in the cloud's account, {one.spec.account_id}.",
            detail="EC2 takes instance profiles of its own account only.",
            fix=f"Create the role in account {one.spec.account_id} and name it in {one.rules}.",
            cli=_creation(one),
            terraform="aws_iam_role.arn",
            console_path="IAM > Roles",
        )


def _trusts_ec2(one: Mapped) -> Iterator[Answer]:
    if refused := one.refused(*_ROLE):
        yield one.not_seen(refused, f"The trust policy allows sts:AssumeRole to the service {EC2}.")
    elif one.role:
        yield trusts_ec2(one.role)


def _instance_profile(one: Mapped) -> Iterator[Answer]:
    expected = f"An instance profile named {one.profile or one.name} holds the role."
    if refused := one.refused(*_ROLE, *_PROFILES):
        yield one.not_seen(refused, expected)
    elif one.role:
        yield _profile(one, one.role, expected)


def _profile(one: Mapped, role: Role, expected: str) -> Answer:
    holding = [found.name for found in one.facts.instance_profiles if role.name in found.role_names]
    wanted = one.profile or role.name
    taken = one.facts.profile(wanted)
    create = "" if taken else f"aws iam create-instance-profile --instance-profile-name {wanted}; "
    named = ", ".join(holding)
    return Answer(
        good=wanted in holding,
        soft=bool(holding),
        subject=role.arn,
        observed=f"{named} holds the role." if holding else "No instance profile holds the role.",
        expected=expected,
        detail="EC2 knows profiles, not roles. A rule that names a role means the profile of the same name.",
        fix=f"Make an instance profile named {wanted} and put the role into it"
        + (f", or name {holding[0]} in {one.rules}." if holding else "."),
        cli=f"{create}aws iam add-role-to-instance-profile --instance-profile-name {wanted} "
        f"--role-name {role.name}",
        terraform="aws_iam_instance_profile.role",
        console_path="The IAM console makes profiles with EC2 roles only: use the command line",
    )


def _pass_role(one: Mapped) -> Iterator[Answer]:
    expected = f"{PASS_ROLE} to EC2 on {one.arn}"
    unseen = one.refused(*_ROLE) if one.mapped.by_name else ()
    if unseen:
        yield one.not_seen(unseen, expected)
        return
    control = one.facts.role(one.spec.cross_account_role_name)
    identity = identity_of(control) if control else None
    if one.role is None or one.foreign:
        return
    if control is None or identity is None:
        yield Answer(
            good=None,
            subject=one.arn,
            observed="The policies of the cross-account role were not all read.",
            expected=f"{expected} is allowed.",
            fix="Allow iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, "
            "iam:GetPolicy and iam:GetPolicyVersion to the cross-account role.",
        )
        return
    boundary = None if control.boundary is None else [control.boundary]
    policies = PolicySet(identity=list(identity), boundary=boundary)
    try:
        yield _passed(one, evaluate(policies, Request(PASS_ROLE, one.role.arn, control.arn, TO_EC2)))
    except PolicyError as error:
        yield Answer(
            good=None,
            subject=one.arn,
            observed=f"A policy of the cross-account role cannot be read: {error}",
            expected=f"{expected} is allowed.",
            fix="Replace the policies of the cross-account role with those that are shown.",
        )


def _passed(one: Mapped, decision: Decision) -> Answer:
    control = one.spec.cross_account_role_name
    document = shlex.quote(canonical(pass_policy(one.case)))
    return Answer(
        good=decision.allowed,
        subject=one.arn,
        observed=decision.reason.sentence,
        expected=f"{PASS_ROLE} to EC2 on {one.arn} is allowed to {control}.",
        detail=f"Roles named {MAPPED_PREFIX}… are covered by one statement for all of them.",
        fix=f"Attach to {control} the policy shown: it lets the role be passed to EC2 and to nothing else.",
        cli=f"aws iam put-role-policy --role-name {control} --policy-name {POLICY_NAME} "
        f"--policy-document {document}",
        terraform="aws_iam_role_policy.policy",
        console_path=f"IAM > Roles > {control} > Permissions > Add permissions > Create inline policy",
    )


def pass_policy(case: Case) -> dict[str, object]:
    """The policy that lets the cross-account role pass all roles of the mapping: one attachment for all."""
    conventional = f"arn:aws:iam::{case.spec.account_id}:role/{MAPPED_PREFIX}*"
    roles = [one.arn for one in every(case) if one.is_role and not one.foreign and not one.conventional]
    return statement_policy("PassMappedRolesToInstances", PASS_ROLE, [conventional, *roles], TO_EC2)


def _bucket(one: Mapped) -> Iterator[Answer]:
    bucket = one.facts.bucket
    refused = one.refused(*_ROLE, *_POLICIES) or one.refused_documents(*_DOCUMENTS)
    if refused:
        yield one.not_seen(refused, MAY_USE_BUCKET)
    elif one.role and (hidden := one.facts.refusals(*_BUCKET, subject=one.spec.bucket_name)):
        yield one.not_seen(hidden, MAY_USE_BUCKET)
    elif one.role and bucket:
        yield uses_bucket(one.case, one.role, bucket)


def every(case: Case) -> Iterator[Mapped]:
    """Each role of the cloud's mapping, as this look saw it."""
    return (Mapped(case, one) for one in case.spec.mapped_roles)


def _of_each(ask: Callable[[Mapped], Iterator[Answer]]) -> Callable[[Case], Iterator[Answer]]:
    return lambda case: (answer for one in every(case) for answer in ask(one))


_QUESTIONS = (
    ("exists", "The mapped role exists", _ROLE, _exists),
    ("same_account", "The mapped role is in the cloud's account", (), _same_account),
    ("trusts_ec2", "Instances may use the mapped role", _ROLE, _trusts_ec2),
    ("instance_profile", "The mapped role has an instance profile", (*_ROLE, *_PROFILES), _instance_profile),
    ("pass_role", "The cross-account role may pass the mapped role to instances", _ROLE, _pass_role),
    ("bucket", "The mapped role may use the bucket", (*_ROLE, *_POLICIES, *_DOCUMENTS, *_BUCKET), _bucket),
)
CHECKS = tuple(
    Check(
        id=f"mapping.{name}",
        severity="must",
        title=title,
        actions=actions,
        ask=_of_each(ask),
        about="mapped-roles",
    )
    for name, title, actions, ask in _QUESTIONS
)
