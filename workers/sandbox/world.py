"""The emulated accounts: what exists in them, one lock around it, and how it outlives the process.

moto's models are not made for threads, so each change and each look holds the lock; latency and faults
happen outside it. All of an account is one graph of objects, pickled as one file: a millisecond for ten
clouds, about fifteen for a hundred. The file is replaced in one step, so `kill -9` at any moment leaves
the state before or after a change, never half of one. Nothing is forced to the disk's platter: a power cut
may lose the last moments.
"""

from __future__ import annotations

import contextlib
import pickle
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.sandbox import backends
from workers.sandbox.client_tokens import ClientTokens
from workers.sandbox.credentials import ACCOUNTS, PORTAL_ACCOUNT, PORTAL_ROLE, Credentials
from workers.sandbox.principals import Principal

_FORMAT = 1
_SESSIONS = "sessions"
_PORTAL_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)
_PORTAL_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:AssumeRole","sts:SetSourceIdentity",'
    '"sts:TagSession"],"Resource":"*"}]}'
)


@dataclass
class World:
    """Everything that exists, in memory and under `folder`."""

    folder: Path
    credentials: Credentials
    lock: threading.RLock = field(default_factory=threading.RLock)
    tokens: dict[str, ClientTokens] = field(default_factory=lambda: {one: ClientTokens() for one in ACCOUNTS})
    found: bool = False
    """Whether an earlier state was read back."""

    def start(self) -> str:
        """Read the state of the last run, or begin; answers a sentence about which it was."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        backends.prepare()
        try:
            read = [self._read(name) for name in (*ACCOUNTS, _SESSIONS)]
            self.found = any(read)
        except (
            pickle.UnpicklingError,
            EOFError,
            AttributeError,
            ImportError,
            IndexError,
            ValueError,
        ) as error:
            self._set_aside()
            return f"starts empty, because the kept state could not be read ({error}); it was set aside"
        self._make_portal_role()
        return "with the state of its last run" if self.found else "empty"

    def pickled(self, name: str) -> bytes:
        """Answer the state of one account, or of the sessions, as bytes. Hold the lock."""
        return pickle.dumps((backends.MOTO_VERSION, _FORMAT, self._content(name)), protocol=5)

    def write(self, name: str, data: bytes) -> None:
        """Put a state on disk in one step."""
        fresh = self.folder / f"{name}.new"
        fresh.write_bytes(data)
        fresh.replace(self._path(name))

    def open_region(self, account_id: str, region: str) -> None:
        """Make what AWS has in a region before anybody used it: the default VPC with its internet gateway."""
        if region in backends.opened_regions("ec2", account_id):
            return
        ec2 = backends.backend("ec2", account_id, region)
        gateway = ec2.create_internet_gateway()
        ec2.attach_internet_gateway(gateway.id, ec2.default_vpc.id)
        main = next(one for one in ec2.route_tables.values() if one.vpc_id == ec2.default_vpc.id)
        ec2.create_route(main.id, "0.0.0.0/0", gateway_id=gateway.id)

    def _content(self, name: str) -> Any:
        if name == _SESSIONS:
            return self.credentials.sessions
        kept = {
            service: dict(regions)
            for service in backends.KEPT_SERVICES
            if (regions := backends.loaded(service, name))
        }
        return kept, self.tokens[name]

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pickle"

    def _read(self, name: str) -> bool:
        path = self._path(name)
        if not path.exists():
            return False
        # Only this program writes the folder, which is as private as the keys beside it.
        version, form, content = pickle.loads(path.read_bytes())  # noqa: S301
        if (version, form) != (backends.MOTO_VERSION, _FORMAT):
            raise ValueError(f"it was written by moto {version}, format {form}")
        if name == _SESSIONS:
            sessions: dict[str, Principal] = content
            self.credentials.sessions = sessions
        else:
            kept, self.tokens[name] = content
            backends.put_back(name, kept)
        return True

    def _set_aside(self) -> None:
        for name in (*ACCOUNTS, _SESSIONS):
            with contextlib.suppress(FileNotFoundError):
                self._path(name).rename(self.folder / f"{name}.unreadable")
        backends.forget()
        self._make_portal_role()

    def _make_portal_role(self) -> None:
        iam = backends.backend("iam", PORTAL_ACCOUNT)
        if any(role.arn == PORTAL_ROLE for role in iam.roles.values()):
            return
        role = iam.create_role(PORTAL_ROLE.rpartition("/")[2], _PORTAL_TRUST, "/", None, "", [], 3600)
        role.put_policy("enter-customers", _PORTAL_POLICY)


class Keeper:
    """Writes changes down in groups: one file covers all changes that waited while the last was written.

    `pause` answers how many seconds to gather changes before each write: 0 while somebody waits for it.
    """

    def __init__(self, world: World, pause: Callable[[], float]) -> None:
        self._world = world
        self._pause = pause
        self._wake = threading.Condition()
        self._dirty: set[str] = set()
        self._changes = 0
        self._taken = 0
        self._kept = 0
        self._stopping = False
        self.problem = ""
        """Why changes are no longer kept; empty while they are."""
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def changed(self, *names: str) -> int:
        """Note that accounts (or the sessions) changed; answers the number to wait for."""
        with self._wake:
            self._dirty.update(names)
            self._changes += 1
            self._wake.notify_all()
            return self._changes

    def wait(self, number: int) -> None:
        """Wait until the change of this number would survive the process."""
        with self._wake:
            self._wake.wait_for(lambda: self._kept >= number or self._stopping)

    def stop(self) -> None:
        """Write what is left, and end."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join()
        self._keep()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._dirty and not self._stopping:
                    self._wake.wait()
                self._wake.wait_for(lambda: self._stopping, self._pause())
                if self._stopping:
                    return
            self._keep()

    def _keep(self) -> None:
        """Write what changed. Who waits for a change goes on, whether it was kept or the problem said."""
        try:
            self._write()
        except (OSError, pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            self._say(f"The sandbox no longer keeps its state: {error!r}. It goes on until it is stopped.")
        with self._wake:
            self._kept = self._taken
            self._wake.notify_all()

    def _write(self) -> None:
        with self._world.lock:
            with self._wake:
                names, self._dirty, self._taken = self._dirty, set(), self._changes
            states = {name: self._world.pickled(name) for name in names}
        for name, data in states.items():
            self._world.write(name, data)

    def _say(self, problem: str) -> None:
        if not self.problem:
            print(problem, file=sys.stderr, flush=True)
        self.problem = problem
