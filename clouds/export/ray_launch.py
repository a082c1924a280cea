"""Whose roles the nodes of a cluster have that Ray's own launcher starts, and the lines that make them.

The head starts the workers by itself, so it may start instances and pass the workers' role to them, and no
other. Managed policies: AWS Managed Policy Reference. Passing: IAM User Guide, "Grant a user permissions to
pass a role to an AWS service". Lines: AWS CLI reference, "iam".
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from clouds.facts import Facts
from clouds.mapped_roles import MappedRole
from clouds.planning.documents import VERSION, cluster_policy
from clouds.specs import CloudSpec
from iam.errors import Problem
from iam.mapping import Config, Outcome, resolve
from iam.policy.documents import canonical
from iam.policy.places import MAPPED_PREFIX
from iam.policy.trust import cluster_trust_policy

Part = Literal["head", "worker"]
POLICY_NAME: Final = "raydock-ray"
_AWS: Final = "arn:aws:iam::aws:policy/"
_BOTH: Final = ("AmazonS3FullAccess", "AmazonFSxFullAccess", "CloudWatchAgentServerPolicy")
MANAGED: Final[Mapping[str, tuple[str, ...]]] = {
    "head": ("AmazonEC2FullAccess", *_BOTH, "AmazonSSMFullAccess"),
    "worker": _BOTH,
}
"""The AWS managed policies of the two roles."""


def role_name(spec: CloudSpec, part: Part) -> str:
    """The name of the role made for Ray's head or workers; the convention of mapped roles covers it."""
    return f"{MAPPED_PREFIX}{spec.cloud_id.rpartition('_')[2]}-ray-{part}"


def role_arn(spec: CloudSpec, part: Part) -> str:
    """The ARN of that role."""
    return f"arn:aws:iam::{spec.account_id}:role/{role_name(spec, part)}"


def profile_arn(spec: CloudSpec, name: str) -> str:
    """The ARN of an instance profile of this name, without a path, in the cloud's account."""
    return f"arn:aws:iam::{spec.account_id}:instance-profile/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Which role the workers have: `reason` says who decided, `seen` whether its profile was looked at."""

    role_arn: str
    profile_arn: str
    reason: str
    seen: bool = True


def workers_of(spec: CloudSpec, facts: Facts, config: Config, labels: Mapping[str, str]) -> Workers:
    """The workers' role: with labels the mapping decides, without any it is the one made for Ray's workers.

    Raises Problem("mapping_refuses", 409) where the mapping says that such a workload does not start.
    """
    if not labels:
        name = role_name(spec, "worker")
        return Workers(
            role_arn=role_arn(spec, "worker"),
            profile_arn=profile_arn(spec, name),
            reason="No labels were given: the role for Ray's workers, as the lines for the roles make it.",
            seen=facts.profile(name) is not None,
        )
    found = resolve(config, labels)
    if found.outcome is Outcome.FAIL:
        raise Problem(
            "mapping_refuses",
            f"The mapping starts no workload with {_told(labels)}: no rule matches it, and the default is "
            "FAIL. Add a rule, or export for other labels.",
            status=409,
        )
    mapped = next((one for one in spec.mapped_roles if found.rule_index in one.rules), None)
    if found.rule_index is None or mapped is None:
        name = spec.cluster_role_name
        return Workers(
            role_arn=spec.cluster_role_arn,
            profile_arn=profile_arn(spec, name),
            reason=f"No rule of the mapping matches {_told(labels)}: the cloud's own cluster role.",
            seen=facts.profile(name) is not None,
        )
    return _mapped(
        spec, facts, mapped, f"Rule {found.rule_index + 1} of the mapping matches {_told(labels)}."
    )


def _mapped(spec: CloudSpec, facts: Facts, mapped: MappedRole, reason: str) -> Workers:
    role = mapped.role(facts)
    name = role.name if role else mapped.role_name
    wanted = mapped.profile(facts) or name
    holding = {one.name: one.arn for one in facts.instance_profiles if name in one.role_names}
    arn = holding.get(wanted) or next(iter(holding.values()), "")
    guess = mapped.value if ":instance-profile/" in mapped.value else profile_arn(spec, wanted)
    return Workers(
        role_arn=role.arn if role else f"arn:aws:iam::{spec.account_id}:role/{name}",
        profile_arn=arn or guess,
        reason=reason,
        seen=bool(arn),
    )


def _told(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())


def head_policy(spec: CloudSpec, worker_role_arn: str) -> dict[str, Any]:
    """The inline policy of the head's role: pass the workers' role to EC2 and use the cloud's bucket."""
    passing = {
        "Sid": "PassWorkerRole",
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": worker_role_arn,
        "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    }
    return {"Version": VERSION, "Statement": [passing, *cluster_policy(spec)["Statement"]]}


def roles_script(spec: CloudSpec, workers: Workers) -> str:
    """A bash script that makes the head's role, and the workers' where it is the one made for Ray.

    It stops before it changes anything in another account.
    """
    made_here = workers.role_arn == role_arn(spec, "worker")
    account = shlex.quote(spec.account_id)
    wrong = shlex.quote(f"These credentials are not of account {spec.account_id}. Nothing was changed.")
    guard = (
        "#!/usr/bin/env bash\n"
        f"# Makes the roles of a Ray cluster in the cloud {spec.cloud_id}, each with its instance profile.\n"
        "set -eu\n\n"
        'account="$(aws sts get-caller-identity --query Account --output text)"\n'
        f'if [ "$account" != {account} ]; then\n  echo {wrong} >&2\n  exit 1\nfi\n'
    )
    given = f"# The workers have {workers.role_arn}, which is not made here.\n"
    made = "# The workers start nothing and pass nothing.\n" + _lines(spec, "worker", cluster_policy(spec))
    head = "# The head starts the workers, and may give them their role and no other.\n"
    head += _lines(spec, "head", head_policy(spec, workers.role_arn))
    return "\n".join([guard, made if made_here else given, head])


def _lines(spec: CloudSpec, part: Part, policy: Mapping[str, Any]) -> str:
    name = role_name(spec, part)
    role, profile = ("--role-name", name), ("--instance-profile-name", name)
    tag = ("--tags", f"Key={spec.tag_key},Value={spec.cloud_id}")
    lines = [
        ("create-role", *role, "--assume-role-policy-document", canonical(cluster_trust_policy()), *tag),
        ("create-instance-profile", *profile, *tag),
        ("add-role-to-instance-profile", *profile, *role),
        *(("attach-role-policy", *role, "--policy-arn", f"{_AWS}{one}") for one in MANAGED[part]),
        ("put-role-policy", *role, "--policy-name", POLICY_NAME, "--policy-document", canonical(policy)),
        ("get-instance-profile", *profile, "--query", "InstanceProfile.Arn", "--output", "text"),
    ]
    return "".join(f"{shlex.join(('aws', 'iam', *line))}\n" for line in lines)
