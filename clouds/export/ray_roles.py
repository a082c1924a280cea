"""The two roles of a cluster that Ray's own launcher starts: a head that may start workers, and the workers.

Managed policies: AWS Managed Policy Reference. The head passes the workers' role and no other (IAM User
Guide, "Grant a user permissions to pass a role to an AWS service"). Lines: AWS CLI reference, "iam".
"""

import shlex
from dataclasses import dataclass
from typing import Any, Final, Literal

from clouds.planning.documents import VERSION, cluster_policy
from clouds.specs import CloudSpec
from iam.policy.documents import canonical
from iam.policy.features import Feature, Need
from iam.policy.places import MAPPED_PREFIX
from iam.policy.trust import cluster_trust_policy

Part = Literal["head", "worker"]
POLICY_NAME: Final = "raydock-ray"
_AWS: Final = "arn:aws:iam::aws:policy/"
_BOTH: Final = ("AmazonS3FullAccess", "AmazonFSxFullAccess", "CloudWatchAgentServerPolicy")
_HEAD: Final = ("AmazonEC2FullAccess", *_BOTH, "AmazonSSMFullAccess")


@dataclass(frozen=True, slots=True)
class RayRole:
    """The role of the head or of the workers of one cloud; its instance profile has the same name."""

    spec: CloudSpec
    part: Part

    @property
    def name(self) -> str:
        """The role's name, which the naming convention of mapped roles covers."""
        return f"{MAPPED_PREFIX}{self.spec.cloud_id.rpartition('_')[2]}-ray-{self.part}"

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return f"arn:aws:iam::{self.spec.account_id}:role/{self.name}"

    @property
    def managed_policies(self) -> tuple[str, ...]:
        """The ARNs of the AWS managed policies that it has."""
        return tuple(f"{_AWS}{one}" for one in (_HEAD if self.part == "head" else _BOTH))

    @property
    def policy(self) -> dict[str, Any]:
        """Its inline policy: the cloud's bucket, and for the head the workers' role to be passed."""
        passing = [self._passing()] if self.part == "head" else []
        return {"Version": VERSION, "Statement": [*passing, *cluster_policy(self.spec)["Statement"]]}

    def _passing(self) -> dict[str, Any]:
        return {
            "Sid": "PassWorkerRole",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": RayRole(self.spec, "worker").arn,
            "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        }

    @property
    def aws_cli(self) -> str:
        """The lines that make the role, its policies and its profile, and print the profile's ARN."""
        role, profile = ("--role-name", self.name), ("--instance-profile-name", self.name)
        tag = ("--tags", f"Key={self.spec.tag_key},Value={self.spec.cloud_id}")
        trust = canonical(cluster_trust_policy())
        attached = ("--policy-name", POLICY_NAME, "--policy-document", canonical(self.policy))
        lines = [
            ("create-role", *role, "--assume-role-policy-document", trust, *tag),
            ("create-instance-profile", *profile, *tag),
            ("add-role-to-instance-profile", *profile, *role),
            *(("attach-role-policy", *role, "--policy-arn", arn) for arn in self.managed_policies),
            ("put-role-policy", *role, *attached),
            ("get-instance-profile", *profile, "--query", "InstanceProfile.Arn", "--output", "text"),
        ]
        return "".join(f"{shlex.join(('aws', 'iam', *line))}\n" for line in lines)


BUCKET_USE: Final = Need(
    "UseBucket",
    Feature.NODES,
    "s3",
    "DeleteObject GetObject ListBucket PutObject",
    reason="The bucket's ARN for listing, its objects' ARN for the rest: no pair that AWS does not know.",
)
BUCKET_PARTS: Final = Need(
    "WriteInParts",
    Feature.NODES,
    "s3",
    "AbortMultipartUpload GetBucketLocation ListBucketMultipartUploads ListMultipartUploadParts",
    reason="Programs on the nodes find the bucket's region and write large files in parts.",
)
RAY_BUCKET: Final = Need(
    "UseBucket",
    Feature.NODES,
    "s3",
    BUCKET_USE.verbs,
    reason="The cloud's bucket also where AmazonS3FullAccess is taken away, as it may be.",
)
PASS_WORKERS: Final = Need(
    "PassWorkerRole",
    Feature.LAUNCHER,
    "iam",
    "PassRole",
    reason="The role of this cloud's workers in this account, and to EC2 instances alone.",
)
