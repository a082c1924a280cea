"""The names of one cloud that its policies speak of, from its spec. Pure."""

from clouds.specs import CloudSpec
from iam.policy.grants import CloudNames


def cloud_names(spec: CloudSpec, role_arn: str = "") -> CloudNames:
    """Return the names; `role_arn` is the cross-account role where it is not the spec's own (yet)."""
    return CloudNames(
        cloud_id=spec.cloud_id,
        account_id=spec.account_id,
        region=spec.region,
        bucket=spec.bucket_name,
        cluster_role=spec.cluster_role_arn.partition(":role/")[2],
        cross_account_role_arn=role_arn or spec.cross_account_role_arn,
        cluster_profile=spec.profile_path,
        registered=spec.registered,
    )
