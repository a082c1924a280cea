"""What S3's operations demand: permissions whose names are often not the operations'.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from workers.sandbox.calls import Call
from workers.sandbox.demands import Demand, request_tags

_ACTIONS: Mapping[str, str] = {
    "ListBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
_VERSIONED = {"GetObject", "DeleteObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"}
_LISTING = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def s3_demands(call: Call) -> Iterator[Demand]:
    """Answer every permission of an S3 call."""
    params, bucket = call.params, bucket_of(call)
    action = _ACTIONS.get(call.operation, call.operation)
    if call.operation == "DeleteObjects":
        for item, one in enumerate(params.get("Delete", {}).get("Objects", ())):
            # "You must always specify the s3:DeleteObject permission", also where versions are named.
            for version in dict.fromkeys((None, one.get("VersionId"))):
                demand = _on_object("DeleteObject", bucket, one.get("Key", ""), version)
                yield replace(demand, item=item)
        return
    if params.get("Key"):
        yield _on_object(action, bucket, str(params["Key"]), params.get("VersionId"))
        if params.get("CopySource"):
            source, _, key = unquote(str(params["CopySource"])).removeprefix("/").partition("/")
            yield _on_object("GetObject", source, key.partition("?")[0], None)
        return
    arn = f"arn:aws:s3:::{bucket}" if bucket else "*"
    keys = {name: params[field] for field, name in _LISTING.items() if params.get(field) is not None}
    tags = request_tags(_creation_tags(params))
    yield Demand(f"s3:{action}", arn, keys | tags)
    if tags:
        yield Demand("s3:TagResource", arn, tags)


def bucket_of(call: Call) -> str:
    """Answer the bucket that a call names, empty when it names none."""
    return str(call.params.get("Bucket") or "") if call.service == "s3" else ""


def _creation_tags(params: Mapping[str, Any]) -> list[dict[str, str]]:
    return list((params.get("CreateBucketConfiguration") or {}).get("Tags") or ())


def _on_object(action: str, bucket: str, key: str, version: str | None) -> Demand:
    name = f"{action}Version" if version and action in _VERSIONED else action
    # GetObjectTagging and its kin put the word before "Tagging".
    name = name.replace("TaggingVersion", "VersionTagging")
    return Demand(f"s3:{name}", f"arn:aws:s3:::{bucket}/{key}")
