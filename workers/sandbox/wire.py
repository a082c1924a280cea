"""What travels over the socket: one HTTP request in, one HTTP reply or silence out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it arrived; `target` is still percent-encoded, header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    peer: str = "127.0.0.1"

    @property
    def path(self) -> str:
        """Answer the path, still percent-encoded, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """Answer the raw query string, empty when there is none."""
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class HttpReply:
    """One reply; `None` in its place means: close the connection and say nothing."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


_IDS = re.compile(rb"<([rR]equestI[dD])>[^<]*</\1>")
_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")


def with_request_id(reply: HttpReply, request_id: str, *, in_body: bool) -> HttpReply:
    """Answer the reply under the id that the log knows it by; moto makes its own, EC2's always the same."""
    headers = tuple(pair for pair in reply.headers if pair[0].lower() not in _ID_HEADERS)
    named = b"<\\1>" + request_id.encode() + b"</\\1>"
    body = _IDS.sub(named, reply.body) if in_body else reply.body
    return HttpReply(reply.status, (*headers, *((name, request_id) for name in _ID_HEADERS)), body)


def json_reply(payload: Any, status: int = 200) -> HttpReply:
    """Answer `payload` as a JSON reply."""
    return HttpReply(status, (("Content-Type", "application/json"),), json.dumps(payload).encode())
