"""What set-up, registration, verification and delete need for features beside Raydock's own operations.

EFS: Amazon EFS User Guide, "Amazon EFS API permissions" (a mount target is a network interface). MemoryDB:
Service Authorization Reference, "… for Amazon MemoryDB". Both encrypt through KMS in the caller's name.
"""

from typing import Final

from iam.policy.features import (
    ALL_PROFILES,
    ALL_ROLES,
    EC2,
    FILE_SYSTEMS,
    SERVICE_ROLES,
    STACKS,
    Feature,
    Need,
    for_service,
    service_role,
)
from iam.policy.places import BORN_OURS, IS_OURS, Place

_INTERFACES: Final = (f"{EC2}network-interface/*", f"{EC2}security-group/*", f"{EC2}subnet/*")
_MEMORYDB: Final = "arn:aws:memorydb:{region}:{account_id}:"
_OWN_MEMORYDB: Final = (f"{_MEMORYDB}cluster/raydock-*", f"{_MEMORYDB}subnetgroup/raydock-*")
_FORGOTTEN: Final = "The usual policy forgets it, although the feature is offered."
_EFS_SETTINGS: Final = (
    "DescribeBackupPolicy DescribeFileSystemPolicy DescribeFileSystems DescribeMountTargets"
)

LOOK_AT_FEATURES: Final = (
    Need("LookAtFileSystems", Feature.SHARED_STORAGE, "elasticfilesystem", _EFS_SETTINGS, (FILE_SYSTEMS,)),
    Need(
        "LookAtMountTargetInterfaces",
        Feature.SHARED_STORAGE,
        "ec2",
        "DescribeNetworkInterfaces",
    ),
    Need(
        "LookAtMemoryDb",
        Feature.FAULT_TOLERANCE,
        "memorydb",
        "DescribeClusters DescribeSubnetGroups ListTags",
        (f"{_MEMORYDB}cluster/*", f"{_MEMORYDB}subnetgroup/*"),
        reason=_FORGOTTEN,
    ),
)
_LOOK_AT_STACK: Final = Need("LookAtStack", Feature.STACK, "cloudformation", "DescribeStacks", (STACKS,))

VERIFY: Final = (
    *LOOK_AT_FEATURES,
    _LOOK_AT_STACK,
    Need(
        "LookAtProfilesOfRoles", Feature.MAPPING, "iam", "ListInstanceProfilesForRole", (Place.CLUSTER_ROLE,)
    ),
    Need("LookWhereBucketIs", Feature.DISCOVERY, "s3", "GetBucketLocation", (Place.BUCKET,)),
)

REGISTER: Final = (
    *LOOK_AT_FEATURES,
    Need(
        "LookAtStacks",
        Feature.STACK,
        "cloudformation",
        "DescribeStacks",
        ("arn:aws:cloudformation:{region}:{account_id}:stack/*/*",),
    ),
    Need("ListStacks", Feature.STACK, "cloudformation", "ListStacks"),
    Need(
        "LookAtAnyRole",
        Feature.DISCOVERY,
        "iam",
        "GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies",
        (ALL_ROLES,),
    ),
    Need(
        "LookAtAnyProfile",
        Feature.DISCOVERY,
        "iam",
        "GetInstanceProfile",
        (ALL_PROFILES,),
        reason="A profile is accepted in a role's place, so it must be resolved.",
    ),
    Need(
        "ListRolesAndProfiles",
        Feature.DISCOVERY,
        "iam",
        "ListInstanceProfiles ListRoles",
        reason="Roles are offered from a list; AWS lists them only all together.",
    ),
    Need("ListBuckets", Feature.DISCOVERY, "s3", "ListAllMyBuckets"),
    Need("LookWhereBucketIs", Feature.DISCOVERY, "s3", "GetBucketLocation", (Place.BUCKET,)),
    Need("ListCertificates", Feature.CERTIFICATES, "acm", "ListCertificates"),
)

_REMOVE_FEATURES: Final = (
    Need(
        "RemoveFileSystem",
        Feature.SHARED_STORAGE,
        "elasticfilesystem",
        "DeleteFileSystem DeleteMountTarget",
        (FILE_SYSTEMS,),
        (IS_OURS,),
    ),
    Need(
        "RemoveMountTargetInterfaces",
        Feature.SHARED_STORAGE,
        "ec2",
        "DeleteNetworkInterface",
        (f"{EC2}network-interface/*",),
        reason="EFS removes a mount target's network interface in the caller's name.",
    ),
    Need(
        "RemoveMemoryDb",
        Feature.FAULT_TOLERANCE,
        "memorydb",
        "DeleteCluster DeleteSubnetGroup",
        _OWN_MEMORYDB,
        (IS_OURS,),
        reason=_FORGOTTEN,
    ),
)

SETUP: Final = (
    *LOOK_AT_FEATURES,
    Need(
        "BuildStack",
        Feature.STACK,
        "cloudformation",
        "CreateChangeSet CreateStack DeleteStack DescribeStackEvents DescribeStacks",
        (STACKS,),
    ),
    Need("ListStacks", Feature.STACK, "cloudformation", "ListStacks"),
    Need("LookAtRegions", Feature.DISCOVERY, "ec2", "DescribeRegions"),
    Need("LookAtRules", Feature.IN_PLACE, "ec2", "DescribeNetworkAcls DescribeSecurityGroupRules"),
    Need(
        "ChangeOwnNetwork",
        Feature.IN_PLACE,
        "ec2",
        "DeleteRoute RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
        (Place.NETWORK,),
        (IS_OURS,),
    ),
    Need(
        "CreateFileSystem",
        Feature.SHARED_STORAGE,
        "elasticfilesystem",
        "CreateFileSystem",
        tests=(BORN_OURS,),
    ),
    Need(
        "TagFileSystemAtCreation",
        Feature.SHARED_STORAGE,
        "elasticfilesystem",
        "TagResource",
        (FILE_SYSTEMS,),
        (("Null", "elasticfilesystem:CreateAction", "false"),),
    ),
    Need(
        "BuildFileSystem",
        Feature.SHARED_STORAGE,
        "elasticfilesystem",
        "CreateMountTarget PutLifecycleConfiguration",
        (FILE_SYSTEMS,),
        (IS_OURS,),
    ),
    Need(
        "LookAtFileSystemSettings",
        Feature.SHARED_STORAGE,
        "elasticfilesystem",
        "DescribeLifecycleConfiguration DescribeMountTargetSecurityGroups DescribeReplicationConfigurations",
        (FILE_SYSTEMS,),
    ),
    Need(
        "CreateMountTargetInterfaces",
        Feature.SHARED_STORAGE,
        "ec2",
        "CreateNetworkInterface",
        _INTERFACES,
        reason="EFS makes a mount target's network interface in the caller's name.",
    ),
    Need(
        "BuildMemoryDb",
        Feature.FAULT_TOLERANCE,
        "memorydb",
        "CreateCluster UpdateCluster",
        (*_OWN_MEMORYDB, f"{_MEMORYDB}acl/*", f"{_MEMORYDB}parametergroup/*"),
        reason=_FORGOTTEN,
    ),
    Need(
        "CreateMemoryDbSubnets",
        Feature.FAULT_TOLERANCE,
        "memorydb",
        "CreateSubnetGroup",
        tests=(BORN_OURS,),
        reason=_FORGOTTEN,
    ),
    Need(
        "TagMemoryDb",
        Feature.FAULT_TOLERANCE,
        "memorydb",
        "TagResource",
        _OWN_MEMORYDB,
        (BORN_OURS,),
        reason=_FORGOTTEN,
    ),
    *_REMOVE_FEATURES,
    *(
        Need(
            f"CreateServiceRoleFor{title}",
            feature,
            "iam",
            "CreateServiceLinkedRole",
            (service_role(*SERVICE_ROLES[key]),),
            (for_service(SERVICE_ROLES[key][0]),),
            reason="The first use of the service in an account makes its service-linked role.",
        )
        for title, key, feature in (
            ("Efs", "efs", Feature.SHARED_STORAGE),
            ("MemoryDb", "memorydb", Feature.FAULT_TOLERANCE),
        )
    ),
    Need(
        "EncryptWithOwnKeys",
        Feature.SHARED_STORAGE,
        "kms",
        "CreateGrant DescribeKey GenerateDataKeyWithoutPlaintext",
        ("arn:aws:kms:{region}:{account_id}:key/*",),
        (
            (
                "StringEquals",
                "kms:ViaService",
                ("elasticfilesystem.{region}.amazonaws.com", "memorydb.{region}.amazonaws.com"),
            ),
        ),
    ),
    Need("ManagedPolicies", Feature.MANAGED_POLICIES, "iam", "AttachRolePolicy", (Place.CLUSTER_ROLE,)),
    Need(
        "LookAtBucketAsCode",
        Feature.BUCKET_AS_CODE,
        "s3",
        "DeleteBucketPolicy GetAccelerateConfiguration GetBucketLogging GetBucketNotification "
        "GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketVersioning GetBucketWebsite",
        (Place.BUCKET,),
    ),
    Need("ListCertificates", Feature.CERTIFICATES, "acm", "ListCertificates"),
)

DELETE: Final = (*LOOK_AT_FEATURES, *_REMOVE_FEATURES)
