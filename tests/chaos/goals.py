"""Figures that these tests measure on their way; tests/benchmarks/bench_goals.py collects them."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.figures import Figure

VARIABLE = "RAYDOCK_GOALS"


def note(goal: str, what: str, figure: str, aim: str = "", *, met: bool | None = None) -> None:
    """Say a figure, and keep it in the file that RAYDOCK_GOALS names."""
    one = Figure(goal, what, figure, aim, met)
    sys.stderr.write(f"{goal} {what}: {figure}\n")
    if name := os.environ.get(VARIABLE):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(one)) + "\n")


def noted(path: Path) -> list[Figure]:
    """The figures in such a file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Figure(**json.loads(line)) for line in lines]
