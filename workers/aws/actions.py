"""Which IAM action an AWS call needs, and which client answers it.

Almost always the call's own name. Where IAM uses another, the service's page of
https://docs.aws.amazon.com/service-authorization/latest/reference/ says which.
"""

from botocore import xform_name

_IAM_NAMES = {
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:PutBucketCors": "s3:PutBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:DeleteObjects": "s3:DeleteObject",
}
# IAM's word for a service where the SDK's differs.
_CLIENTS = {"servicequotas": "service-quotas"}


def iam_action(action: str) -> str:
    """The IAM action that a call (`s3:ListObjectsV2`) needs (`s3:ListBucket`)."""
    return _IAM_NAMES.get(action, action)


def split(action: str) -> tuple[str, str]:
    """The SDK's client and method of a call: `ec2:DescribeVpcs` -> `ec2`, `describe_vpcs`."""
    service, _, name = action.partition(":")
    return _CLIENTS.get(service, service), xform_name(name)
