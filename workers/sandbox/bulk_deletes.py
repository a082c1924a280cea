"""S3's DeleteObjects: it succeeds as a whole and names, object by object, what the caller may not delete.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

from workers.sandbox import backends
from workers.sandbox.calls import Call
from workers.sandbox.wire import HttpReply

_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult></DeleteResult>'
_END = b"</DeleteResult>"


def delete_allowed(call: Call, denied: Collection[int], owner: str) -> HttpReply:
    """Answer the reply after all objects but those with these positions in the request were deleted."""
    objects = list(call.params["Delete"]["Objects"])
    kept = [one for place, one in enumerate(objects) if place not in denied]
    reply = HttpReply(200, (("Content-Type", "application/xml"),), _EMPTY)
    if kept:
        http = replace(call.http, body=_request(kept, quiet=call.params["Delete"].get("Quiet", False)))
        reply = backends.call(backends.SERVICES["s3"], http, owner)
    errors = "".join(_error(objects[place]) for place in sorted(denied)).encode()
    # moto writes an empty result as one closed tag.
    body = reply.body if _END in reply.body else _EMPTY
    return replace(reply, body=body.replace(_END, errors + _END))


def _request(objects: Collection[Mapping[str, Any]], *, quiet: bool) -> bytes:
    listed = "".join(f"<Object>{_named(one)}</Object>" for one in objects)
    return f"<Delete><Quiet>{str(quiet).lower()}</Quiet>{listed}</Delete>".encode()


def _error(one: Mapping[str, Any]) -> str:
    return f"<Error>{_named(one)}<Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def _named(one: Mapping[str, Any]) -> str:
    version = f"<VersionId>{escape(one['VersionId'])}</VersionId>" if one.get("VersionId") else ""
    return f"<Key>{escape(one['Key'])}</Key>{version}"
