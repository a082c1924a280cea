"""The control plane's own try at the bucket: list, write, read and delete one object under a reserved prefix.

The object's name follows from the operation's id, so a turn that is repeated removes what the last one left.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from clouds.facts import Probe
from iam.policy.grants import PROBE_PREFIX
from workers.aws.actions import iam_action
from workers.aws.errors import AwsError
from workers.aws.ports import Aws


def probes(aws: Aws, bucket: str, operation_id: str) -> tuple[Callable[[], Probe], Callable[[], Probe]]:
    """Two asks that may run side by side, each answering what worked and what was refused.

    Listing needs nothing; an object must be written before it is read and read before it is removed.
    Each raises AwsError when AWS gave no clear answer.
    """
    return partial(_listed, aws, bucket), partial(_used, aws, bucket, operation_id)


def joined(parts: Iterable[Probe]) -> Probe:
    """The parts of a probe as one."""
    return Probe(results={action: code for part in parts for action, code in part.results.items()})


def _listed(aws: Aws, bucket: str) -> Probe:
    return Probe(results=_try(aws, "s3:ListObjectsV2", {"Bucket": bucket, "MaxKeys": 1}))


def _used(aws: Aws, bucket: str, operation_id: str) -> Probe:
    where = {"Bucket": bucket, "Key": f"{PROBE_PREFIX}{operation_id}"}
    results: dict[str, str] = {}
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
