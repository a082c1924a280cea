"""A sandbox of a test's own: a real process on a free port, reached with plain SDK clients."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import botocore.session
import httpx
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
PORTAL, CUSTOMER, OTHER_CUSTOMER = "111111111111", "222222222222", "333333333333"
PORTAL_ROLE = f"arn:aws:iam::{PORTAL}:role/raydock-portal"
REGION = "us-east-1"
#: What `boto3.client` does, with one session for all: a client costs some 10 ms so, and 135 ms with its own.
_SDK = botocore.session.Session()


_UNWANTED = {"RAYDOCK_SANDBOX_TOKEN", "PYTHONDONTWRITEBYTECODE"}
#: moto is much code: compiled anew at each start, it costs seconds where bytecode is not kept beside it.
_COMPILED = str(Path(tempfile.gettempdir()) / "raydock-bytecode")


@dataclass
class SandboxProcess:
    """One running sandbox. Use it as a context manager, or call `start` and `stop`."""

    folder: Path
    options: Sequence[str] = ()
    port: int = 0
    process: "subprocess.Popen[str] | None" = None
    ready_line: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    clients: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, verify=False))

    def __enter__(self) -> Self:
        return self if self.process else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Starts on a free port, later starts take the same one; the first answer is ready on return."""
        command = [
            sys.executable,
            "-m",
            "workers.sandbox",
            "--port",
            str(self.port),
            "--data-dir",
            str(self.folder),
        ]
        environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        environment["PYTHONPYCACHEPREFIX"] = _COMPILED
        self.process = subprocess.Popen(
            [*command, "--propagation", "0", *self.options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.ready_line = self.process.stdout.readline()
        assert self.ready_line.startswith("Sandbox AWS at http://"), self.ready_line
        self.port = int(self.ready_line.split(",")[0].rpartition(":")[2])
        self.keys = json.loads((self.folder / "sandbox-keys.json").read_text())
        return self

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """kill -9; `start` brings it back on the same port with the same folder."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self.process is None:
            return 0
        process, self.process = self.process, None
        self.http.close()
        self.http = httpx.Client(timeout=30, verify=False)
        process.send_signal(how)
        assert process.stdout
        process.stdout.close()
        return process.wait(10)

    # AWS ------------------------------------------------------------------------------------------------
    def client(self, service: str, keys: Mapping[str, str], *, region: str = REGION, **config: Any) -> Any:
        """A client with these keys: `access_key_id`, `secret_access_key`, `session_token`. No retries."""
        key = (service, tuple(keys.items()), region, self.port, repr(config))
        if key not in self.clients:
            self.clients[key] = self._made(service, keys, region, config)
        return self.clients[key]

    def _made(self, service: str, keys: Mapping[str, str], region: str, config: dict[str, Any]) -> Any:
        settings: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "read_timeout": 20, **config}
        return _SDK.create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"],
            aws_session_token=keys.get("session_token"),
            config=Config(**settings),
        )

    def admin(self, service: str, account_id: str = CUSTOMER, *, region: str = REGION, **config: Any) -> Any:
        """A client of the account's administrator."""
        return self.client(service, self.keys["admins"][account_id], region=region, **config)

    def worker(self, service: str = "sts", *, region: str = REGION, **config: Any) -> Any:
        """A client with the worker's own keys: a session of the portal role."""
        return self.client(service, self.keys["worker"], region=region, **config)

    def assume(self, role_arn: str, *, session_name: str = "op_test", **params: Any) -> dict[str, str]:
        """Keys of a session of a role, entered by the worker; raises ClientError."""
        answer = self.worker().assume_role(RoleArn=role_arn, RoleSessionName=session_name, **params)
        held = answer["Credentials"]
        return {
            "access_key_id": held["AccessKeyId"],
            "secret_access_key": held["SecretAccessKey"],
            "session_token": held["SessionToken"],
        }

    # the control API ------------------------------------------------------------------------------------
    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call of the control API; raises httpx.HTTPStatusError."""
        token = {"X-Sandbox-Token": self.keys["control_token"]}
        address = f"{self.url}/sandbox/{path}"
        answer = self.http.request(method, address, params=query, json=body, headers=token)
        return answer.raise_for_status().json()

    def fault(self, action: str, kind: str, **more: Any) -> str:
        """Sets a fault (throttle, deny, error, delay, timeout, lost_error, lost_reply); its id."""
        ids = self.control("POST", "faults", {"action": action, "kind": kind, **more})["ids"]
        return str(ids[0])

    def faults(self) -> dict[str, Any]:
        """The faults that are set, and how often each action was called."""
        found: dict[str, Any] = self.control("GET", "faults")
        return found

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def calls(self, **query: Any) -> list[dict[str, Any]]:
        """The call log; filters: since, action, account_id, session_name, caller, principal."""
        found: list[dict[str, Any]] = self.control("GET", "calls", **query)["calls"]
        return found

    def inventory(self, account_id: str = CUSTOMER, *, everything: bool = False) -> list[dict[str, Any]]:
        """What exists in an account, without what AWS makes by itself unless `everything`."""
        items = self.control("GET", "inventory", account=account_id)["items"]
        return [item for item in items if everything or not item["default"]]

    def switch(self, **switches: Any) -> dict[str, Any]:
        """Turns switches (workers/sandbox/switches.py): latency, propagation_seconds, clock_ahead, …"""
        found: dict[str, Any] = self.control("POST", "switches", switches)
        return found

    def customer_role(
        self,
        name: str,
        trust_policy: Any,
        policies: Mapping[str, Any] | None = None,
        *,
        account_id: str = CUSTOMER,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Plays the customer: creates or updates a role; its ARN."""
        asked = {
            "account_id": account_id,
            "role_name": name,
            "trust_policy": trust_policy,
            "policies": dict(policies or {}),
            "tags": dict(tags or {}),
        }
        return str(self.control("POST", "customer/role", asked)["role_arn"])
