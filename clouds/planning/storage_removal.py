"""The cloud's bucket, emptied and deleted, or kept without the roles that go.

Amazon S3 User Guide, "Deleting a general purpose bucket": every version, delete marker and unfinished upload
has to go before it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clouds.facts import Contents, StoredObject
from clouds.planning.documents import merged_policy, same_document, tls_only
from clouds.planning.removal_steps import removal_step
from clouds.planning.steps import Step
from clouds.planning.survey import Survey

BATCH = 1000
"""Objects that one DeleteObjects call takes."""


def bucket_removal(survey: Survey) -> Iterator[Step]:
    """Empty the bucket as far as it was listed, and delete it once everything was."""
    if survey.bucket is None:
        return
    name, contents = survey.spec.bucket_name, survey.bucket.contents or Contents()
    emptying = [*_object_batches(name, contents.objects), *_uploads(name, contents)]
    yield from emptying
    if not contents.truncated:
        yield removal_step(
            "delete-bucket",
            "s3:DeleteBucket",
            {"Bucket": name},
            f"Delete the bucket {name}",
            resource="bucket",
            needs=[one.name for one in emptying],
        )


def _object_batches(bucket: str, objects: Sequence[StoredObject]) -> Iterator[Step]:
    for start in range(0, len(objects), BATCH):
        batch = objects[start : start + BATCH]
        listed = [{"Key": one.key, "VersionId": one.version_id} for one in batch]
        yield removal_step(
            f"empty-bucket-{_digest(listed)}",
            "s3:DeleteObjects",
            {"Bucket": bucket, "Delete": {"Objects": listed, "Quiet": True}},
            f"Delete {_counted(len(batch), 'object version')} ({_size(batch)}) from {bucket}",
            resource="bucket",
            refused="Errors",
        )


def _uploads(bucket: str, contents: Contents) -> Iterator[Step]:
    for one in contents.uploads:
        yield removal_step(
            f"abort-upload-{_digest([one.key, one.upload_id])}",
            "s3:AbortMultipartUpload",
            {"Bucket": bucket, "Key": one.key, "UploadId": one.upload_id},
            f"Abort the unfinished upload of {one.key}",
            resource="bucket",
        )


def kept_bucket_policy(survey: Survey) -> Iterator[Step]:
    """A kept bucket forgets the roles that go: a policy with deleted principals confuses whoever reads it."""
    if survey.bucket is None or survey.bucket.policy is None:
        return
    wanted = merged_policy(survey.bucket.policy, [tls_only(survey.spec)])
    if not same_document(survey.bucket.policy, wanted):
        yield removal_step(
            "keep-bucket-tls-only",
            "s3:PutBucketPolicy",
            {"Bucket": survey.spec.bucket_name, "Policy": json.dumps(wanted)},
            "Take the cloud's roles out of the policy of the bucket, which is kept",
            resource="bucket",
        )


def losses(survey: Survey) -> Iterator[str]:
    """What will be gone for good, in words."""
    contents, name = (survey.bucket.contents if survey.bucket else None), survey.spec.bucket_name
    if contents and contents.objects:
        more = " or more" if contents.truncated else ""
        versions = [one for one in contents.objects if not one.delete_marker]
        yield (
            f"{_counted(len(versions), 'object version')}{more} ({_size(versions)}{more}) in the bucket "
            f"{name} will be deleted for good."
        )
    if contents and contents.uploads:
        yield f"{_counted(len(contents.uploads), 'unfinished upload')} to {name} will be aborted."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(objects: Iterable[StoredObject]) -> str:
    size = float(sum(one.size for one in objects))
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - the next unit
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]
