import re
from dataclasses import replace
from typing import Any

import pytest

from clouds.planning.removal import DELETE_ACTIONS
from clouds.planning.setup import SETUP_ACTIONS
from iam.policy.documents import canonical, parse
from iam.policy.evaluate import Decision, PolicySet, Request, evaluate
from iam.policy.grants import (
    GRANTS,
    PROBE_PREFIX,
    SESSION_POLICY_LIMIT,
    TABLE,
    CloudNames,
    Kind,
    actions,
    control_plane_policy,
    needed_kinds,
    session_policy,
)

CLOUD = "cld_01h455vb4pex5vsknk084sn02q"
ACCOUNT = "222222222222"
BUCKET = "raydock-cld-01h455vb4pex5vsknk084sn02q"
CLUSTER = f"raydock-{CLOUD}-cluster"
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/raydock"
NAMES = CloudNames(CLOUD, ACCOUNT, "eu-central-1", BUCKET, CLUSTER, OWN_ROLE)
LONGEST = CloudNames(
    "cld_" + "z" * 26,
    ACCOUNT,
    "ap-southeast-99",
    "b" * 63,
    "c" * 64,
    f"arn:aws:iam::{ACCOUNT}:role/{'r' * 64}",
)
LONGEST_INLINE_POLICY = 10_240

OURS = {"aws:ResourceTag/raydock-cloud-id": CLOUD}
FOREIGN = {"aws:ResourceTag/raydock-cloud-id": "cld_other"}
NEW = {"aws:RequestTag/raydock-cloud-id": CLOUD, "aws:TagKeys": ["raydock-cloud-id", "raydock-name", "Name"]}
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{CLUSTER}"
PROFILE_ARN = f"arn:aws:iam::{ACCOUNT}:instance-profile/{CLUSTER}"
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
TO_EC2 = {"iam:PassedToService": "ec2.amazonaws.com"}


def ec2(kind: str, region: str = "eu-central-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:ec2:{region}:{account}:{kind}/{kind}-1"


def ask(kind: Kind, action: str, resource: str, context: dict[str, Any]) -> Decision:
    policies = PolicySet(identity=[control_plane_policy(NAMES)], session=[session_policy(kind, NAMES)])
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/raydock/op_1"
    return evaluate(policies, Request(action, resource, principal, context))


# Each call that set-up makes, with every resource that AWS authorizes it on.
SETUP: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2:CreateVpc", ec2("vpc"), NEW),
    ("ec2:CreateTags", ec2("vpc"), NEW | {"ec2:CreateAction": "CreateVpc"}),
    ("ec2:ModifyVpcAttribute", ec2("vpc"), OURS),
    ("ec2:CreateSubnet", ec2("subnet"), NEW),
    ("ec2:CreateSubnet", ec2("vpc"), OURS),
    ("ec2:ModifySubnetAttribute", ec2("subnet"), OURS),
    ("ec2:CreateInternetGateway", ec2("internet-gateway"), NEW),
    ("ec2:AttachInternetGateway", ec2("internet-gateway"), OURS),
    ("ec2:AttachInternetGateway", ec2("vpc"), OURS),
    ("ec2:CreateRouteTable", ec2("route-table"), NEW),
    ("ec2:CreateRouteTable", ec2("vpc"), OURS),
    ("ec2:CreateRoute", ec2("route-table"), OURS),
    ("ec2:AssociateRouteTable", ec2("route-table"), OURS),
    ("ec2:AssociateRouteTable", ec2("subnet"), OURS),
    ("ec2:CreateVpcEndpoint", ec2("vpc-endpoint"), NEW),
    ("ec2:CreateVpcEndpoint", ec2("vpc"), OURS),
    ("ec2:CreateVpcEndpoint", ec2("route-table"), OURS),
    ("ec2:CreateSecurityGroup", ec2("security-group"), NEW),
    ("ec2:CreateSecurityGroup", ec2("vpc"), OURS),
    ("ec2:AuthorizeSecurityGroupIngress", ec2("security-group"), OURS),
    ("ec2:AuthorizeSecurityGroupEgress", ec2("security-group"), OURS),
    ("ec2:ReplaceRoute", ec2("route-table"), OURS),
    ("ec2:ModifyVpcEndpoint", ec2("vpc-endpoint"), OURS),
    ("iam:CreateRole", ROLE_ARN, NEW),
    ("iam:TagRole", ROLE_ARN, NEW),
    ("iam:PutRolePolicy", ROLE_ARN, {}),
    ("iam:CreateInstanceProfile", PROFILE_ARN, NEW),
    ("iam:TagInstanceProfile", PROFILE_ARN, NEW),
    ("iam:AddRoleToInstanceProfile", PROFILE_ARN, {}),
    ("iam:PassRole", ROLE_ARN, TO_EC2),
    ("s3:CreateBucket", BUCKET_ARN, {}),
    ("s3:PutBucketPolicy", BUCKET_ARN, {}),
    ("s3:PutBucketTagging", BUCKET_ARN, {}),
    ("s3:PutEncryptionConfiguration", BUCKET_ARN, {}),
]
REMOVAL: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2:DescribeNetworkInterfaces", "*", {}),
    ("ec2:DeleteVpc", ec2("vpc"), OURS),
    ("ec2:DeleteSubnet", ec2("subnet"), OURS),
    ("ec2:DeleteVpcEndpoints", ec2("vpc-endpoint"), OURS),
    ("ec2:DisassociateRouteTable", ec2("subnet"), OURS),
    ("ec2:DetachInternetGateway", ec2("vpc"), OURS),
    ("iam:DeleteRole", ROLE_ARN, {}),
    ("iam:RemoveRoleFromInstanceProfile", PROFILE_ARN, {}),
    ("s3:DeleteBucket", BUCKET_ARN, {}),
    ("s3:PutBucketPolicy", BUCKET_ARN, {}),
    ("s3:DeleteObjectVersion", f"{BUCKET_ARN}/any/key", {}),
    ("s3:ListBucketVersions", BUCKET_ARN, {}),
]
# What must be refused although an action of that name is granted.
FORBIDDEN: list[tuple[Kind, str, str, dict[str, Any]]] = [
    (Kind.SETUP, "ec2:CreateVpc", ec2("vpc"), {}),
    (Kind.SETUP, "ec2:CreateVpc", ec2("vpc"), {"aws:RequestTag/raydock-cloud-id": "cld_other"}),
    (Kind.SETUP, "ec2:CreateVpc", ec2("vpc", region="us-east-1"), NEW),
    (Kind.SETUP, "ec2:CreateSubnet", ec2("vpc"), {}),
    (Kind.SETUP, "ec2:CreateSubnet", ec2("vpc"), FOREIGN),
    (Kind.SETUP, "ec2:CreateTags", ec2("vpc"), NEW),
    (Kind.SETUP, "ec2:CreateTags", ec2("vpc"), NEW | OURS),
    (Kind.SETUP, "ec2:ModifyVpcAttribute", ec2("vpc"), FOREIGN),
    (Kind.SETUP, "ec2:AuthorizeSecurityGroupIngress", ec2("security-group"), {}),
    (Kind.SETUP, "ec2:AttachInternetGateway", ec2("vpc"), {}),
    (Kind.SETUP, "iam:PassRole", ROLE_ARN, {"iam:PassedToService": "lambda.amazonaws.com"}),
    (Kind.SETUP, "iam:PassRole", ROLE_ARN, {}),
    (Kind.SETUP, "iam:PassRole", OWN_ROLE, TO_EC2),
    (Kind.SETUP, "iam:PutRolePolicy", OWN_ROLE, {}),
    (Kind.SETUP, "iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/admin", {}),
    (Kind.SETUP, "iam:UpdateAssumeRolePolicy", OWN_ROLE, {}),
    (Kind.SETUP, "iam:CreateUser", "*", {}),
    (Kind.SETUP, "s3:PutBucketPolicy", "arn:aws:s3:::other", {}),
    (Kind.SETUP, "s3:GetObject", f"{BUCKET_ARN}/any", {}),
    (Kind.SETUP, "ec2:DeleteVpc", ec2("vpc"), OURS),
    (Kind.SETUP, "ec2:DescribeVpcs", "*", {}),
    (Kind.SETUP, "iam:GetRole", OWN_ROLE, {}),
    (Kind.VERIFY, "ec2:CreateVpc", ec2("vpc"), NEW),
    (Kind.VERIFY, "s3:PutObject", f"{BUCKET_ARN}/models/1", {}),
    (Kind.VERIFY, "s3:GetObject", f"{BUCKET_ARN}/models/1", {}),
    (Kind.VERIFY, "iam:PassRole", ROLE_ARN, TO_EC2),
    (Kind.CONNECT, "s3:PutObject", f"{BUCKET_ARN}/.raydock/probe/1", {}),
    (Kind.DELETE, "ec2:DeleteVpc", ec2("vpc"), {}),
    (Kind.DELETE, "ec2:DeleteVpc", ec2("vpc"), FOREIGN),
    (Kind.DELETE, "ec2:DetachInternetGateway", ec2("vpc"), FOREIGN),
    (Kind.DELETE, "iam:DeleteRole", OWN_ROLE, {}),
    (Kind.DELETE, "s3:DeleteObject", "arn:aws:s3:::other/x", {}),
    (Kind.DELETE, "ec2:CreateVpc", ec2("vpc"), NEW),
    (Kind.TAKEDOWN, "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {}),
]


@pytest.mark.parametrize(("action", "resource", "context"), SETUP)
def test_set_up_may_do_what_it_must(action: str, resource: str, context: dict[str, Any]) -> None:
    assert ask(Kind.SETUP, action, resource, context).allowed


@pytest.mark.parametrize("kind", [Kind.DELETE, Kind.TAKEDOWN])
@pytest.mark.parametrize(("action", "resource", "context"), REMOVAL)
def test_removal_may_do_what_it_must(kind: Kind, action: str, resource: str, context: dict[str, Any]) -> None:
    assert ask(kind, action, resource, context).allowed


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"])
def test_verify_may_use_its_reserved_prefix(action: str) -> None:
    assert ask(Kind.VERIFY, action, f"{BUCKET_ARN}/{PROBE_PREFIX}op_1", {}).allowed


@pytest.mark.parametrize(("kind", "action", "resource", "context"), FORBIDDEN)
def test_nothing_else_is_allowed(kind: Kind, action: str, resource: str, context: dict[str, Any]) -> None:
    assert not ask(kind, action, resource, context).allowed


@pytest.mark.parametrize("kind", list(Kind))
def test_a_session_policy_alone_holds_changes_to_this_cloud(kind: Kind) -> None:
    """Even a role that may do everything gives a session no more than this."""
    administrator = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    policies = PolicySet(identity=[administrator], session=[session_policy(kind, NAMES)])
    looking = {action for grant in TABLE if grant.reads for action in grant.actions}
    for action in sorted(actions(kind) - looking):
        for context in ({}, FOREIGN):
            request = Request(action, "arn:aws:x:eu-central-1:222222222222:foreign/1", "", context)
            assert not evaluate(policies, request).allowed, action


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("names", [NAMES, LONGEST])
def test_a_session_policy_fits_in_assume_role(kind: Kind, names: CloudNames) -> None:
    assert len(canonical(session_policy(kind, names))) <= SESSION_POLICY_LIMIT


def test_the_control_plane_policy_fits_in_a_role() -> None:
    assert len(canonical(control_plane_policy(LONGEST))) <= LONGEST_INLINE_POLICY


@pytest.mark.parametrize("kind", list(Kind))
def test_a_session_policy_has_exactly_the_actions_of_its_kind(kind: Kind) -> None:
    assert granted(session_policy(kind, NAMES)) == actions(kind)


def test_the_control_plane_policy_has_exactly_the_actions_of_all_kinds() -> None:
    managed = needed_kinds(NAMES)
    assert managed == frozenset(Kind) - {Kind.REGISTER}
    assert granted(control_plane_policy(NAMES)) == frozenset().union(*(actions(kind) for kind in managed))


def test_a_registered_cloud_is_looked_at_and_its_role_passed_and_nothing_else() -> None:
    theirs = replace(
        NAMES, bucket="data", cluster_role="ray/nodes", cluster_profile="ray/hosts", registered=True
    )
    policy = control_plane_policy(theirs)
    assert granted(policy) == actions(Kind.REGISTER) | {"iam:PassRole"}
    text = canonical(policy)
    for arn in (
        "iam::222222222222:role/ray/nodes",
        "instance-profile/ray/hosts",
        "s3:::data/.raydock/probe/*",
    ):
        assert arn in text
    assert "raydock-cld" not in text
    changing = [grant.name for grant in GRANTS[Kind.REGISTER] if not grant.reads]
    assert changing == ["ProbeBucket"]


def granted(policy: dict[str, Any]) -> frozenset[str]:
    lists = [one["Action"] for one in policy["Statement"] if one["Effect"] == "Allow"]
    return frozenset(name for found in lists for name in ([found] if isinstance(found, str) else found))


@pytest.mark.parametrize("kind", list(Kind))
def test_no_wildcard_in_an_action(kind: Kind) -> None:
    assert not [action for action in actions(kind) if set(action) & {"*", "?"}]


@pytest.mark.parametrize(
    "policy", [control_plane_policy(NAMES), *(session_policy(kind, NAMES) for kind in Kind)]
)
def test_the_documents_are_valid_and_filled_in(policy: dict[str, Any]) -> None:
    parse(policy)
    assert re.findall(r"\{\w+\}|None", canonical(policy)) == []


# Calls that IAM knows by another name, and actions that AWS asks for beside the call's own.
CALLED = {
    "s3:PutBucketCors": {"s3:PutBucketCORS"},
    "s3:PutBucketEncryption": {"s3:PutEncryptionConfiguration"},
    "s3:PutPublicAccessBlock": {"s3:PutBucketPublicAccessBlock"},
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
}
BESIDE = {
    Kind.SETUP: {"ec2:CreateTags", "iam:PassRole", "iam:TagInstanceProfile", "iam:TagRole"},
    Kind.DELETE: set(),
    Kind.TAKEDOWN: set(),
}


@pytest.mark.parametrize(
    ("kind", "planned"),
    [(Kind.SETUP, SETUP_ACTIONS), (Kind.DELETE, DELETE_ACTIONS), (Kind.TAKEDOWN, DELETE_ACTIONS)],
)
def test_changes_are_granted_exactly_as_they_can_be_planned(kind: Kind, planned: frozenset[str]) -> None:
    changes = {action for grant in GRANTS[kind] if not grant.reads for action in grant.actions}
    assert changes == BESIDE[kind].union(*(CALLED.get(call, {call}) for call in planned))


def test_every_change_is_narrowed_somehow() -> None:
    wide = [grant.name for grant in TABLE if not grant.reads and not grant.tests and "*" in grant.places]
    assert wide == []


def test_verify_and_connect_change_nothing_but_probes() -> None:
    changing = {kind: [grant.name for grant in GRANTS[kind] if not grant.reads] for kind in GRANTS}
    assert changing[Kind.CONNECT] == []
    assert changing[Kind.VERIFY] == ["ProbeBucket"]


def test_before_a_cloud_is_connected_its_policy_speaks_of_no_role_of_its_own() -> None:
    unconnected = CloudNames(CLOUD, ACCOUNT, "eu-central-1", BUCKET, CLUSTER)
    assert "None" not in canonical(control_plane_policy(unconnected))
    parse(control_plane_policy(unconnected))


def test_t19_a_rotation_enters_and_can_do_nothing_inside() -> None:
    for action, resource in (("ec2:DescribeVpcs", "*"), ("iam:GetRole", OWN_ROLE)):
        assert not ask(Kind.ROTATE, action, resource, {}).allowed


def test_t14_no_document_lets_the_control_plane_assume_a_role() -> None:
    documents = [control_plane_policy(NAMES), *(session_policy(kind, NAMES) for kind in Kind)]
    assert not [one for one in documents for action in granted(one) if action.startswith("sts:")]
    assert ask(Kind.SETUP, "iam:PassRole", ROLE_ARN, TO_EC2).allowed


def test_t22_no_document_lets_the_control_plane_edit_a_trust_policy() -> None:
    documents = [control_plane_policy(NAMES), *(session_policy(kind, NAMES) for kind in Kind)]
    assert not [one for one in documents if "iam:UpdateAssumeRolePolicy" in granted(one)]


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="repaint"):
        session_policy("repaint", NAMES)
