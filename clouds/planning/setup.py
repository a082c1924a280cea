"""The plan that turns what is there into what the spec says. It only adds and corrects, it never removes."""

from itertools import chain

from clouds.facts import Facts
from clouds.planning.claims import (
    NETWORK_READS,
    group_is_taken,
    name_is_taken,
    not_seen,
    routed_elsewhere,
    zones_are_short,
)
from clouds.planning.identity import identity_steps
from clouds.planning.network import network_steps
from clouds.planning.registered import nothing_to_build
from clouds.planning.steps import Plan, ordered
from clouds.planning.storage import storage_steps
from clouds.planning.survey import Survey
from clouds.specs import CloudSpec

# Every call that a set-up plan can hold; the grants of set-up are held against it.
SETUP_ACTIONS = frozenset(
    {
        "ec2:AssociateRouteTable",
        "ec2:AttachInternetGateway",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateInternetGateway",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateVpc",
        "ec2:CreateVpcEndpoint",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVpcEndpoint",
        "ec2:ReplaceRoute",
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "s3:CreateBucket",
        "s3:PutBucketCors",
        "s3:PutBucketEncryption",
        "s3:PutBucketPolicy",
        "s3:PutBucketTagging",
        "s3:PutPublicAccessBlock",
    }
)


def plan_setup(spec: CloudSpec, facts: Facts, *, salt: str = "") -> Plan:
    """The steps that are missing, the blockers, and what is adopted.

    Planning again from the facts that a plan led to gives an empty plan. `salt` goes into client tokens:
    the same for every turn that may meet its own lost replies, another one when resources were deleted in
    between, because AWS answers a used token with the resource that is gone.
    """
    if spec.registered:
        return Plan(blockers=(nothing_to_build(spec),))
    survey = Survey(spec, facts, salt)
    steps = chain(network_steps(survey), identity_steps(survey), storage_steps(survey))
    blockers = chain(
        not_seen(survey, _reads(spec)),
        name_is_taken(survey),
        group_is_taken(survey),
        zones_are_short(survey),
        routed_elsewhere(survey),
    )
    return Plan(steps=ordered(tuple(steps)), blockers=tuple(dict.fromkeys(blockers)), adopted=survey.adopted)


def _reads(spec: CloudSpec) -> dict[str, tuple[str, ...]]:
    return {
        "": ("ec2:DescribeAvailabilityZones", "ec2:DescribeVpcAttribute", *NETWORK_READS),
        spec.cluster_role_name: (
            "iam:GetRole",
            "iam:GetInstanceProfile",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
        ),
        spec.bucket_name: (
            "s3:ListBucket",
            "s3:GetBucketLocation",
            "s3:GetBucketTagging",
            "s3:GetBucketPolicy",
            "s3:GetBucketCORS",
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketPublicAccessBlock",
        ),
    }
