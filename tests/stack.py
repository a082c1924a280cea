"""A whole Raydock, started as a user starts it: sandbox, worker and web as real processes on free ports."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import boto3
import httpx

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")
FINAL = frozenset({"succeeded", "failed", "cancelled"})
# Four processes compile the same code: where bytecode is not kept, each start costs many seconds more.
COMPILED = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "raydock-bytecode"),
}


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = 30, every: float = 0.05) -> T:
    """The first truthy answer of `look`; AssertionError naming `what` when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = look()
        if answer:
            return answer
        time.sleep(every)
    message = f"{what} did not happen within {seconds} s"
    raise AssertionError(message)


def children_of(pid: int) -> Iterator[int]:
    """The process ids whose parent is `pid`."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                yield int(stat.parent.name)


def command_of(pid: int) -> str:
    """The command line of a process, words joined by blanks; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@dataclass
class Stack:
    """`manage.py up` in its own folder; `run` is the content of its run.json."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    run: dict[str, Any] = field(default_factory=dict)

    def start(self, *, seconds: float = 60) -> "Stack":
        self.folder.mkdir(parents=True, exist_ok=True)
        described = self.folder / "run.json"
        described.unlink(missing_ok=True)
        log = (self.folder / "stack.log").open("ab")
        process = self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(self.port), "--data-dir", str(self.folder)],
            cwd=ROOT,
            env={**os.environ, **COMPILED, **self.environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        wait_for("run.json", lambda: described.exists() or process.poll() is not None, seconds=seconds)
        assert process.poll() is None, self.log()
        self.run = json.loads(described.read_text())
        return self

    def log(self) -> str:
        return (self.folder / "stack.log").read_text(errors="replace")

    def stop(self) -> int:
        """Ctrl-C; the exit code. Whatever is left after 20 s is killed, and that is an error."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)

    def pid_of(self, words: str) -> int | None:
        """The process of this stack whose command holds `words` ("manage.py worker", "workers.sandbox")."""
        assert self.process
        return next((pid for pid in children_of(self.process.pid) if words in command_of(pid)), None)

    def kill(self, words: str) -> None:
        """kill -9 one process of the stack and everything in its group."""
        pid = wait_for(words, lambda: self.pid_of(words))
        os.killpg(pid, signal.SIGKILL)

    def client(self, token: str | None = None) -> httpx.Client:
        """A REST client with the owner's token, or another."""
        return httpx.Client(
            base_url=self.run["url"].rstrip("/") + "/api/v1",
            headers={"Authorization": f"Bearer {token or self.run['api_token']}"},
            timeout=30,
        )

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the sandbox's control API."""
        token = json.loads((self.folder / "sandbox-keys.json").read_text())["control_token"]
        answer = httpx.request(
            method, f"{self.run['sandbox_endpoint']}/sandbox/{path}", json=body,
            headers={"X-Sandbox-Token": token}, timeout=30,
        )  # fmt: skip
        return answer.raise_for_status().json()

    def aws(self, service: str, region: str) -> Any:
        """Plain boto3 as the customer's administrator."""
        client: Any = boto3.client
        return client(
            service,
            region_name=region,
            endpoint_url=self.run["sandbox_endpoint"],
            **self.run["sandbox_admin"],
        )


def settle(client: httpx.Client, operation: Mapping[str, Any], *, seconds: float = 60) -> dict[str, Any]:
    """The operation once it is final."""

    def final() -> dict[str, Any] | None:
        answer = client.get(f"/operations/{operation['id']}").raise_for_status().json()
        return answer if answer["state"] in FINAL else None

    return wait_for(f"operation {operation['id']} to end", final, seconds=seconds, every=0.1)
