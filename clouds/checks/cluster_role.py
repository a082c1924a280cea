"""Can nodes run with the cluster role, and use the bucket with it?

IAM User Guide, "Use an IAM role to grant permissions to applications running on Amazon EC2 instances".
"""

import json
from collections.abc import Iterator

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.permissions import identity_of
from clouds.facts import Role
from clouds.planning.documents import CLUSTER_POLICY_NAME, OBJECT_ACTIONS, cluster_policy
from iam.policy.errors import PolicyError
from iam.policy.evaluate import PolicySet, Request, evaluate, evaluate_assume_role
from iam.policy.trust import ASSUME, cluster_trust_policy

EC2 = "ec2.amazonaws.com"


def _role(case: Case) -> Role | None:
    """The role under the cluster role's name, whoever made it."""
    return case.facts.role(case.spec.cluster_role_name)


def _exists(case: Case) -> Iterator[Answer]:
    role, name = _role(case), case.spec.cluster_role_name
    yield Answer(
        good=role is not None,
        subject=role.arn if role else case.spec.cluster_role_arn,
        observed=f"{role.arn}." if role else f"There is no role {name}.",
        expected=f"The role {name} exists.",
        fix="Run set-up again: it makes what is missing.",
        terraform="aws_iam_role.name",
        console_path="IAM > Roles",
    )


def _trusts_ec2(case: Case) -> Iterator[Answer]:
    role = _role(case)
    if role is None:
        return
    try:
        request = Request(ASSUME, role.arn, EC2)
        good = evaluate_assume_role(PolicySet(resource=[role.trust]), request).allowed
        observed = f"{EC2} may assume it." if good else f"{EC2} may not assume it."
    except PolicyError as error:
        good, observed = False, f"Its trust policy cannot be read: {error}"
    document = json.dumps(cluster_trust_policy())
    yield Answer(
        good=good,
        subject=role.arn,
        observed=observed,
        expected=f"The trust policy allows sts:AssumeRole to the service {EC2}.",
        detail="Instances with this role start, but get no credentials.",
        fix=f"Set the trust policy of {role.name} so that EC2 may assume it.",
        cli=f"aws iam update-assume-role-policy --role-name {role.name} --policy-document '{document}'",
        terraform="aws_iam_role.assume_role_policy",
        console_path=f"IAM > Roles > {role.name} > Trust relationships",
    )


def _same_account(case: Case) -> Iterator[Answer]:
    role = _role(case)
    if role:
        account = role.arn.split(":")[4]
        yield Answer(
            good=account == case.spec.account_id,
            subject=role.arn,
            observed=f"The role is in account {account}.",
            expected=f"It is in the cloud's account, {case.spec.account_id}.",
            detail="EC2 takes instance profiles of its own account only.",
            fix=f"Use a role of account {case.spec.account_id}.",
            terraform="aws_iam_role.arn",
            console_path="IAM > Roles",
        )


def _instance_profile(case: Case) -> Iterator[Answer]:
    role, name = _role(case), case.spec.cluster_role_name
    if role is None:
        return
    holding = [one for one in case.facts.instance_profiles if role.name in one.role_names]
    same = any(one.name == role.name for one in holding)
    named = ", ".join(one.name for one in holding)
    profile = case.facts.profile(name)
    held = ", ".join(profile.role_names) if profile else ""
    if holding:
        observed = f"{named} holds the role."
    elif profile:
        observed = f"The profile {name} holds {held or 'no role'}."
    else:
        observed = "No instance profile holds the role."
    create = f"aws iam create-instance-profile --instance-profile-name {name}; " if profile is None else ""
    yield Answer(
        good=same,
        soft=bool(holding),
        subject=role.arn,
        observed=observed,
        expected=f"An instance profile named {name} holds the role.",
        detail="EC2 knows profiles, not roles. Tools that take one for the other need the same name.",
        fix=f"Make an instance profile named {name} and put the role into it.",
        cli=f"{create}aws iam add-role-to-instance-profile --instance-profile-name {name} "
        f"--role-name {role.name}",
        terraform="aws_iam_instance_profile.role",
        console_path="The IAM console makes profiles with EC2 roles only: use the command line",
    )


def _bucket(case: Case) -> Iterator[Answer]:
    role, spec, bucket = _role(case), case.spec, case.facts.bucket
    if role is None or bucket is None:
        return
    arn = f"arn:aws:s3:::{spec.bucket_name}"
    wanted = [("s3:ListBucket", arn), *((action, f"{arn}/raydock-example") for action in OBJECT_ACTIONS)]
    identity = identity_of(role)
    expected = "It may list the bucket and get, put and delete objects."
    if identity is None:
        yield Answer(
            good=None,
            subject=role.arn,
            observed="The role's policies were not all read.",
            expected=expected,
            fix="Allow iam:GetRolePolicy, iam:GetPolicy and iam:GetPolicyVersion to the cross-account role.",
        )
        return
    boundary = None if role.boundary is None else [role.boundary]
    resource = [bucket.policy] if bucket.policy else []
    policies = PolicySet(identity=list(identity), resource=resource, boundary=boundary)
    context = {"aws:SecureTransport": "true"}
    try:
        missing = [
            action
            for action, place in wanted
            if not evaluate(policies, Request(action, place, role.arn, context)).allowed
        ]
        observed = f"Not allowed: {', '.join(missing)}." if missing else "It may."
    except PolicyError as error:
        missing, observed = ["policy"], f"A policy cannot be read: {error}"
    document = json.dumps(cluster_policy(spec))
    yield Answer(
        good=not missing,
        subject=role.arn,
        observed=observed,
        expected=expected,
        detail="Logs, checkpoints and shared files of every cluster are in the bucket.",
        fix="Give the role the policy shown, and look for a statement with Deny in the bucket's policy.",
        cli=f"aws iam put-role-policy --role-name {role.name} --policy-name {CLUSTER_POLICY_NAME} "
        f"--policy-document '{document}'",
        terraform="aws_iam_role_policy.policy",
        console_path=f"IAM > Roles > {role.name} > Permissions",
    )


_ROLE = ("iam:GetRole",)
_POLICIES = ("iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies")
_QUESTIONS = (
    ("exists", "The cluster role exists", _ROLE, _exists),
    ("trusts_ec2", "Instances may use the cluster role", _ROLE, _trusts_ec2),
    ("same_account", "The cluster role is in the cloud's account", _ROLE, _same_account),
    (
        "instance_profile",
        "The cluster role has an instance profile",
        (*_ROLE, "iam:GetInstanceProfile"),
        _instance_profile,
    ),
    ("bucket", "The cluster role may use the bucket", (*_ROLE, *_POLICIES), _bucket),
)
CHECKS = tuple(
    Check(
        id=f"cluster_role.{name}",
        severity="must",
        title=title,
        actions=actions,
        ask=ask,
        about="cluster-role",
    )
    for name, title, actions, ask in _QUESTIONS
)
