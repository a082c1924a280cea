"""The usual policies: what platforms of this kind ask their customers for, as facts to compare ours with.

Action names, resources and conditions only, in a form of our own; `{…}` stands for what differs from one
customer to the next. A test holds that all of it is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Usual:
    """One statement of a usual policy. `actions` are `service: Verb Verb; service: Verb`."""

    actions: str
    resource: str = "*"
    condition: Mapping[str, Mapping[str, Any]] | None = None
    effect: str = "Allow"
    principal: Mapping[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Give the actions as policies name them."""
        groups = (group.split(":", 1) for group in self.actions.split(";"))
        return tuple(f"{service.strip()}:{verb}" for service, verbs in groups for verb in verbs.split())

    @property
    def resources(self) -> tuple[str, ...]:
        """Give the resources one by one."""
        return tuple(self.resource.split())


_TAG: Final = "raydock-cloud-id"
_SPOT_ROLE: Final = "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
_ELB_ROLE: Final = (
    "arn:aws:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/"
    "AWSServiceRoleForElasticLoadBalancing"
)
_BUCKET: Final = "arn:aws:s3:::{bucket}"

REFERENCE: Final[Mapping[str, tuple[Usual, ...]]] = MappingProxyType(
    {
        "trust-control-plane": (Usual("sts: AssumeRole", "", {}, principal={"AWS": "{portal_account}"}),),
        "control-plane": (
            Usual("iam: PassRole GetInstanceProfile"),
            Usual(
                "ec2: DescribeAvailabilityZones DescribeInstanceTypes DescribeRegions "
                "DescribeAccountAttributes"
            ),
            Usual("ec2: DescribeInstances DescribeSubnets DescribeRouteTables DescribeSecurityGroups"),
            Usual("ec2: CreateTags DeleteTags"),
            Usual("ec2: StartInstances RunInstances"),
            Usual("ec2: TerminateInstances StopInstances"),
            Usual(
                "ec2: CancelSpotInstanceRequests ModifyImageAttribute ModifyInstanceAttribute "
                "RequestSpotInstances"
            ),
            Usual(
                "ec2: AttachVolume CreateVolume DescribeVolumes AssociateIamInstanceProfile "
                "DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation CreatePlacementGroup "
                "AllocateAddress ReleaseAddress DescribeIamInstanceProfileAssociations "
                "DescribeInstanceStatus DescribePlacementGroups DescribePrefixLists "
                "DescribeReservedInstancesOfferings DescribeSpotInstanceRequests DescribeSpotPriceHistory"
            ),
            Usual("elasticfilesystem: DescribeMountTargets"),
            Usual(
                "iam: CreateServiceLinkedRole PutRolePolicy",
                _SPOT_ROLE,
                {"StringLike": {"iam:AWSServiceName": "spot.amazonaws.com"}},
            ),
        ),
        "control-plane-services": (
            Usual(
                "cloudformation: TagResource UntagResource CreateStack UpdateStack DeleteStack "
                "DescribeStackEvents DescribeStackResources DescribeStacks GetTemplate"
            ),
            Usual(
                "elasticloadbalancing: DescribeListeners DescribeLoadBalancers "
                "DescribeLoadBalancerAttributes DescribeRules DescribeTargetGroups "
                "DescribeTargetGroupAttributes DescribeTargetHealth DescribeListenerCertificates "
                "DescribeTags"
            ),
            Usual("ec2: DescribeVpcs DescribeInternetGateways"),
            Usual("elasticloadbalancing: AddListenerCertificates RemoveListenerCertificates"),
            Usual("acm: ListCertificates"),
            Usual(
                "acm: DeleteCertificate RenewCertificate RequestCertificate AddTagsToCertificate "
                "DescribeCertificate GetCertificate ListTagsForCertificate"
            ),
            Usual(
                "elasticloadbalancing: AddTags RemoveTags CreateRule ModifyRule DeleteRule "
                "SetRulePriorities CreateListener ModifyListener DeleteListener CreateLoadBalancer "
                "DeleteLoadBalancer ModifyLoadBalancerAttributes CreateTargetGroup ModifyTargetGroup "
                "DeleteTargetGroup ModifyTargetGroupAttributes RegisterTargets DeregisterTargets "
                "SetIpAddressType SetSecurityGroups SetSubnets"
            ),
            Usual(
                "iam: CreateServiceLinkedRole",
                "*",
                {"StringLike": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
            ),
            Usual(
                "iam: AttachRolePolicy PutRolePolicy UpdateRoleDescription DeleteServiceLinkedRole "
                "GetServiceLinkedRoleDeletionStatus",
                _ELB_ROLE,
            ),
        ),
        "control-plane-tag-restricted": (
            Usual(
                "ec2: DeleteTags CreateTags",
                "arn:aws:ec2:*:*:instance/*",
                {
                    "StringNotEquals": {
                        f"aws:ResourceTag/{_TAG}": "{cloud_id}",
                        "ec2:CreateAction": ["RunInstances", "StartInstances"],
                    }
                },
                effect="Deny",
            ),
            Usual(
                "ec2: TerminateInstances StopInstances",
                "*",
                {"StringEquals": {f"aws:ResourceTag/{_TAG}": "{cloud_id}"}},
            ),
            Usual(
                "ec2: StartInstances RunInstances",
                "*",
                {
                    "StringEquals": {f"aws:RequestTag/{_TAG}": "{cloud_id}"},
                    "ForAnyValue:StringEquals": {"aws:TagKeys": [_TAG]},
                },
            ),
            Usual(
                "ec2: RunInstances",
                "arn:aws:ec2:*::image/* arn:aws:ec2:*::snapshot/* arn:aws:ec2:*:*:subnet/* "
                "arn:aws:ec2:*:*:network-interface/* arn:aws:ec2:*:*:security-group/* "
                "arn:aws:ec2:*:*:key-pair/* arn:aws:ec2:*:*:volume/*",
            ),
        ),
        "cluster-trust": (Usual("sts: AssumeRole", "", principal={"Service": "ec2.amazonaws.com"}),),
        "cluster-s3": (Usual("s3: ListBucket", _BUCKET), Usual("s3: *Object", f"{_BUCKET}/*")),
        "bucket-policy": (
            Usual(
                "s3: PutObject DeleteObject GetObject ListBucket ListBucketMultipartUploads "
                "ListMultipartUploadParts AbortMultipartUpload GetBucketLocation",
                f"{_BUCKET}/* {_BUCKET}",
                principal={"AWS": "{control_plane_role} {cluster_role} {other_cluster_role}"},
            ),
        ),
        "bucket-policy-mapped": (
            Usual(
                "s3: PutObject DeleteObject GetObject ListBucket",
                f"{_BUCKET} {_BUCKET}/*",
                {
                    "StringEquals": {
                        "aws:PrincipalAccount": "{account_id}",
                        f"aws:PrincipalTag/{_TAG}": "{cloud_id}",
                    },
                    "StringLike": {"aws:PrincipalArn": "arn:aws:iam::{account_id}:role/*"},
                },
                principal={"AWS": "*"},
            ),
        ),
        "minimal-setup": (
            Usual(
                "cloudformation: CreateChangeSet CreateStack DeleteStack DescribeStackEvents "
                "DescribeStacks ListStacks"
            ),
            Usual(
                "ec2: AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress "
                "AuthorizeSecurityGroupIngress CreateInternetGateway CreateRoute CreateRouteTable "
                "CreateSecurityGroup CreateSubnet CreateTags CreateVpc CreateVpcEndpoint "
                "DeleteInternetGateway DeleteRoute DeleteRouteTable DeleteSecurityGroup DeleteSubnet "
                "DeleteVpc DeleteVpcEndpoints DescribeAvailabilityZones DescribeInternetGateways "
                "DescribeNetworkAcls DescribeRegions DescribeRouteTables DescribeSecurityGroupRules "
                "DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcEndpoints "
                "DescribeVpcs DetachInternetGateway DisassociateRouteTable ModifySubnetAttribute "
                "ModifyVpcAttribute RevokeSecurityGroupEgress RevokeSecurityGroupIngress"
            ),
            Usual(
                "elasticfilesystem: CreateFileSystem CreateMountTarget DeleteFileSystem DeleteMountTarget "
                "DescribeBackupPolicy DescribeFileSystemPolicy DescribeFileSystems "
                "DescribeLifecycleConfiguration DescribeMountTargetSecurityGroups DescribeMountTargets "
                "DescribeReplicationConfigurations PutLifecycleConfiguration TagResource"
            ),
            Usual(
                "iam: AddRoleToInstanceProfile AttachRolePolicy CreateInstanceProfile CreateRole "
                "DeleteInstanceProfile DeleteRole DeleteRolePolicy DetachRolePolicy GetInstanceProfile "
                "GetRole PassRole PutRolePolicy RemoveRoleFromInstanceProfile TagRole"
            ),
            Usual(
                "s3: CreateBucket DeleteBucketPolicy GetAccelerateConfiguration GetBucketCors "
                "GetBucketLogging GetBucketNotification GetBucketObjectLockConfiguration "
                "GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging "
                "GetBucketVersioning GetBucketWebsite PutBucketCors PutBucketPolicy "
                "PutBucketPublicAccessBlock PutBucketTagging"
            ),
            Usual(
                "acm: ListCertificates; kms: CreateGrant DescribeKey GenerateDataKeyWithoutPlaintext; "
                "servicequotas: GetServiceQuota"
            ),
        ),
        "minimal-register": (
            Usual("cloudformation: DescribeStacks ListStacks"),
            Usual("ec2: DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
            Usual(
                "elasticfilesystem: DescribeBackupPolicy DescribeFileSystemPolicy DescribeFileSystems "
                "DescribeMountTargets"
            ),
            Usual(
                "acm: ListCertificates; iam: GetPolicy GetRole GetRolePolicy ListAttachedRolePolicies "
                "ListInstanceProfilesForRole ListRolePolicies UpdateAssumeRolePolicy"
            ),
            Usual("s3: GetBucketCors GetBucketLocation GetBucketPolicy ListBucket ListAllMyBuckets"),
            Usual("servicequotas: GetServiceQuota"),
        ),
        "minimal-verify": (
            Usual("cloudformation: DescribeStacks"),
            Usual("ec2: DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
            Usual(
                "elasticfilesystem: DescribeBackupPolicy DescribeFileSystemPolicy DescribeFileSystems "
                "DescribeMountTargets"
            ),
            Usual(
                "iam: GetRole ListAttachedRolePolicies ListRolePolicies GetRolePolicy GetPolicy "
                "ListInstanceProfilesForRole"
            ),
            Usual("s3: GetBucketCors GetBucketLocation GetBucketPolicy ListBucket ListAllMyBuckets"),
            Usual("servicequotas: GetServiceQuota"),
        ),
        "ray-head": (Usual("iam: PassRole", "arn:aws:iam::*:role/{ray_worker}"),),
    }
)
"""Our document -> the usual policy for the same purpose. A document that is not here has none."""
