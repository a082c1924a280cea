"""Start the sandbox: `python -m workers.sandbox --port 8009 --data-dir .local/sandbox`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from workers.sandbox.control import Control
from workers.sandbox.credentials import ACCOUNTS, KeysError, read_credentials
from workers.sandbox.gate import Gate
from workers.sandbox.server import SandboxServer
from workers.sandbox.switches import Settings, Switches
from workers.sandbox.wire import HttpReply, HttpRequest
from workers.sandbox.world import Keeper, World

#: How long changes are gathered, in seconds, when no answer waits until they are kept.
_GATHERED = 1.0


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Answer the command line, read."""
    reader = argparse.ArgumentParser(prog="python -m workers.sandbox", description="A local AWS for Raydock.")
    reader.add_argument("--host", default="127.0.0.1", help="address to listen on")
    reader.add_argument("--port", type=int, default=8009, help="port to listen on; 0 picks a free one")
    reader.add_argument("--data-dir", type=Path, required=True, help="folder for the keys and the state")
    reader.add_argument("--latency", type=float, default=0.0, help="seconds added to each AWS call")
    reader.add_argument(
        "--propagation", type=float, default=2.0, help="seconds until AssumeRole sees a new role"
    )
    reader.add_argument(
        "--durable",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="answer a change only when it would survive kill -9",
    )
    return reader.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; answers the exit code."""
    asked = options(arguments)
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop.set())
    try:
        credentials = read_credentials(asked.data_dir, os.environ.get("RAYDOCK_SANDBOX_TOKEN", ""))
    except (KeysError, OSError) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 1
    world = World(asked.data_dir / "sandbox", credentials)
    state = world.start()
    settings = Settings(latency=asked.latency, propagation_seconds=asked.propagation, durable=asked.durable)
    switches = Switches(settings)
    keeper = Keeper(world, lambda: 0.0 if switches.now.durable else _GATHERED)
    gate = Gate(world, keeper, switches)
    control = Control(gate, credentials.control_token, datetime.now(UTC), state)
    return _serve(asked, keeper, gate, control, state, stop)


def _serve(
    asked: argparse.Namespace,
    keeper: Keeper,
    gate: Gate,
    control: Control,
    state: str,
    stop: threading.Event,
) -> int:
    def application(http: HttpRequest) -> HttpReply | None:
        if http.path.startswith("/sandbox/"):
            return control.answer(http)
        return gate.answer(http, datetime.now(UTC))

    try:
        server = SandboxServer((asked.host, asked.port), application)
    except OSError as error:
        print(
            f"The sandbox cannot listen on {asked.host}:{asked.port}: {error}. Choose another --port.",
            file=sys.stderr,
        )
        return 1
    keeper.start()
    keeper.changed(*ACCOUNTS)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    print(f"Sandbox AWS at http://{asked.host}:{server.port}, {state}", flush=True)
    stop.wait()
    server.shutdown()
    keeper.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
