"""One whole Raydock on this machine: sandbox, worker and web, with one folder for all they write."""

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portal.configuration import ROOT, SANDBOX_DEFAULTS
from portal.privatefiles import read_if_there, write_privately
from portal.sandboxkeys import SandboxKeys, read_sandbox_keys
from portal.supervision import Program, StartError, Supervisor

HOST: Final = "127.0.0.1"
RESTARTS: Final = 5
WEB_THREADS: Final = 4


@dataclass(frozen=True)
class Place:
    """Where this Raydock runs."""

    folder: Path
    host: str
    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        """Address of the console."""
        return f"http://{self.host}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Address of the sandbox, for any AWS SDK."""
        return f"http://{HOST}:{self.sandbox_port}"

    @property
    def description(self) -> Path:
        """The file that says how to reach it while it runs."""
        return self.folder / "run.json"


def prepared_folder(folder: Path) -> Path:
    """The data folder, made if need be. Raises StartError when it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".write-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"Raydock cannot write to {folder} ({error.strerror}). "
            "Choose a folder you may write to: make run DATA_DIR=~/raydock"
        ) from error
    return folder.absolute()


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises StartError when another Raydock holds it."""
    with (folder / "lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StartError(
                f"Raydock already runs in {folder} (process {file.read().strip() or 'unknown'}). "
                "Use that one, stop it with Ctrl-C, or choose another folder: make run DATA_DIR=other"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_free(host: str, port: int) -> bool:
    """Can a server listen there now?"""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True


def chosen_place(folder: Path, host: str, port: int, sandbox_port: int) -> Place:
    """The ports to use: the sandbox keeps its last one where it can. Raises StartError when taken."""
    if not is_free(host, port):
        raise StartError(
            f"Port {port} on {host} is taken by another program. Choose another: make run PORT={port + 1}"
        )
    if sandbox_port and not is_free(HOST, sandbox_port):
        raise StartError(
            f"Port {sandbox_port} for the sandbox is taken. Leave --sandbox-port out to find one."
        )
    last = int(read_if_there(folder / "ports.json").get("sandbox", 0))
    wanted = [candidate for candidate in (sandbox_port, last, port + 1) if 0 < candidate < 2**16]
    free = next((candidate for candidate in wanted if is_free(HOST, candidate)), 0)
    place = Place(folder, host, port, free or _any_free_port())
    write_privately(folder / "ports.json", {"sandbox": place.sandbox_port})
    return place


def _any_free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def base_environment(place: Place) -> dict[str, str]:
    """What every process of the stack gets: no AWS credentials, no token of the sandbox."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name not in {"RAYDOCK_SANDBOX_TOKEN", "RAYDOCK_STATIC_ROOT"}
    }
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "RAYDOCK_DATA_DIR": str(place.folder),
        "RAYDOCK_BASE_URL": place.url,
        "RAYDOCK_SANDBOX": "true",
        "RAYDOCK_SANDBOX_URL": place.sandbox_url,
        "RAYDOCK_AWS_ENDPOINT_URL": place.sandbox_url,
        "RAYDOCK_PORTAL_ROLE_ARN": str(SANDBOX_DEFAULTS["portal_role_arn"]),
    }


def manage(*arguments: str) -> tuple[str, ...]:
    """A management command, run by this Python."""
    return (sys.executable, str(ROOT / "manage.py"), *arguments)


def sandbox_program(place: Place) -> Program:
    """The AWS emulator. It may be restarted; what it holds starts empty then unless it keeps its state."""
    where = ("--host", HOST, "--port", str(place.sandbox_port), "--data-dir", str(place.folder))
    command = (sys.executable, "-m", "workers.sandbox", *where)
    return Program("sandbox", command, base_environment(place), RESTARTS)


def worker_program(place: Place, keys: SandboxKeys) -> Program:
    """The only process that holds AWS credentials. It may be restarted: its work is in the database."""
    environment = {**base_environment(place), **keys.worker_environment()}
    return Program("worker", manage("worker"), environment, RESTARTS)


def web_program(place: Place, keys: SandboxKeys) -> Program:
    """Console and REST. It may be restarted: a request that got no answer can be sent again."""
    command = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"),
        *("--workers", "1", "--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers"),
        *("--host", place.host, "--port", str(place.port), "portal.wsgi:application"),
    )
    environment = {**base_environment(place), "RAYDOCK_SANDBOX_TOKEN": keys.control_token}
    return Program("web", command, environment, RESTARTS)


def description(place: Place, keys: SandboxKeys) -> dict[str, Any]:
    """What run.json holds: how a person or a program reaches this Raydock."""
    owner = read_if_there(place.folder / "owner.json")
    account = str(SANDBOX_DEFAULTS["sandbox_account_id"])
    return {
        "url": place.url,
        "email": owner["email"],
        "password": owner["password"],
        "api_token": owner["api_token"],
        "organization_id": owner["organization_id"],
        "sandbox_endpoint": place.sandbox_url,
        "portal_account_id": keys.worker["account_id"],
        "sandbox_account_id": account,
        "sandbox_admin": keys.admin(account),
    }


def run(place: Place, supervisor: Supervisor) -> int:
    """Start everything, describe it, look after it until the end; the exit code."""
    place.description.unlink(missing_ok=True)
    try:
        if not _start(place, supervisor):
            return 0
        return supervisor.watch()
    finally:
        place.description.unlink(missing_ok=True)
        supervisor.stop(("web", "worker"), ("sandbox",))


def _start(place: Place, supervisor: Supervisor) -> bool:
    """Bring everything up; False when a person stopped it on the way."""
    supervisor.start(sandbox_program(place))
    if supervisor.finish(Program("prepare", manage("prepare"), base_environment(place))):
        raise StartError("The database could not be prepared. The lines above say why.")
    if not supervisor.wait_until_ready("sandbox", f"{place.sandbox_url}/sandbox/health"):
        return False
    keys = read_sandbox_keys(place.folder)
    supervisor.start(worker_program(place, keys))
    supervisor.start(web_program(place, keys))
    if not supervisor.wait_until_ready("console", f"{place.url}/readyz"):
        return False
    about = description(place, keys)
    write_privately(place.description, about)
    supervisor.write(
        f"Raydock is ready: {about['url']}  ·  sign in as {about['email']} with {about['password']}"
        "  ·  Ctrl-C stops it"
    )
    return True
