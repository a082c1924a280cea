"""How long work waits for another worker when its own is killed, with the leases of a real installation."""

import tempfile
from pathlib import Path

from tests.benchmarks.figures import Figure, percentile
from tests.chaos.stacks import Spare, embedded, served
from tests.chaos.storm import weather

CLOUDS = 6
VICTIMS = ("worker", "spare")
AIM = 20.0


def recovery() -> list[Figure]:
    """Both profiles: some clouds are built and removed, a worker is killed in each half."""
    with tempfile.TemporaryDirectory(prefix="raydock-bench-") as folder:
        with embedded(Path(folder) / "embedded", {}) as one, one.client() as api, Spare(one) as spare:
            first = weather(spare.ready(), api, "embedded", [VICTIMS], CLOUDS)
        with served(Path(folder) / "served", {}) as two, two.client() as api, Spare(two) as spare:
            second = weather(spare.ready(), api, "PostgreSQL + Redis", [VICTIMS], CLOUDS)
    return [_figure("embedded", first.recoveries), _figure("PostgreSQL + Redis", second.recoveries)]


def _figure(profile: str, seconds: list[float]) -> Figure:
    what = f"from kill to the next turn, lease 15 s, {profile}"
    if not seconds:
        return Figure("R4", what, "no operation was held by a killed worker", f"p99 {AIM:.0f} s", met=False)
    median, worst = percentile(seconds, 0.5), percentile(seconds, 0.99)
    text = f"p50 {median:.1f} s, p99 {worst:.1f} s of {len(seconds)}"
    return Figure("R4", what, text, f"p99 {AIM:.0f} s", met=worst <= AIM)
