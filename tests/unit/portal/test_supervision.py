"""Processes that stand and fall together, tried on small real ones."""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.supervision import Program, Supervisor

FOREVER = "import signal, sys, threading; print('up', flush=True); threading.Event().wait()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
CAREFUL = (
    "import signal, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)))\n" + FOREVER
)


class Lines(list[str]):
    """What the supervisor wrote, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Condition()

    def write(self, line: str) -> None:
        with self.written:
            self.append(line)
            self.written.notify_all()

    def await_line(self, text: str, count: int = 1) -> None:
        with self.written:
            assert self.written.wait_for(lambda: sum(text in line for line in self) >= count, 20), self


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def supervisor(lines: Lines) -> Iterator[Supervisor]:
    made = Supervisor(lines.write)
    yield made
    made.stop()


def program(name: str, script: str, restarts: int = 0) -> Program:
    return Program(name, (sys.executable, "-c", script), dict(os.environ), restarts)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_lines_carry_the_name_of_their_process(supervisor: Supervisor, lines: Lines) -> None:
    supervisor.start(program("web", FOREVER))
    lines.await_line("web     | up")


def test_a_program_is_run_to_its_end(supervisor: Supervisor, lines: Lines) -> None:
    assert supervisor.finish(program("prepare", "print('done'); raise SystemExit(3)")) == 3
    lines.await_line("prepare | done")
    assert supervisor.children == []


def test_what_dies_for_good_ends_the_watch_with_1(supervisor: Supervisor, lines: Lines) -> None:
    other = supervisor.start(program("web", FOREVER))
    supervisor.start(program("worker", "raise SystemExit(7)"))
    assert supervisor.watch() == 1
    assert any("worker ended (exit code 7); stopping the rest." in line for line in lines)
    supervisor.stop()
    assert not is_alive(other.process.pid)


def test_what_may_be_restarted_is_a_few_times(supervisor: Supervisor, lines: Lines, tmp_path: Path) -> None:
    count = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit(1)"
    supervisor.start(program("worker", count, restarts=2))
    assert supervisor.watch() == 1
    assert (tmp_path / "starts").read_text() == "xxx"
    assert sum("starting it again" in line for line in lines) == 2


def test_a_killed_process_comes_back(supervisor: Supervisor, lines: Lines) -> None:
    first = supervisor.start(program("worker", FOREVER, restarts=1))
    lines.await_line("worker  | up")
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait(10)
    assert supervisor.look_after()
    lines.await_line("worker  | up", count=2)
    assert any("killed by SIGKILL" in line for line in lines)


def test_groups_stop_in_turn_and_get_to_say_goodbye(supervisor: Supervisor, lines: Lines) -> None:
    for name in ("sandbox", "worker"):
        supervisor.start(program(name, CAREFUL))
    lines.await_line("| up", count=2)
    supervisor.stop(("worker",), ("sandbox",))
    said = [line for line in lines if line.endswith("bye")]
    assert said == ["worker  | bye", "sandbox | bye"]


def test_what_does_not_listen_is_killed(
    supervisor: Supervisor, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.supervision.STOP_SECONDS", 0.3)
    child = supervisor.start(program("web", STUBBORN))
    lines.await_line("web     | up")
    supervisor.stop()
    assert not is_alive(child.process.pid)
    assert any("did not stop in time and was killed" in line for line in lines)


def test_grandchildren_go_too(supervisor: Supervisor, lines: Lines) -> None:
    nested = (
        "import subprocess, sys, threading\n"
        f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
        "print('child', child.pid, flush=True); threading.Event().wait()"
    )
    supervisor.start(program("web", nested))
    lines.await_line("child")
    lines.await_line("| up")
    grandchild = int(next(line for line in lines if "child" in line).split()[-1])
    handle = os.pidfd_open(grandchild)
    supervisor.stop()
    ended, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    assert ended, "the grandchild still runs"
