"""What the operations ask of AWS: one verb, and a record of each use of it. Imports no AWS SDK."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class Aws(Protocol):
    """One entered account and region, narrowed to one operation kind."""

    def call(self, action: str, params: Mapping[str, Any], *, mutating: bool = False) -> Mapping[str, Any]:
        """The reply of one AWS call, `action` as in `ec2:DescribeVpcs`, parameters as boto3 names them.

        Raises AwsError. A mutating call goes out exactly once: sending it again after a lost reply would
        create a second resource. A look is sent up to three times.
        """


@dataclass(frozen=True)
class CallRecord:
    """One AWS call as it can be held against the customer's CloudTrail. Parameters are never kept."""

    service: str
    action: str
    region: str
    request_id: str
    status: int
    error_code: str
    ms: int
    at: datetime


Recorder = Callable[[CallRecord], None]


@dataclass(frozen=True)
class Credentials:
    """Short-lived keys. They live in memory only, and neither repr() nor a log line shows them."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Door:
    """Which role of which account an operation enters, and who is told to the customer's CloudTrail.

    Role and external ID come from the cloud's row, never from a request.
    """

    organization_id: str
    cloud_id: str
    account_id: str
    region: str
    role_arn: str
    external_id: str
    operation_id: str
    actor_id: str
