"""AWS's bad news: one error, written in the shape that each service's protocol uses.

Codes follow https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the
"common errors" page of each service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from workers.sandbox.wire import HttpReply

#: How a service writes its errors, by the name in the signature; JSON for all that are not listed.
_SHAPES = {"ec2": "ec2", "s3": "s3", "iam": "query", "sts": "query", "elasticloadbalancing": "query"}

#: The common refusals: by kind and shape, the HTTP status and the code that AWS answers.
_CODES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "denied": {
        "ec2": (403, "UnauthorizedOperation"),
        "query": (403, "AccessDenied"),
        "s3": (403, "AccessDenied"),
        "json": (400, "AccessDeniedException"),
    },
    "throttled": {
        "ec2": (503, "RequestLimitExceeded"),
        "query": (400, "Throttling"),
        "s3": (503, "SlowDown"),
        "json": (400, "ThrottlingException"),
    },
    "broken": {
        "ec2": (500, "InternalError"),
        "query": (500, "InternalFailure"),
        "s3": (500, "InternalError"),
        "json": (500, "InternalFailure"),
    },
    "unknown_key": {
        "ec2": (401, "AuthFailure"),
        "query": (403, "InvalidClientTokenId"),
        "s3": (403, "InvalidAccessKeyId"),
        "json": (400, "UnrecognizedClientException"),
    },
    "unsigned": {
        "ec2": (403, "MissingAuthenticationToken"),
        "query": (403, "MissingAuthenticationToken"),
        "s3": (403, "AccessDenied"),
        "json": (400, "MissingAuthenticationTokenException"),
    },
    "bad_signature": {
        "ec2": (401, "AuthFailure"),
        "query": (403, "SignatureDoesNotMatch"),
        "s3": (403, "SignatureDoesNotMatch"),
        "json": (400, "InvalidSignatureException"),
    },
    "expired": {
        "ec2": (400, "RequestExpired"),
        "query": (403, "ExpiredToken"),
        "s3": (400, "ExpiredToken"),
        "json": (400, "ExpiredTokenException"),
    },
    "unimplemented": {
        "ec2": (501, "NotImplemented"),
        "query": (501, "NotImplemented"),
        "s3": (501, "NotImplemented"),
        "json": (501, "NotImplemented"),
    },
}


class AwsRefusal(Exception):  # noqa: N818 - it is an answer of AWS, not a mishap of ours
    """A refusal that the layer itself makes; the caller sees it as an AWS error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def refusal(kind: str, service: str, message: str) -> AwsRefusal:
    """Answer the refusal of one of the common kinds, with the code that `service` uses for it."""
    status, code = _CODES[kind][_SHAPES.get(service, "json")]
    return AwsRefusal(status, code, message)


def error_reply(error: AwsRefusal, service: str, request_id: str) -> HttpReply:
    """Answer the error as the bytes that botocore's parser of that service expects."""
    shape = _SHAPES.get(service, "json")
    code, message = escape(error.code), escape(error.message)
    if shape == "json":
        body = json.dumps({"__type": error.code, "message": error.message})
        kind = "application/x-amz-json-1.1"
    else:
        body = _XML[shape].format(code=code, message=message, request_id=request_id)
        kind = "text/xml;charset=UTF-8" if shape != "s3" else "application/xml"
    headers = (
        ("Content-Type", kind),
        ("x-amzn-RequestId", request_id),
        ("x-amz-request-id", request_id),
        ("x-amzn-ErrorType", error.code),
    )
    return HttpReply(error.status, headers, body.encode())


_XML = {
    "ec2": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
        "<Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ),
    "query": (
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>{request_id}</RequestId></ErrorResponse>"
    ),
    "s3": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
        "<RequestId>{request_id}</RequestId><HostId>sandbox</HostId></Error>"
    ),
}
