"""Can nodes run with the cluster role, and use the bucket with it?"""

from collections.abc import Iterator

from clouds.checks.asking import Answer, Case, Check, refusal
from clouds.checks.node_roles import trusts_ec2, uses_bucket
from clouds.facts import Role


def _role(case: Case) -> Role | None:
    """The role under the cluster role's name, whoever made it; where an ARN was given, that very one."""
    given = case.registration.cluster_role if case.registration else None
    exact = given.given if given and given.given.startswith("arn:") else case.spec.cluster_role_name
    return case.facts.role(exact)


def _exists(case: Case) -> Iterator[Answer]:
    role, name = _role(case), case.spec.cluster_role_name
    if not name:
        return  # The profile that was given leads to no role, which the check on profiles tells.
    other = case.facts.role(name)
    yield Answer(
        good=role is not None,
        subject=role.arn if role else case.spec.cluster_role_arn,
        observed=f"{role.arn}."
        if role
        else f"The role {name} has another ARN: {other.arn}."
        if other
        else f"There is no role {name}.",
        expected=f"The role {name} exists.",
        fix=case.make_it,
        terraform="aws_iam_role.name",
        console_path="IAM > Roles",
    )


def _trusts_ec2(case: Case) -> Iterator[Answer]:
    role = _role(case)
    if role:
        yield trusts_ec2(role)


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
    role, name = _role(case), case.spec.profile_name
    if role is None:
        if not case.spec.cluster_role_name:
            yield _no_role_in_profile(case)
        return
    looks = ("iam:GetInstanceProfile", "iam:ListInstanceProfilesForRole")
    if case.spec.registered and (refused := case.facts.refusals(*looks, subject=name)):
        yield refusal(case, refused, name)
        return
    holding = [one for one in case.facts.instance_profiles if role.name in one.role_names]
    given = case.registration.instance_profile if case.registration else None
    if given and given.given:
        # Instances will be started with the given profile and no other.
        holding = [one for one in holding if one.name == name]
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
        expected=f"An instance profile named {role.name} holds the role.",
        detail="EC2 knows profiles, not roles. Tools that take one for the other need the same name.",
        fix=f"Make an instance profile named {name} and put the role into it."
        if not holding
        else f"It works. Make a profile named {role.name} where tools expect it, and register with that.",
        cli=f"{create}aws iam add-role-to-instance-profile --instance-profile-name {name} "
        f"--role-name {role.name}",
        terraform="aws_iam_instance_profile.role",
        console_path="The IAM console makes profiles with EC2 roles only: use the command line",
    )


def _no_role_in_profile(case: Case) -> Answer:
    """Only a profile was given, and it leads to no role."""
    name = case.spec.profile_name
    profile = case.facts.profile(name)
    return Answer(
        good=False,
        subject=profile.arn if profile else name,
        observed=f"The profile {name} holds no role." if profile else f"There is no instance profile {name}.",
        expected=f"The instance profile {name} exists and holds the role of the cluster's nodes.",
        detail="EC2 gives nodes their credentials through the profile.",
        fix=f"Put the role of the nodes into {name}." if profile else case.make_it,
        cli=f"aws iam add-role-to-instance-profile --instance-profile-name {name} --role-name <role>",
        terraform="aws_iam_instance_profile.role",
        console_path="The IAM console makes profiles with EC2 roles only: use the command line",
    )


def _bucket(case: Case) -> Iterator[Answer]:
    role, bucket = _role(case), case.facts.bucket
    if role and bucket:
        yield uses_bucket(case, role, bucket)


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
