"""What went wrong with an AWS call, said once in our words. Only steps name AWS codes besides."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as SdkConnectionError
from botocore.parsers import ResponseParserError

from workers.aws.actions import iam_action


class Kind(StrEnum):
    """What the caller can do about it: ask for permission, wait, look again, forget it, or report a bug."""

    DENIED = "denied"
    THROTTLED = "throttled"
    CONFLICT = "conflict"
    MISSING = "missing"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


TRANSIENT = frozenset({Kind.THROTTLED, Kind.UNAVAILABLE})

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and each service's own list.
_DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "OptInRequired",
    "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId",
    "AllAccessDisabled",
})  # fmt: skip
# The keys ran out between two calls: the next turn enters again.
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "SlowDown",
    "TooManyRequestsException", "RequestThrottled", "RequestThrottledException", "BandwidthLimitExceeded",
    "EC2ThrottledException",
})  # fmt: skip
_CONFLICT = frozenset({
    "DependencyViolation", "DeleteConflict", "ResourceInUse", "Resource.AlreadyAssociated",
    "EntityAlreadyExists", "BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty",
    "OperationAborted", "InvalidGroup.Duplicate", "InvalidGroup.InUse", "InvalidPermission.Duplicate",
    "RouteAlreadyExists", "InvalidSubnet.Conflict", "IdempotentParameterMismatch", "ConcurrentModification",
    "RouteTableAlreadyAssociated", "EntityTemporarilyUnmodifiable", "IncorrectState", "InvalidState",
})  # fmt: skip
_MISSING_CODE = re.compile(
    r"(NotFound|NotFoundException|NoSuch\w+|NotAttached|\.Malformed|NotFoundFault)$|^404$"
)
_LIMIT_CODE = re.compile(r"(LimitExceeded|QuotaExceeded|Limit)$")
_NAMED_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)")
_ENCODED = re.compile(r"\s*Encoded authorization failure message: \S+")

# The connection was never made, so nothing can have been carried out.
_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)

_SERVER_ERROR = 500
_TOO_MANY = 429
_FORBIDDEN = 403
_NOT_FOUND = 404


class AwsError(Exception):
    """An AWS call that did not succeed. `ambiguous` says that it may have been carried out all the same."""

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        *,
        action: str,
        request_id: str = "",
        status: int = 0,
        ambiguous: bool = False,
        permission: str = "",
    ) -> None:
        super().__init__(f"{action}: {code}: {message}")
        self.permission = permission
        self.kind = kind
        self.code = code
        self.message = message
        self.action = action
        self.request_id = request_id
        self.status = status
        self.ambiguous = ambiguous

    @property
    def transient(self) -> bool:
        """Whether the same call may well succeed later with nothing changed."""
        return self.kind in TRANSIENT

    @property
    def limit(self) -> bool:
        """Whether a quota of the account is used up."""
        return self.kind is Kind.CONFLICT and bool(_LIMIT_CODE.search(self.code))

    @property
    def missing_action(self) -> str:
        """The permission that was lacking: the one that AWS names in its message, else the call's own."""
        named = _NAMED_ACTION.search(self.message)
        return iam_action(named.group(1)) if named else self.permission or iam_action(self.action)


def translate(error: Exception, *, action: str, mutating: bool) -> AwsError:
    """The one place that reads what the SDK raised."""
    if isinstance(error, ClientError):
        return _answered(error, action=action, mutating=mutating)
    if isinstance(error, ParamValidationError):
        return AwsError(Kind.INVALID, "ParamValidation", str(error), action=action)
    if isinstance(error, SdkConnectionError | HTTPClientError | ResponseParserError | OSError):
        return _unanswered(error, action=action, mutating=mutating)
    if isinstance(error, BotoCoreError):
        return AwsError(Kind.INVALID, type(error).__name__, _plain(str(error)), action=action)
    raise error


def refusal(item: Mapping[str, Any], *, action: str) -> AwsError:
    """What one entry of a reply's own list of failures says (DeleteObjects, DeleteVpcEndpoints)."""
    detail = item.get("Error", item)
    code = str(detail.get("Code", ""))
    message = _plain(str(detail.get("Message", "")))
    return AwsError(_kind(code, 0), code, message, action=action, permission=_of_version(item, action))


def _of_version(item: Mapping[str, Any], action: str) -> str:
    """Deleting an object's version takes both permissions, and S3 does not say which is lacking."""
    both = action == "s3:DeleteObjects" and bool(item.get("VersionId"))
    return "s3:DeleteObject and s3:DeleteObjectVersion" if both else ""


def _answered(error: ClientError, *, action: str, mutating: bool) -> AwsError:
    detail = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code, status = str(detail.get("Code", "")), int(metadata.get("HTTPStatusCode", 0))
    kind = _kind(code, status)
    return AwsError(
        kind,
        code,
        _plain(str(detail.get("Message", ""))),
        action=action,
        request_id=str(metadata.get("RequestId", "")),
        status=status,
        # A throttled call was turned away at the door, also when AWS says so with a 503.
        ambiguous=mutating and status >= _SERVER_ERROR and kind is not Kind.THROTTLED,
    )


def _unanswered(error: Exception, *, action: str, mutating: bool) -> AwsError:
    """No reply, or half of one: the call may or may not have been carried out."""
    message = f"AWS did not answer ({type(error).__name__})."
    ambiguous = mutating and not isinstance(error, _NEVER_SENT)
    return AwsError(Kind.UNAVAILABLE, type(error).__name__, message, action=action, ambiguous=ambiguous)


def _kind(code: str, status: int) -> Kind:
    if code in _THROTTLED or status == _TOO_MANY:
        return Kind.THROTTLED
    if status >= _SERVER_ERROR or code in _EXPIRED:
        return Kind.UNAVAILABLE
    if code in _DENIED:
        return Kind.DENIED
    if code in _CONFLICT or _LIMIT_CODE.search(code):
        return Kind.CONFLICT
    if _MISSING_CODE.search(code) or status == _NOT_FOUND:
        return Kind.MISSING
    return Kind.DENIED if status == _FORBIDDEN else Kind.INVALID


def _plain(message: str) -> str:
    """EC2 adds a blob that only the account's owner can decode: it says nothing to a reader."""
    return _ENCODED.sub("", message).strip()
