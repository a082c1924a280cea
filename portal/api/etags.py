"""ETags: a short name of a reply's bytes, by which clients avoid reading twice and overwriting each other."""

from hashlib import sha256


def etag(body: bytes) -> str:
    """Return the ETag of a body."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def matches(header: str, current: str) -> bool:
    """Say whether an If-Match or If-None-Match header names the current ETag."""
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in named or current in named
