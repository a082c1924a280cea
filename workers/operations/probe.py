"""The control plane's own try at the bucket: list, write, read and delete one object under a reserved prefix.

The object's name follows from the operation's id, so a turn that is repeated removes what the last one left.
"""

from collections.abc import Mapping
from typing import Any

from clouds.facts import Probe
from iam.policy.grants import PROBE_PREFIX
from workers.aws.actions import iam_action
from workers.aws.errors import AwsError
from workers.aws.ports import Aws


def probe_bucket(aws: Aws, bucket: str, operation_id: str) -> Probe:
    """What worked and what was refused. Raises AwsError when AWS gave no clear answer."""
    where = {"Bucket": bucket, "Key": f"{PROBE_PREFIX}{operation_id}"}
    results = _try(aws, "s3:ListObjectsV2", {"Bucket": bucket, "MaxKeys": 1})
    try:
        results |= _try(aws, "s3:PutObject", {**where, "Body": b"raydock"})
        results |= _try(aws, "s3:GetObject", where) if not results["s3:PutObject"] else {}
    finally:
        # Also after a write that was refused or not answered: the object may be there all the same.
        results |= _try(aws, "s3:DeleteObject", where)
    return Probe(results=results)


def _try(aws: Aws, action: str, params: Mapping[str, Any]) -> dict[str, str]:
    """IAM action -> error code. Sent again like a look: writing the same object twice changes nothing."""
    try:
        aws.call(action, params)
    except AwsError as error:
        if error.transient:
            raise
        return {iam_action(action): error.code}
    return {iam_action(action): ""}
