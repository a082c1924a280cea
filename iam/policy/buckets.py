"""Who may use the cloud's bucket: the cluster role's own policy, and the policy on the bucket.

Rules: S3 User Guide, "Required permissions for Amazon S3 API operations" and "Security best practices"
(encryption in transit).
"""

from typing import Any, Final

from iam.policy.documents import CURRENT

OBJECT_ACTIONS: Final = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
BUCKET_ACTIONS: Final = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")


def cluster_s3_policy(bucket: str) -> dict[str, Any]:
    """Give the inline policy of the cluster role: read and write the cloud's bucket, large objects too."""
    return {
        "Version": CURRENT,
        "Statement": [
            {
                "Sid": "ListObjectsInBucket",
                "Effect": "Allow",
                "Action": list(BUCKET_ACTIONS),
                "Resource": f"arn:aws:s3:::{bucket}",
            },
            {
                "Sid": "UseObjects",
                "Effect": "Allow",
                "Action": list(OBJECT_ACTIONS),
                "Resource": f"arn:aws:s3:::{bucket}/*",
            },
        ],
    }


def bucket_policy(bucket: str, role_arns: tuple[str, ...]) -> dict[str, Any]:
    """Give the bucket's policy: nothing without TLS, and the named roles (control plane, cluster) may use it.

    S3 refuses a policy that names a role which does not exist yet, so the roles come first.
    """
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {
        "Version": CURRENT,
        "Statement": [
            {
                "Sid": "OnlyWithTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": everything,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "ControlPlaneAndClusters",
                "Effect": "Allow",
                "Principal": {"AWS": list(role_arns)},
                "Action": [*BUCKET_ACTIONS, *OBJECT_ACTIONS],
                "Resource": everything,
            },
        ],
    }
