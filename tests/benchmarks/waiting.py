"""Ten thousand operations that wait on one worker: what they cost, and whether others notice."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.stack import ROOT, Stack

COUNT = int(os.environ.get("RAYDOCK_BENCH_WAITING", "10000"))
LOOK_SECONDS = 20.0


def waiting_figures(stack: Stack) -> list[Figure]:
    """Add waiting operations as rows, each due once a minute, and watch the worker."""
    before = memory(stack)
    fill(stack.folder)
    began, spent = time.monotonic(), processor(stack)
    time.sleep(LOOK_SECONDS)
    share = (processor(stack) - spent) / (time.monotonic() - began)
    after = memory(stack)
    return [
        Figure(
            "",
            f"worker memory, {COUNT:,} operations waiting",
            f"{after:.0f} MB ({after - before:+.0f})",
            "10,000",
        ),
        Figure("", f"worker processor, {COUNT:,} operations waiting", f"{100 * share:.0f} % of a core"),
    ]


def fill(folder: Path) -> None:
    environment = {**os.environ, "RAYDOCK_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "tests.benchmarks.fill_waiting", str(COUNT)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def worker(stack: Stack) -> int:
    pid = stack.pid_of("manage.py worker")
    assert pid
    return pid


def memory(stack: Stack) -> float:
    """Resident memory of the worker, in MB."""
    status = Path(f"/proc/{worker(stack)}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


def processor(stack: Stack) -> float:
    """Processor seconds that the worker has used."""
    fields = Path(f"/proc/{worker(stack)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
