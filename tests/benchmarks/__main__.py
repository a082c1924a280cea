"""`make bench`: every benchmark in this folder, one table. `make bench ONLY=lists` runs some."""

import importlib
import os
import sys
import time
from pathlib import Path

from tests.benchmarks.figures import Figure, table


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks (all when none is named) and print their figures."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    wanted = [name for name in names if not chosen or name.removeprefix("bench_") in chosen]
    figures: list[Figure] = []
    for name in wanted:
        began = time.monotonic()
        figures += importlib.import_module(f"tests.benchmarks.{name}").run()
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(table(figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main([*sys.argv[1:], *os.environ.get("ONLY", "").split()]))
