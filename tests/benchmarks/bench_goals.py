"""Where the product stands on the rows of its goals: the tests that prove them say their figures.

The sizes are those of continuous integration; RAYDOCK_TEST_SIZE=large makes them those of the goals.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.benchmarks.figures import Figure
from tests.benchmarks.recovery import recovery
from tests.chaos.goals import VARIABLE, noted
from tests.services import services
from tests.stack import ROOT

# Tests that say no figure of their own: how many have passed is told for their row.
COUNTED: Mapping[str, tuple[str, str]] = {
    "tests/api/test_every_address.py": ("S1", "every method of every address by every role and a stranger"),
    "tests/workers/operations/test_connect.py": ("S3", "external ID: connecting rightly and wrongly"),
    "tests/workers/operations/test_permissions.py": ("S4", "recorded calls are the granted ones"),
}
WALL = "row-level security, on PostgreSQL"
FIGURED = ("tests/chaos", "tests/workers/faults")
ON_POSTGRESQL = ("tests/chaos/test_requests.py", "tests/chaos/test_turns.py")


def run() -> list[Figure]:
    """Figures of rows R1 to R10, R18 and S1 to S5, and a line for each test that failed."""
    with tempfile.TemporaryDirectory(prefix="raydock-goals-") as name:
        folder = Path(name)
        figures = recovery()
        figures += proven(FIGURED, folder / "embedded", {})
        with services() as addresses:
            figures += proven(ON_POSTGRESQL, folder / "services", addresses)
            figures.append(counted("tests/domain/iam/test_tenancy.py", "S2", WALL, folder / "S2", addresses))
        figures += [counted(path, goal, what, folder / goal, {}) for path, (goal, what) in COUNTED.items()]
    return sorted(figures, key=lambda one: (one.goal[0], int(one.goal[1:])))


def proven(paths: tuple[str, ...], folder: Path, addresses: Mapping[str, str]) -> list[Figure]:
    """What these tests say of themselves, and which of them failed."""
    failed = [name for name, passed in results(paths, folder, addresses).items() if not passed]
    broken = [Figure("R0", name, "FAILED", "", met=False) for name in failed]
    return [*noted(folder / "figures"), *broken]


def counted(path: str, goal: str, what: str, folder: Path, addresses: Mapping[str, str]) -> Figure:
    """How many tests of this file have passed."""
    found = results((path,), folder, addresses)
    passed = sum(found.values())
    text = f"{passed} of {len(found)} tests"
    return Figure(goal, what, text, "all", met=bool(found) and passed == len(found))


def results(paths: tuple[str, ...], folder: Path, addresses: Mapping[str, str]) -> dict[str, bool]:
    """Which tests were run, and whether they passed."""
    folder.mkdir()
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", f"--basetemp={folder / 'work'}"]
    subprocess.run(
        [*command, f"--junitxml={report}", *paths],
        cwd=ROOT,
        env={**os.environ, **addresses, VARIABLE: str(folder / "figures")},
        stdout=sys.stderr,
        check=False,
    )
    cases = ET.parse(report).iter("testcase")
    return {f"{case.get('classname')} {case.get('name')}": _passed(case) for case in cases}


def _passed(case: ET.Element) -> bool:
    return case.find("failure") is None and case.find("error") is None
