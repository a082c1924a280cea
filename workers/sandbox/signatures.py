"""AWS Signature Version 4: whose key signed a request, and does the signature hold.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from workers.sandbox.errors import AwsRefusal, refusal
from workers.sandbox.wire import HttpRequest

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[\w-]+)/(?P<service>[\w-]+)"
    r"/aws4_request, ?SignedHeaders=(?P<headers>[\w;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_CLOCK_SKEW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Signature:
    """The Authorization header, read."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: str
    value: str


def read_signature(http: HttpRequest) -> Signature:
    """Answer the signature of a request; raises AwsRefusal when it carries none."""
    match = _HEADER.fullmatch(http.headers.get("authorization", ""))
    if match is None:
        message = "Request is missing Authentication Token: sign it with Signature Version 4."
        raise refusal("unsigned", "s3" if http.method != "POST" else "iam", message)
    return Signature(
        match["key"], match["date"], match["region"], match["service"], match["headers"], match["signature"]
    )


def check_signature(http: HttpRequest, signature: Signature, secret: str, now: datetime) -> None:
    """Raise AwsRefusal unless `secret` made this signature within 15 minutes of `now`."""
    stamp = http.headers.get("x-amz-date", "")
    _check_clock(stamp, signature.service, now)
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            stamp,
            f"{signature.date}/{signature.region}/{signature.service}/aws4_request",
            hashlib.sha256(_canonical(http, signature).encode()).hexdigest(),
        )
    )
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    if not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature.value):
        raise _mismatch(signature.service)


def _mismatch(service: str) -> AwsRefusal:
    return refusal(
        "bad_signature",
        service,
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method.",
    )


def _check_clock(stamp: str, service: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _mismatch(service) from None
    if abs(now - signed_at) > _CLOCK_SKEW:
        raise _mismatch(service)


def _canonical(http: HttpRequest, signature: Signature) -> str:
    names = signature.signed_headers.split(";")
    headers = "".join(f"{name}:{' '.join(http.headers.get(name, '').split())}\n" for name in names)
    payload = http.headers.get("x-amz-content-sha256") or hashlib.sha256(http.body).hexdigest()
    # Every service but S3 encodes the path once more before it signs.
    path = http.path if signature.service == "s3" else quote(http.path, safe="/~")
    query = "&".join(sorted(part if "=" in part else f"{part}=" for part in http.query.split("&") if part))
    return "\n".join((http.method, path or "/", query, headers, signature.signed_headers, payload))


@lru_cache(maxsize=512)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
