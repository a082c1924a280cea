"""What each operation may do in the customer's account, action by action and on which resources.

One table says it; the policy that the customer attaches and the session policies of the operations are both
written from it. sts:GetCallerIdentity is in no grant, because AWS asks for none. Tags at creation: EC2 User
Guide, "Grant permission to tag resources during creation". Passing roles: IAM User Guide, "Grant a user
permissions to pass a role to an AWS service".
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from iam.policy.documents import CURRENT
from iam.policy.places import (
    AT_CREATION,
    BORN_OURS,
    FOR_INSTANCES,
    IF_PASSED_FOR_INSTANCES,
    IS_OURS,
    MAPPED_PREFIX,
    PROBE_PREFIX,
    SHORT,
    CloudNames,
    Place,
    Test,
)

__all__ = [
    "GRANTS",
    "MAPPED_PREFIX",
    "POWERLESS",
    "PROBE_PREFIX",
    "SESSION_POLICY_LIMIT",
    "TABLE",
    "CloudNames",
    "Grant",
    "Kind",
    "Place",
    "actions",
    "control_plane_policy",
    "look_at_mapped_policy",
    "session_policy",
]

SESSION_POLICY_LIMIT: Final = 2048
"""Characters that sts:AssumeRole takes as Policy."""

POWERLESS: Final = {"Version": CURRENT, "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
"""The session policy of whoever only tries a door: what comes of it can do nothing."""


class Kind(StrEnum):
    """The operations that enter an account."""

    CONNECT = "connect"
    SETUP = "setup"
    VERIFY = "verify"
    DELETE = "delete"
    TAKEDOWN = "takedown"
    ROTATE = "rotate"


BUILDING: Final = frozenset({Kind.SETUP})
ENTERING: Final = frozenset({Kind.ROTATE})
"""A rotation only tries who comes in, and does nothing inside."""
LOOKING: Final = frozenset(Kind) - BUILDING - ENTERING
"""A set-up looks through a session of the kind `verify`, beside its own that only builds."""
CHECKING: Final = frozenset({Kind.CONNECT, Kind.VERIFY})
PROBING: Final = frozenset({Kind.VERIFY})
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
        CHECKING,
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
        CHECKING,
        "iam",
        "GetRolePolicy",
        places=(Place.CLUSTER_ROLE, Place.OWN_ROLE),
        reads=True,
    ),
    Grant(
        "LookAtAttachedPolicies",
        CHECKING | REMOVING,
        "iam",
        "ListAttachedRolePolicies",
        places=(Place.CLUSTER_ROLE, Place.OWN_ROLE),
        reads=True,
    ),
    Grant(
        "LookAtManagedPolicies",
        CHECKING,
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
        CHECKING,
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
GRANTS: Mapping[Kind, tuple[Grant, ...]] = MappingProxyType(
    {kind: tuple(grant for grant in TABLE if kind in grant.kinds) for kind in Kind}
)
"""What each kind of operation may do."""


def control_plane_policy(names: CloudNames) -> dict[str, Any]:
    """Give what the customer attaches to the cross-account role: everything any operation needs, no more."""
    statements = (
        _statement(names, grant.actions, grant.places, grant.tests) | {"Sid": grant.name} for grant in TABLE
    )
    return {"Version": CURRENT, "Statement": list(statements)}


def session_policy(kind: str, names: CloudNames) -> dict[str, Any]:
    """Give the session policy of one kind of operation; its canonical text fits in sts:AssumeRole.

    It meets the role's own policy as an intersection, so it is written short where that loses nothing: reads
    stand together, and statements that bear the same conditions on ARNs of different services become one.
    A kind that has no grant gets POWERLESS. Raises ValueError for an unknown kind.
    """
    if not GRANTS[Kind(kind)]:
        return {**POWERLESS}
    merged: dict[tuple[tuple[Test, ...], bool], list[Grant]] = {}
    for grant in GRANTS[Kind(kind)]:
        tests = grant.tests if grant.session_tests is None else grant.session_tests
        merged.setdefault((tests, grant.reads), []).append(grant)
    statements = (_merged(names, grants, tests) for (tests, _), grants in merged.items())
    return {"Version": CURRENT, "Statement": list(statements)}


def look_at_mapped_policy(names: CloudNames, roles: Iterable[str], profiles: Iterable[str]) -> dict[str, Any]:
    """Give what lets a verification look at mapped roles and profiles of any name: these ARNs beside ours."""
    named = {"LookAtMappedRoles": roles, "LookAtMappedProfiles": profiles}
    statements = []
    for grant in (grant for grant in TABLE if grant.name in named):
        own = _statement(names, grant.actions, grant.places, ())
        places = dict.fromkeys((own["Resource"], *named[grant.name]))
        statements.append({**own, "Sid": grant.name, "Resource": _one_or_list(places)})
    return {"Version": CURRENT, "Statement": statements}


def actions(kind: str) -> frozenset[str]:
    """Give every action that a kind of operation may use."""
    return frozenset(action for grant in GRANTS[Kind(kind)] for action in grant.actions)


def _merged(names: CloudNames, grants: Iterable[Grant], tests: tuple[Test, ...]) -> dict[str, Any]:
    granted = dict.fromkeys(action for grant in grants for action in grant.actions)
    places = {_short(grant, place): None for grant in grants for place in grant.places}
    return _statement(names, granted, places, tests)


def _short(grant: Grant, place: Place) -> str:
    return str(Place.ANYWHERE) if grant.reads else SHORT.get(place, place)


def _statement(
    names: CloudNames, granted: Iterable[str], places: Iterable[str], tests: tuple[Test, ...]
) -> dict[str, Any]:
    filled = [place.format_map(asdict(names)) for place in places if _known(place, names)]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": _one_or_list(granted),
        "Resource": _one_or_list(filled),
    }
    return statement | ({"Condition": _condition(names, tests)} if tests else {})


def _known(place: str, names: CloudNames) -> bool:
    return place != Place.OWN_ROLE or names.cross_account_role_arn is not None


def _condition(names: CloudNames, tests: tuple[Test, ...]) -> dict[str, dict[str, str]]:
    return {operator: {key: value.format_map(asdict(names))} for operator, key, value in tests}


def _one_or_list(values: Iterable[str]) -> str | list[str]:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed
