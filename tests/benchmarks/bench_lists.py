"""Lists and pages with 500 clouds and 100,000 audit events: time to the whole answer, one client."""

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx

from tests.benchmarks.figures import Figure, percentile
from tests.stack import ROOT, Stack

EVENTS = int(os.environ.get("RAYDOCK_BENCH_EVENTS", "100000"))
CLOUDS = 500
ROUNDS = 40


def run() -> list[Figure]:
    """Fill a stack's database, then ask for lists and pages."""
    with tempfile.TemporaryDirectory(prefix="raydock-bench-") as folder:
        stack = Stack(Path(folder)).start()
        stack.stop()
        fill(Path(folder))
        stack = Stack(Path(folder)).start()
        try:
            with stack.client() as api, closing(signed_in(stack)) as console:
                return [*api_figures(api), *page_figures(console), integrity_figure(api)]
        finally:
            stack.stop()


def fill(folder: Path) -> None:
    environment = {**os.environ, "RAYDOCK_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "tests.benchmarks.populate", str(EVENTS), str(CLOUDS)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def signed_in(stack: Stack) -> httpx.Client:
    """A client that holds a session of the console."""
    console = httpx.Client(base_url=stack.run["url"], follow_redirects=True, timeout=60)
    form = console.get("/sign-in").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token, form
    entered = {
        "csrfmiddlewaretoken": token[1],
        "email": stack.run["email"],
        "password": stack.run["password"],
    }
    answer = console.post("/sign-in", data=entered, headers={"Referer": stack.run["url"] + "/sign-in"})
    assert "/sign-in" not in str(answer.url), answer.text
    return console


def timed(client: httpx.Client, path: str) -> list[float]:
    """Milliseconds of `ROUNDS` answers, after a warm-up."""
    client.get(path).raise_for_status()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(path).raise_for_status()
        times.append(1000 * (time.perf_counter() - began))
    return times


def figure(goal: str, what: str, times: list[float], aim: float | None = None) -> Figure:
    median = percentile(times, 0.5)
    text = f"{median:.1f} ms (p99 {percentile(times, 0.99):.1f})"
    return Figure(
        goal, what, text, f"{aim:.0f} ms at the median" if aim else "", median <= aim if aim else None
    )


def api_figures(api: httpx.Client) -> list[Figure]:
    first = timed(api, "/audit-events?limit=50")
    deep = timed(api, deep_cursor(api))
    ratio = percentile(deep, 0.5) / percentile(first, 0.5)
    return [
        figure("P4", f"REST audit events, first page of {EVENTS:,}", first),
        figure("P4", "REST audit events, 100 pages on", deep),
        Figure("P4", "deep page / first page", f"{ratio:.2f}", "1.5", ratio <= 1.5),
        figure("P4", f"REST clouds, first page of {CLOUDS}", timed(api, "/clouds")),
        figure("P4", "REST audit events of one actor", timed(api, "/audit-events?actor=person7@example.com")),
    ]


def deep_cursor(api: httpx.Client) -> str:
    """The address of a page far from the start."""
    path = "/audit-events?limit=100"
    for _ in range(100):
        path = api.get(path).raise_for_status().json()["next"]
    return path.replace("limit=100", "limit=50")


def page_figures(console: httpx.Client) -> list[Figure]:
    pages = {
        "clouds": "/clouds",
        "audit": "/audit",
        "operations": "/operations",
        "organization": "/organization",
    }
    return [figure("P4", f"console page {name}", timed(console, path), 100) for name, path in pages.items()]


def integrity_figure(api: httpx.Client) -> Figure:
    began = time.perf_counter()
    answer = api.get("/audit-events/integrity").raise_for_status().json()
    rate = EVENTS / (time.perf_counter() - began)
    assert answer["ok"] is True, answer
    return Figure("P5", "audit chain verified", f"{rate:,.0f} events/s", "400,000", rate >= 400_000)
