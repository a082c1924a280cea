"""What running Ray clusters through the cross-account role needs: in a whole account, or by the cloud's tag.

Resources and condition keys: Service Authorization Reference, "Actions, resources, and condition keys for
Amazon EC2". StartInstances sends no tags, so it is allowed by the tag that the instance has.
"""

from typing import Final

from iam.policy.features import (
    ALL_PROFILES,
    EC2,
    FILE_SYSTEMS,
    IMAGES,
    INSTANCES,
    SERVICE_ROLES,
    SNAPSHOTS,
    Feature,
    Need,
    for_service,
    service_role,
)
from iam.policy.places import BORN_OURS, FOR_INSTANCES, IS_OURS, TAG_KEY, Place

_SPOT_REQUESTS: Final = f"{EC2}spot-instances-request/*"
_VOLUMES: Final = f"{EC2}volume/*"
_GROUPS: Final = f"{EC2}placement-group/*"
_ADDRESSES: Final = f"{EC2}elastic-ip/*"
# What an instance is made from or put into: it bears no tag of the request.
_AROUND: Final = (
    IMAGES,
    SNAPSHOTS,
    *(f"{EC2}{kind}/*" for kind in ("key-pair", "network-interface", "security-group", "subnet", "volume")),
)
_TAGGING_CALLS: Final = (
    "AllocateAddress",
    "CreatePlacementGroup",
    "CreateVolume",
    "RequestSpotInstances",
    "RunInstances",
)
_NAMED_TAG: Final = ("ForAnyValue:StringEquals", "aws:TagKeys", TAG_KEY)
_WHOLE: Final = (
    "The usual fragment is to be merged by hand into the other policy; this document is whole by itself."
)

BESIDES: Final = (
    Need(
        "PassClusterRole",
        Feature.CLUSTERS,
        "iam",
        "PassRole",
        (Place.CLUSTER_ROLE,),
        (FOR_INSTANCES,),
        reason="The usual policy lets any role of the account be passed, an administrator's too: this one "
        "names the cloud's cluster role, for EC2 alone. `pass-mapped-roles` adds the mapped ones.",
    ),
    Need("LookAtProfiles", Feature.CLUSTERS, "iam", "GetInstanceProfile", (ALL_PROFILES,)),
    Need(
        "LookAtWhatClustersUse",
        Feature.CLUSTERS,
        "ec2",
        "DescribeAccountAttributes DescribeAvailabilityZones DescribeIamInstanceProfileAssociations "
        "DescribeInstanceStatus DescribeInstanceTypes DescribeInstances DescribePlacementGroups "
        "DescribePrefixLists DescribeRegions DescribeReservedInstancesOfferings DescribeRouteTables "
        "DescribeSecurityGroups DescribeSpotInstanceRequests DescribeSpotPriceHistory DescribeSubnets "
        "DescribeVolumes",
    ),
    Need(
        "LookAtMountTargets",
        Feature.SHARED_STORAGE,
        "elasticfilesystem",
        "DescribeMountTargets",
        (FILE_SYSTEMS,),
    ),
    Need(
        "CreateSpotServiceRole",
        Feature.SPOT,
        "iam",
        "CreateServiceLinkedRole",
        (service_role(*SERVICE_ROLES["spot"]),),
        (for_service(SERVICE_ROLES["spot"][0]),),
    ),
)

CLUSTERS: Final = (
    *BESIDES,
    Need("TagInstances", Feature.CLUSTERS, "ec2", "CreateTags DeleteTags", (Place.NETWORK,)),
    Need("RunInstances", Feature.CLUSTERS, "ec2", "RunInstances", (Place.NETWORK, IMAGES, SNAPSHOTS)),
    Need(
        "StartAndStopInstances",
        Feature.CLUSTERS,
        "ec2",
        "StartInstances StopInstances TerminateInstances",
        (INSTANCES,),
    ),
    Need("RequestSpot", Feature.SPOT, "ec2", "RequestSpotInstances", (Place.NETWORK, IMAGES, SNAPSHOTS)),
    Need("CancelSpot", Feature.SPOT, "ec2", "CancelSpotInstanceRequests", (_SPOT_REQUESTS,)),
    Need("ShareImages", Feature.OWN_IMAGES, "ec2", "ModifyImageAttribute", (IMAGES,)),
    Need(
        "ChangeInstances",
        Feature.CLUSTERS,
        "ec2",
        "AssociateIamInstanceProfile DisassociateIamInstanceProfile ModifyInstanceAttribute "
        "ReplaceIamInstanceProfileAssociation",
        (INSTANCES, _VOLUMES, f"{EC2}security-group/*"),
    ),
    Need(
        "AttachWhatNodesUse",
        Feature.VOLUMES,
        "ec2",
        "AllocateAddress AttachVolume CreatePlacementGroup CreateVolume ReleaseAddress",
        (_ADDRESSES, _GROUPS, INSTANCES, _VOLUMES, SNAPSHOTS),
    ),
)
"""The usual control-plane policy: any cluster of this account and region, whatever its tags."""

CLUSTERS_BY_TAG: Final = (
    *BESIDES,
    Need(
        "DenyTaggingOfOtherInstances",
        Feature.CLUSTERS,
        "ec2",
        "CreateTags DeleteTags",
        ("arn:aws:ec2:*:*:instance/*",),
        (
            ("StringNotEquals", f"aws:ResourceTag/{TAG_KEY}", "{cloud_id}"),
            ("StringNotEquals", "ec2:CreateAction", ("RunInstances", "StartInstances")),
        ),
        denies=True,
    ),
    Need(
        "TagWhatIsBeingCreated",
        Feature.CLUSTERS,
        "ec2",
        "CreateTags",
        (Place.NETWORK,),
        (("StringEquals", "ec2:CreateAction", _TAGGING_CALLS),),
        reason="The usual fragment only denies and rests on a wide grant elsewhere.",
    ),
    Need(
        "TagOwn",
        Feature.CLUSTERS,
        "ec2",
        "CreateTags DeleteTags",
        (Place.NETWORK,),
        (IS_OURS,),
        reason="The usual fragment only denies and rests on a wide grant elsewhere.",
    ),
    Need(
        "RunTaggedInstances",
        Feature.CLUSTERS,
        "ec2",
        "RunInstances",
        (INSTANCES, _SPOT_REQUESTS),
        (BORN_OURS, _NAMED_TAG),
    ),
    Need("RunInstancesFrom", Feature.CLUSTERS, "ec2", "RunInstances", _AROUND),
    Need("RunInstancesInOwnGroup", Feature.VOLUMES, "ec2", "RunInstances", (_GROUPS,), (IS_OURS,)),
    Need(
        "StartAndStopOwnInstances",
        Feature.CLUSTERS,
        "ec2",
        "StartInstances StopInstances TerminateInstances",
        (INSTANCES,),
        (IS_OURS,),
    ),
    Need(
        "RequestTaggedSpot",
        Feature.SPOT,
        "ec2",
        "RequestSpotInstances",
        (_SPOT_REQUESTS,),
        (BORN_OURS,),
        _WHOLE,
    ),
    Need("RequestSpotFrom", Feature.SPOT, "ec2", "RequestSpotInstances", _AROUND, reason=_WHOLE),
    Need(
        "ChangeOwn",
        Feature.CLUSTERS,
        "ec2",
        "AssociateIamInstanceProfile AttachVolume CancelSpotInstanceRequests DisassociateIamInstanceProfile "
        "ModifyInstanceAttribute ReleaseAddress ReplaceIamInstanceProfileAssociation",
        (Place.NETWORK,),
        (IS_OURS,),
        _WHOLE,
    ),
    Need("ShareOwnImages", Feature.OWN_IMAGES, "ec2", "ModifyImageAttribute", (IMAGES,), (IS_OURS,), _WHOLE),
    Need(
        "CreateTagged",
        Feature.VOLUMES,
        "ec2",
        "AllocateAddress CreatePlacementGroup CreateVolume",
        (_ADDRESSES, _GROUPS, _VOLUMES),
        (BORN_OURS,),
        _WHOLE,
    ),
    Need("CreateVolumesFrom", Feature.VOLUMES, "ec2", "CreateVolume", (SNAPSHOTS,), reason=_WHOLE),
)
"""The same for this cloud alone: the tag of the request at creation, the tag of the resource afterwards."""

PASS_MAPPED: Final = (
    Need(
        "PassMappedRoles",
        Feature.MAPPING,
        "iam",
        "PassRole",
        (Place.MAPPED_ROLES,),
        (FOR_INSTANCES,),
        reason="Names, not `*`: whoever names a role so says that nodes may have it.",
    ),
    Need(
        "LookAtMappedProfiles",
        Feature.MAPPING,
        "iam",
        "GetInstanceProfile",
        (Place.MAPPED_PROFILES,),
        reason="EC2 takes the instance profile, which must be seen to hold the role.",
    ),
)
"""Mapped roles by their naming convention, so that a new role needs no change of any policy."""
