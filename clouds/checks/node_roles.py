"""What every role that nodes run with must be able to do, the cluster role and mapped roles alike.

IAM User Guide, "Use an IAM role to grant permissions to applications running on Amazon EC2 instances"; which
keys a request carries: "AWS global condition context keys".
"""

import json
import shlex
from collections.abc import Iterator

from clouds.checks.asking import Answer, Case
from clouds.checks.permissions import identity_of
from clouds.facts import Bucket, Role
from clouds.planning.documents import CLUSTER_POLICY_NAME, OBJECT_ACTIONS, cluster_policy
from iam.policy.errors import PolicyError
from iam.policy.evaluate import PolicySet, Request, evaluate, evaluate_assume_role
from iam.policy.trust import ASSUME, cluster_trust_policy

EC2 = "ec2.amazonaws.com"
MAY_USE_BUCKET = "It may list the bucket and get, put and delete objects."


def trusts_ec2(role: Role) -> Answer:
    """May instances get credentials of this role?"""
    try:
        request = Request(ASSUME, role.arn, EC2)
        good = evaluate_assume_role(PolicySet(resource=[role.trust]), request).allowed
        observed = f"{EC2} may assume it." if good else f"{EC2} may not assume it."
    except PolicyError as error:
        good, observed = False, f"Its trust policy cannot be read: {error}"
    document = shlex.quote(json.dumps(cluster_trust_policy()))
    return Answer(
        good=good,
        subject=role.arn,
        observed=observed,
        expected=f"The trust policy allows sts:AssumeRole to the service {EC2}.",
        detail="Instances with this role start, but get no credentials.",
        fix=f"Set the trust policy of {role.name} so that EC2 may assume it.",
        cli=f"aws iam update-assume-role-policy --role-name {role.name} --policy-document {document}",
        terraform="aws_iam_role.assume_role_policy",
        console_path=f"IAM > Roles > {role.name} > Trust relationships",
    )


def uses_bucket(case: Case, role: Role, bucket: Bucket) -> Answer:
    """May the role use the cloud's bucket, by its own policies or the bucket's, its tags included?"""
    if identity_of(role) is None:
        return Answer(
            good=None,
            subject=role.arn,
            observed="The role's policies were not all read.",
            expected=MAY_USE_BUCKET,
            fix="Allow iam:GetRolePolicy, iam:GetPolicy and iam:GetPolicyVersion to the cross-account role.",
        )
    try:
        missing = list(_missing(case, role, bucket))
        observed = f"Not allowed: {', '.join(missing)}." if missing else "It may."
    except PolicyError as error:
        missing, observed = ["policy"], f"A policy cannot be read: {error}"
    document = shlex.quote(json.dumps(cluster_policy(case.spec)))
    return Answer(
        good=not missing,
        subject=role.arn,
        observed=observed,
        expected=MAY_USE_BUCKET,
        detail="Logs, checkpoints and shared files of every cluster are in the bucket.",
        fix="Give the role the policy shown, and look for a statement with Deny in the bucket's policy.",
        cli=f"aws iam put-role-policy --role-name {role.name} --policy-name {CLUSTER_POLICY_NAME} "
        f"--policy-document {document}",
        terraform="aws_iam_role_policy.policy",
        console_path=f"IAM > Roles > {role.name} > Permissions",
    )


def _missing(case: Case, role: Role, bucket: Bucket) -> Iterator[str]:
    boundary = None if role.boundary is None else [role.boundary]
    resource = [bucket.policy] if bucket.policy else []
    policies = PolicySet(identity=list(identity_of(role) or ()), resource=resource, boundary=boundary)
    context = {"aws:SecureTransport": "true"}
    context |= {f"aws:PrincipalTag/{key}": value for key, value in role.tags.items()}
    arn = f"arn:aws:s3:::{case.spec.bucket_name}"
    wanted = [("s3:ListBucket", arn), *((action, f"{arn}/raydock-example") for action in OBJECT_ACTIONS)]
    for action, place in wanted:
        if not evaluate(policies, Request(action, place, role.arn, context)).allowed:
            yield action
