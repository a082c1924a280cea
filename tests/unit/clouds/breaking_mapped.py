"""Every way in which a role of the mapping can be of no use, and what its finding must say."""

from dataclasses import replace

from clouds.facts import AttachedPolicy, Denied, Facts
from clouds.findings import Status
from clouds.planning.documents import cluster_policy
from tests.unit.clouds.breaking import (
    ANYONE,
    DENY_PUT,
    FAIL,
    UNKNOWN,
    WARN,
    Break,
    allow,
    both,
    bucket,
    control,
    facts_with,
    gone,
    mapped,
    one_of,
)
from tests.unit.clouds.healthy import MAPPED, SPEC, mapped_profile

NAME = MAPPED.role_name
ARN = f"arn:aws:iam::{SPEC.account_id}:role/{NAME}"
MANAGED = "arn:aws:iam::222222222222:policy/data"


def profiles(*held: str, name: str = NAME) -> Break:
    return lambda facts: one_of(
        facts, "instance_profiles", NAME, name=name, role_names=held, arn=mapped_profile(name).arn
    )


def refused(action: str, subject: str = NAME, *, message: str = "no") -> Break:
    def broken(facts: Facts) -> Facts:
        return replace(facts, denied=(Denied(action=action, subject=subject, message=message),))

    return broken


def hidden(action: str = "iam:GetRole") -> Break:
    """The role cannot be looked at, so it is not among what was seen."""
    return both(gone("roles", NAME), refused(action))


ATTACHED = {"inline": {}, "attached": (AttachedPolicy(arn=MANAGED),)}
BOUNDED = {"boundary_arn": MANAGED, "boundary": allow("ec2:*")["p"]}
BROKEN_MAPPED: list[tuple[str, Break, Status, tuple[str, ...]]] = [
    (
        "mapping.exists",
        both(gone("roles", NAME), gone("instance_profiles", NAME)),
        FAIL,
        (ARN, "no role and no instance profile", "rules 1, 3", f"create-role --role-name {NAME}"),
    ),
    ("mapping.exists", hidden(), UNKNOWN, (ARN, "iam:GetRole", "raydock-look-at-mapped-roles")),
    ("mapping.same_account", mapped(arn=ARN.replace("2222", "3333")), FAIL, ("333333333333",)),
    ("mapping.trusts_ec2", mapped(trust=ANYONE), FAIL, (NAME, "update-assume-role-policy", "ec2.amazon")),
    ("mapping.trusts_ec2", mapped(trust={"x": 1}), FAIL, ("cannot be read",)),
    ("mapping.trusts_ec2", hidden(), UNKNOWN, ("iam:GetRole", ARN)),
    (
        "mapping.instance_profile",
        gone("instance_profiles", NAME),
        FAIL,
        ("No instance profile holds", "create-instance-profile", f"--role-name {NAME}"),
    ),
    ("mapping.instance_profile", profiles("other"), FAIL, ("No instance", "add-role-to-instance-profile")),
    ("mapping.instance_profile", profiles(NAME, name="nodes"), WARN, ("nodes holds the role", "name nodes")),
    (
        "mapping.instance_profile",
        refused("iam:ListInstanceProfilesForRole"),
        UNKNOWN,
        ("iam:ListInstanceProfilesForRole", "LookAtMappedProfiles"),
    ),
    (
        "mapping.pass_role",
        control(inline=allow("iam:GetRole")),
        FAIL,
        (ARN, "role/raydock-mapped-*", "raydock-pass-mapped-roles", "iam:PassedToService"),
    ),
    (
        "mapping.pass_role",
        mapped(arn=f"{ARN[:31]}team/{NAME}"),
        FAIL,
        (f"role/team/{NAME}", "put-role-policy"),
    ),
    ("mapping.pass_role", control(inline=None), UNKNOWN, ("iam:GetRolePolicy",)),
    ("mapping.pass_role", control(inline={"p": {"x": 1}}), UNKNOWN, ("cannot be read",)),
    ("mapping.pass_role", hidden(), UNKNOWN, ("iam:GetRole", ARN)),
    ("mapping.bucket", mapped(inline={}), FAIL, ("s3:ListBucket", "s3:PutObject", f"--role-name {NAME}")),
    ("mapping.bucket", mapped(inline={"p": cluster_policy(SPEC)}, **BOUNDED), FAIL, ("s3:ListBucket",)),
    ("mapping.bucket", bucket(policy=DENY_PUT), FAIL, ("s3:PutObject", "Deny")),
    ("mapping.bucket", bucket(policy={"x": 1}), FAIL, ("cannot be read",)),
    ("mapping.bucket", mapped(inline=None), UNKNOWN, ("iam:GetRolePolicy",)),
    ("mapping.bucket", mapped(boundary_arn=MANAGED), UNKNOWN, ("iam:GetPolicyVersion",)),
    (
        "mapping.bucket",
        both(mapped(**ATTACHED), refused("iam:GetPolicyVersion", MANAGED)),
        UNKNOWN,
        ("iam:GetPolicyVersion", ARN),
    ),
    ("mapping.bucket", refused("s3:GetBucketPolicy", SPEC.bucket_name), UNKNOWN, ("s3:GetBucketPolicy",)),
    ("mapping.bucket", facts_with(denied=(Denied(action="iam:GetRole", subject=NAME),)), UNKNOWN, (ARN,)),
]
