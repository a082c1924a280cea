"""The cloud's bucket: closed to the public, encrypted, TLS only, open to the console's pages.

Amazon S3 User Guide, "General purpose bucket naming rules", "Blocking public access", "Using CORS".
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clouds.planning.documents import (
    bucket_statements,
    cors_rules,
    cors_serves,
    merged_policy,
    same_document,
)
from clouds.planning.steps import Step
from clouds.planning.survey import Survey, kind_of

HOME_OF_S3 = "us-east-1"
# "Invalid principal": S3 does not know the new cluster role yet.
_NOT_YET = ("NoSuchBucket", "OperationAborted", "MalformedPolicy")
_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def storage_steps(survey: Survey) -> Iterator[Step]:
    """Every step that the bucket still lacks."""
    spec, bucket = survey.spec, survey.bucket
    if bucket is None:
        # us-east-1 is the one region that CreateBucket does not take by name.
        home = {} if spec.region == HOME_OF_S3 else {"LocationConstraint": spec.region}
        where = {"CreateBucketConfiguration": home} if home else {}
        yield _step(survey, "bucket", "s3:CreateBucket", where, f"Create the bucket {spec.bucket_name}")
    if bucket is None or not survey.ours(bucket):
        tags = [{"Key": key, "Value": value} for key, value in spec.tags("bucket").items()]
        yield _step(
            survey, "bucket-tags", "s3:PutBucketTagging", {"Tagging": {"TagSet": tags}}, "Tag the bucket"
        )
    if not (bucket and bucket.public_access and bucket.public_access.closed):
        yield _step(
            survey,
            "bucket-public-access",
            "s3:PutPublicAccessBlock",
            {"PublicAccessBlockConfiguration": _CLOSED},
            "Close the bucket to the public",
        )
    yield from _encryption(survey)
    if not (bucket and cors_serves(bucket, spec.console_origin)):
        rules = cors_rules(bucket, spec.console_origin)
        yield _step(
            survey,
            "bucket-cors",
            "s3:PutBucketCors",
            {"CORSConfiguration": {"CORSRules": rules}},
            f"Let the console at {spec.console_origin} read and write the bucket from the browser",
        )
    yield from _policy(survey)


def _encryption(survey: Survey) -> Iterator[Step]:
    if survey.bucket and survey.bucket.encryption:
        return
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    yield _step(
        survey,
        "bucket-encryption",
        "s3:PutBucketEncryption",
        {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        "Encrypt what is stored in the bucket",
    )


def _policy(survey: Survey) -> Iterator[Step]:
    present = survey.bucket.policy if survey.bucket else None
    wanted = merged_policy(present, bucket_statements(survey.spec))
    if same_document(present, wanted):
        return
    # S3 refuses to change policy and public access at the same moment (OperationAborted); one after the
    # other is still no longer than the network's chain.
    public = survey.bucket.public_access if survey.bucket else None
    after = frozenset() if public and public.closed else frozenset({"bucket-public-access"})
    yield _step(
        survey,
        "bucket-policy",
        "s3:PutBucketPolicy",
        {"Policy": json.dumps(wanted)},
        "Allow TLS only, and only the cluster role and the control plane by name",
        needs=survey.needs("cluster-role") | after,
    )


def _step(
    survey: Survey,
    name: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    needs: frozenset[str] = frozenset(),
) -> Step:
    return Step(
        name=name,
        action=action,
        params={"Bucket": survey.spec.bucket_name, **params},
        resource="bucket",
        kind=kind_of("bucket"),
        sentence=sentence,
        needs=needs | (survey.needs("bucket") - {name}),
        cost="usage",
        not_yet=() if name == "bucket" else _NOT_YET,
    )
