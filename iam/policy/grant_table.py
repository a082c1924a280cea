"""What each operation calls in the customer's account: one table, action by action and on which resources.

sts:GetCallerIdentity is in no grant, because AWS asks for none. Tags at creation: EC2 User Guide, "Grant
permission to tag resources during creation". Passing roles: IAM User Guide, "Grant a user permissions to pass
a role to an AWS service".
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from iam.policy.places import (
    AT_CREATION,
    BORN_OURS,
    FOR_INSTANCES,
    IF_PASSED_FOR_INSTANCES,
    IS_OURS,
    Place,
    Test,
)


class Kind(StrEnum):
    """The operations that enter an account."""

    CONNECT = "connect"
    SETUP = "setup"
    VERIFY = "verify"
    DELETE = "delete"
    TAKEDOWN = "takedown"
    ROTATE = "rotate"
    REGISTER = "register"
    """To look at a cloud that its customer made, when it is registered and at each verification."""


BUILDING: Final = frozenset({Kind.SETUP})
ENTERING: Final = frozenset({Kind.ROTATE})
"""A rotation only tries who comes in, and does nothing inside."""
LOOKING: Final = frozenset(Kind) - BUILDING - ENTERING
"""A set-up looks through a session of the kind `verify`, beside its own that only builds."""
CHECKING: Final = frozenset({Kind.CONNECT, Kind.VERIFY})
SEEING: Final = CHECKING | {Kind.REGISTER}
PROBING: Final = frozenset({Kind.VERIFY, Kind.REGISTER})
REGISTERING: Final = frozenset({Kind.REGISTER})
REMOVING: Final = frozenset({Kind.DELETE, Kind.TAKEDOWN})


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions of one service that are allowed together: on the same resources, under the same conditions."""

    name: str
    kinds: frozenset[Kind]
    service: str
    verbs: str
    """The action names, with blanks between."""
    places: tuple[Place, ...] = (Place.ANYWHERE,)
    tests: tuple[Test, ...] = ()
    session_tests: tuple[Test, ...] | None = None
    """The conditions in a session policy where they are written otherwise, so that statements become one."""
    reads: bool = False
    """Only looks. In a session policy it is not narrowed again: the role's own policy does that."""

    @property
    def actions(self) -> tuple[str, ...]:
        """Give the actions as policies name them."""
        return tuple(f"{self.service}:{verb}" for verb in self.verbs.split())


TABLE: Final = (
    Grant(
        "LookAtNetwork",
        LOOKING,
        "ec2",
        "DescribeInternetGateways DescribeRouteTables DescribeSecurityGroups DescribeSubnets "
        "DescribeVpcEndpoints DescribeVpcs",
        reads=True,
    ),
    Grant(
        "LookAtZonesAndDns",
        SEEING,
        "ec2",
        "DescribeAvailabilityZones DescribeVpcAttribute",
        reads=True,
    ),
    Grant(
        "LookAtUseOfNetwork",
        REMOVING,
        "ec2",
        "DescribeInstances DescribeNetworkInterfaces",
        reads=True,
    ),
    Grant("LookAtQuotas", CHECKING, "servicequotas", "GetServiceQuota", reads=True),
    Grant(
        "LookAtRoles",
        LOOKING,
        "iam",
        "GetRole ListRolePolicies",
        places=(Place.CLUSTER_ROLE, Place.OWN_ROLE),
        reads=True,
    ),
    Grant(
        "LookAtRolesPolicies",
        SEEING,
        "iam",
        "GetRolePolicy",
        places=(Place.CLUSTER_ROLE, Place.OWN_ROLE),
        reads=True,
    ),
    Grant(
        "LookAtAttachedPolicies",
        SEEING | REMOVING,
        "iam",
        "ListAttachedRolePolicies",
        places=(Place.CLUSTER_ROLE, Place.OWN_ROLE),
        reads=True,
    ),
    Grant(
        "LookAtManagedPolicies",
        SEEING,
        "iam",
        "GetPolicy GetPolicyVersion",
        places=(Place.OWN_POLICIES, Place.AWS_POLICIES),
        reads=True,
    ),
    Grant(
        "LookAtInstanceProfile",
        LOOKING,
        "iam",
        "GetInstanceProfile",
        places=(Place.CLUSTER_PROFILE,),
        reads=True,
    ),
    # By their naming convention. What a mapping names otherwise, the customer adds (`look_at_mapped_policy`).
    Grant(
        "LookAtMappedRoles",
        PROBING,
        "iam",
        "GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies",
        places=(Place.MAPPED_ROLES,),
        reads=True,
    ),
    Grant(
        "LookAtMappedProfiles",
        PROBING,
        "iam",
        "GetInstanceProfile",
        places=(Place.MAPPED_PROFILES,),
        reads=True,
    ),
    Grant(
        "LookAtBucket",
        LOOKING,
        "s3",
        "GetBucketPolicy GetBucketTagging ListBucket",
        places=(Place.BUCKET,),
        reads=True,
    ),
    Grant(
        "LookAtBucketSettings",
        SEEING,
        "s3",
        "GetBucketCORS GetBucketPublicAccessBlock GetEncryptionConfiguration",
        places=(Place.BUCKET,),
        reads=True,
    ),
    Grant(
        "LookAtBucketContents",
        REMOVING,
        "s3",
        "ListBucketMultipartUploads ListBucketVersions",
        places=(Place.BUCKET,),
        reads=True,
    ),
    # What Raydock did not make may be wired otherwise than it would have done it.
    Grant("LookAtNatGateways", REGISTERING, "ec2", "DescribeNatGateways", reads=True),
    Grant(
        "LookAtProfilesOfClusterRole",
        REGISTERING,
        "iam",
        "ListInstanceProfilesForRole",
        places=(Place.CLUSTER_ROLE,),
        reads=True,
    ),
    # A create is authorized on what it makes, which has request tags …
    Grant(
        "CreateTagged",
        BUILDING,
        "ec2",
        "CreateInternetGateway CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc CreateVpcEndpoint",
        places=(Place.NETWORK,),
        tests=(BORN_OURS,),
    ),
    # … and on what it is made in, which has resource tags and no request tags. So do all later changes.
    Grant(
        "BuildInOwnNetwork",
        BUILDING,
        "ec2",
        "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress "
        "AuthorizeSecurityGroupIngress CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet "
        "CreateVpcEndpoint ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ReplaceRoute",
        places=(Place.NETWORK,),
        tests=(IS_OURS,),
    ),
    # Tags only while something is being created: nobody's resource can be tagged into ours.
    Grant("TagAtCreation", BUILDING, "ec2", "CreateTags", places=(Place.NETWORK,), tests=(AT_CREATION,)),
    Grant(
        "BuildClusterRole",
        BUILDING,
        "iam",
        "AddRoleToInstanceProfile CreateInstanceProfile CreateRole PutRolePolicy TagInstanceProfile TagRole",
        places=(Place.CLUSTER_ROLE, Place.CLUSTER_PROFILE),
        session_tests=(IF_PASSED_FOR_INSTANCES,),
    ),
    # AddRoleToInstanceProfile asks for iam:PassRole on the role (IAM API Reference).
    Grant(
        "PassClusterRoleToInstances",
        BUILDING,
        "iam",
        "PassRole",
        places=(Place.CLUSTER_ROLE,),
        tests=(FOR_INSTANCES,),
        session_tests=(IF_PASSED_FOR_INSTANCES,),
    ),
    Grant(
        "BuildBucket",
        BUILDING,
        "s3",
        "CreateBucket PutBucketCORS PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging "
        "PutEncryptionConfiguration",
        places=(Place.BUCKET,),
        session_tests=(IF_PASSED_FOR_INSTANCES,),
    ),
    Grant("ProbeBucket", PROBING, "s3", "DeleteObject GetObject PutObject", places=(Place.PROBES,)),
    Grant(
        "RemoveOwnNetwork",
        REMOVING,
        "ec2",
        "DeleteInternetGateway DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteVpc "
        "DeleteVpcEndpoints DetachInternetGateway DisassociateRouteTable",
        places=(Place.NETWORK,),
        tests=(IS_OURS,),
    ),
    Grant(
        "RemoveClusterRole",
        REMOVING,
        "iam",
        "DeleteInstanceProfile DeleteRole DeleteRolePolicy DetachRolePolicy RemoveRoleFromInstanceProfile",
        places=(Place.CLUSTER_ROLE, Place.CLUSTER_PROFILE),
    ),
    Grant("RemoveBucket", REMOVING, "s3", "DeleteBucket PutBucketPolicy", places=(Place.BUCKET,)),
    Grant(
        "EmptyBucket",
        REMOVING,
        "s3",
        "AbortMultipartUpload DeleteObject DeleteObjectVersion",
        places=(Place.OBJECTS,),
    ),
)
