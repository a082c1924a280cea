"""Keeps the processes of one Raydock together: starts them, prefixes their logs, stops them all."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Final
from urllib.error import URLError
from urllib.request import urlopen

LIBC: Final = ctypes.CDLL(None)
PR_SET_PDEATHSIG: Final = 1
STOP_SECONDS: Final = 8.0
READY_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.05
# A child that ran this long before it died was healthy: its restarts are counted from the start again.
HEALTHY_SECONDS: Final = 60.0


class StartError(Exception):
    """Why Raydock does not run, in a sentence for the person who typed the command."""


@dataclass(frozen=True)
class Program:
    """One process to keep: log prefix, command, whole environment, how often it may be restarted."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    restarts: int = 0


@dataclass
class Child:
    """A program that was started."""

    program: Program
    process: "subprocess.Popen[bytes]"
    started: float
    restarts_left: int
    reader: threading.Thread


@dataclass
class Supervisor:
    """Runs programs until one ends for good or a person stops it."""

    write: Callable[[str], None]
    width: int = 8
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def stop_on_signals(self) -> None:
        """Take Ctrl-C and SIGTERM as a wish to stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())

    def start(self, program: Program, *, restarts_left: int | None = None) -> Child:
        """Start a program in a session of its own, so that Ctrl-C reaches it once: from here."""
        process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            program.command,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - calls libc only
        )
        reader = threading.Thread(target=self._copy_lines, args=(program.name, process.stdout), daemon=True)
        reader.start()
        left = program.restarts if restarts_left is None else restarts_left
        child = Child(program, process, time.monotonic(), left, reader)
        self.children.append(child)
        return child

    def finish(self, program: Program) -> int:
        """Run a program to its end; its exit code. Stops with the rest when a person stops."""
        child = self.start(program)
        while not _has_ended(child) and not self.stopping.wait(LOOK_SECONDS):
            pass
        if not _has_ended(child):
            return 0
        _bury(child)
        child.reader.join(2)
        self.children.remove(child)
        return child.process.returncode

    def wait_until_ready(self, what: str, url: str) -> bool:
        """Wait for a 200 from this address; False when a person stopped us. Raises StartError in the end."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping.is_set():
            if _answers(url):
                return True
            if not self.look_after():
                raise StartError("A part of Raydock ended while it started. Its last lines above say why.")
            if time.monotonic() > deadline:
                message = f"The {what} did not become ready within {READY_SECONDS:.0f} s: {_complaint(url)}"
                raise StartError(message)
            self.stopping.wait(LOOK_SECONDS)
        return False

    def watch(self) -> int:
        """Look after the programs until one ends for good (1) or a person stops us (0)."""
        while not self.stopping.wait(0.2):
            if not self.look_after():
                return 1
        return 0

    def look_after(self) -> bool:
        """Restart what died and may be restarted; False when something ended for good."""
        for child in [child for child in self.children if _has_ended(child)]:
            _bury(child)
            name, code = child.program.name, child.process.returncode
            healthy = time.monotonic() - child.started > HEALTHY_SECONDS
            left = child.program.restarts if healthy else child.restarts_left
            child.reader.join(2)
            if left <= 0:
                self.write(f"{name} ended ({_ending(code)}); stopping the rest.")
                return False
            self.write(f"{name} ended ({_ending(code)}); starting it again.")
            self.children.remove(child)
            self.start(child.program, restarts_left=left - 1)
        return True

    def stop(self, *names_in_turn: Sequence[str]) -> None:
        """Stop the named groups one after the other, then whatever is left; kill what does not listen."""
        deadline = time.monotonic() + STOP_SECONDS
        everything = [child.program.name for child in self.children]
        for names in (*names_in_turn, everything):
            chosen = [child for child in self.children if child.program.name in names]
            for child in chosen:
                if not _has_ended(child):
                    os.kill(child.process.pid, signal.SIGTERM)
            for child in chosen:
                self._wait_or_kill(child, deadline)

    def _wait_or_kill(self, child: Child, deadline: float) -> None:
        while not _has_ended(child):
            if time.monotonic() > deadline:
                self.write(f"{child.program.name} did not stop in time and was killed.")
                break
            time.sleep(LOOK_SECONDS)
        _bury(child)
        child.reader.join(1)

    def _copy_lines(self, name: str, stream: IO[bytes]) -> None:
        prefix = f"{name:<{self.width}}| "
        with stream:
            for line in stream:
                self.write(prefix + line.decode(errors="replace").rstrip())


def _die_with_parent() -> None:
    """Ask Linux to end this child when its supervisor is killed, so that nothing is left on the port."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _has_ended(child: Child) -> bool:
    """Has it ended? Where the system can tell, it stays unburied: its number is nobody else's until then."""
    if child.process.returncode is not None or not hasattr(os, "waitid"):
        return child.process.poll() is not None
    return os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _bury(child: Child) -> None:
    """End whatever is left in the child's session, then the child itself; its exit code is known after."""
    if child.process.returncode is None:
        # Before it is waited for: afterwards its number may be the group of a stranger.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def _answers(url: str) -> bool:
    return _complaint(url) == ""


def _complaint(url: str) -> str:
    """What this address says when it is not ready; empty when it answers 200 and does not say "degraded"."""
    try:
        with urlopen(url, timeout=2) as reply:  # noqa: S310 - our own http address
            body = reply.read().decode(errors="replace")
            return body if '"degraded"' in body else ""
    except URLError as error:
        body = error.read().decode(errors="replace") if hasattr(error, "read") else ""
        return body or str(error.reason)
    except (OSError, ValueError) as error:
        return str(error)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
