"""Runs a script of AWS CLI commands for real: each `aws …` becomes one plain SDK call to the sandbox.

The script runs in bash with its own variables, conditions and functions. A stand-in for `aws` hands over its
arguments through a socket; names, types and JSON of the options are read as the AWS CLI reads them, from the
SDK's own description of the service, and what that does not know is refused as the AWS CLI refuses it.
"""

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.exceptions import ClientError

STAND_IN = """#!/usr/bin/env bash
exec 3<>"/dev/tcp/127.0.0.1/$AWS_STAND_IN"
printf '%s\\0' "$#" "$AWS_REGION" "$@" >&3
IFS= read -r code <&3
if [ "$code" = 0 ]; then cat <&3; else cat <&3 >&2; fi
exit "$code"
"""
NO_SLEEP = """#!/usr/bin/env bash
echo "$1" >> "$SLEPT"
"""
REFUSED, FAILED = 252, 254
Clients = Callable[[str, str], Any]


class UsageError(Exception):
    """What the AWS CLI says when it does not know a command or an option."""


@dataclass
class Cli:
    """The stand-in. `clients` gives a client for a service and a region."""

    clients: Clients
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def run(self, region: str, arguments: list[str]) -> str:
        """Make one call; what the AWS CLI would print. Raises UsageError and ClientError."""
        service, command, *rest = arguments
        client = self.clients({"s3api": "s3"}.get(service, service), region)
        known = {xform_name(api, "-"): api for api in client.meta.method_to_api_mapping.values()}
        if command not in known:
            raise UsageError(command)
        shape = client.meta.service_model.operation_model(known[command]).input_shape
        options = _options(rest)
        query, output = options.pop("query", None), options.pop("output", ["json"])
        members = {xform_name(name, "-"): name for name in (shape.members if shape else {})}
        params = {}
        for name, values in options.items():
            if name not in members:
                raise UsageError(name)
            params[members[name]] = _value(shape.members[members[name]], values)
        self.calls.append((f"{service} {command}", params))
        reply = getattr(client, xform_name(known[command]))(**params)
        shown = jmespath.search(query[0], reply) if query else reply
        if output == ["text"]:
            return "\t".join(shown) if isinstance(shown, list) else str(shown)
        return json.dumps(shown, default=str)


def _options(rest: list[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for word in rest:
        if word.startswith("--"):
            options[word[2:]] = []
        elif not options:
            raise UsageError(word)
        else:
            options[next(reversed(options))].append(word)
    return options


def _value(shape: Any, values: list[str]) -> Any:
    kind = shape.type_name
    if not values:
        if kind == "boolean":
            return True
        if kind == "structure" and list(shape.members) == ["Value"]:
            return {"Value": True}
        raise UsageError(shape.name)
    if kind == "list" and not values[0].startswith("["):
        return values
    (value,) = values
    if kind in {"list", "structure", "map"}:
        return json.loads(value)
    return int(value) if kind in {"integer", "long"} else value


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        cli = cast("_Server", self.server).cli
        count, region, *arguments = [self._word() for _ in range(2)]
        arguments = [self._word() for _ in range(int(count))]
        try:
            code, said = 0, cli.run(region, arguments)
        except ClientError as error:
            code, said = FAILED, str(error)
        except UsageError as error:
            code, said = REFUSED, f"Unknown options: {error}"
        self.wfile.write(f"{code}\n{said}\n".encode())

    def _word(self) -> str:
        word = bytearray()
        while (one := self.rfile.read(1)) not in {b"\0", b""}:
            word += one
        return word.decode()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, cli: Cli) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.cli = cli


@contextmanager
def _served(cli: Cli) -> Iterator[int]:
    with _Server(cli) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str
    slept: list[str]


def run(script: str, cli: Cli, folder: Path) -> Ran:
    """Run the script. Its pauses are written down instead of made."""
    for name, text in (("aws", STAND_IN), ("sleep", NO_SLEEP)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    slept = folder / "slept"
    slept.touch()
    with _served(cli) as port:
        environment = {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "AWS_STAND_IN": str(port),
            "AWS_REGION": "nowhere-1",
            "SLEPT": str(slept),
        }
        done = subprocess.run(
            ["bash", "-c", script], env=environment, check=False, capture_output=True, text=True, timeout=60
        )
    return Ran(done.returncode, done.stdout, done.stderr, slept.read_text().split())
