"""The HTTP server: keep-alive, one thread per connection, and able to hang up without an answer.

moto's own server closes the connection after each reply; keeping it open saves a TCP handshake and
a thread per AWS call.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn

from workers.sandbox.wire import HttpReply, HttpRequest

Application = Callable[[HttpRequest], HttpReply | None]


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SandboxServer

    def handle_one_request(self) -> None:
        """Answer the next request of this connection, whatever its method."""
        try:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            reply = self.server.application(self._request())
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            return
        if reply is None:
            self._hang_up()
        else:
            self._write(reply)

    def _request(self) -> HttpRequest:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return HttpRequest(self.command, self.path, headers, self._body(headers), self.client_address[0])

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(headers.get("content-length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _write(self, reply: HttpReply) -> None:
        names = {name.lower() for name, _ in reply.headers}
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('-',))[0]}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        if "content-length" not in names:
            lines.append(f"Content-Length: {len(reply.body)}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        with contextlib.suppress(ConnectionError):
            self.wfile.write(head if self.command == "HEAD" else head + reply.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class SandboxServer(ThreadingMixIn, TCPServer):
    """Serves one application on one address until `shutdown()` is called."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        """Listen on `address` (port 0 picks a free one) and answer with `application`."""
        self.application = application
        super().__init__(address, _Handler)

    @property
    def port(self) -> int:
        """Answer the port that is really listened on."""
        return int(self.server_address[1])
