"""Set-up, verification and delete with 50 ms added to each AWS call: how near are they to the longest chain?

The longest chain is counted in calls that must follow one another, whatever else happens meanwhile: entering,
the rounds of a look, the plan's own chain, the probe of the bucket.
"""

from collections.abc import Callable
from datetime import datetime
from statistics import median
from typing import Any

import httpx

from tests.benchmarks.bench_latency import embedded
from tests.benchmarks.figures import Figure
from tests.stack import Stack, settle
from tests.story.clouds import connected, delete, set_up

LATENCY = 0.05
RUNS = 5
AT_MOST = 1.5
# Calls in a row: assume the role; two rounds of a look (what is there, then its policies); one round where
# the last look is known and no policy is read; a set-up's dry runs; write, read and delete the probe object.
ENTER, LOOK, KNOWN_LOOK, REHEARSAL, PROBE = 1, 2, 1, 1, 3
# Of comparable networks, roles and buckets on another emulator with the same delay (reliability notes 5.6).
TERRAFORM, ANSIBLE = 26.1, 29.4

Row = dict[str, Any]
Start = Callable[[httpx.Client, Row], Row]


def run() -> list[Figure]:
    """The lives of a few clouds, one after the other, on a stack of their own."""
    measured: dict[str, list[tuple[int, int, float]]] = {"setup": [], "verify": [], "delete": []}
    with embedded() as stack, stack.client() as api:
        clouds = [connected(api, stack, f"bench-{number}") for number in range(RUNS + 1)]
        stack.sandbox("POST", "switches", {"latency": LATENCY, "durable": False})
        for number, cloud in enumerate(clouds):
            lived = one_life(api, stack, cloud)
            # The first one builds the SDK's clients and loads moto's models.
            for kind, figures in lived.items() if number else ():
                measured[kind].append(figures)
    return [*(figure(kind, rows) for kind, rows in measured.items()), beside_others(measured["setup"])]


def one_life(api: httpx.Client, stack: Stack, cloud: Row) -> dict[str, tuple[int, int, float]]:
    """For each kind: the chain in calls, all calls, and seconds from the first turn's start to the end."""
    building = chain(api, cloud, "setup")
    built = timed(api, stack, set_up(api, cloud))
    verified = timed(api, stack, verify(api, cloud))
    removing = chain(api, cloud, "delete")
    removed = timed(api, stack, delete(api, cloud))
    return {
        "setup": (ENTER + LOOK + REHEARSAL + building + max(LOOK, PROBE), *built),
        "verify": (ENTER + max(LOOK, PROBE), *verified),
        "delete": (ENTER + KNOWN_LOOK + removing + KNOWN_LOOK, *removed),
    }


def verify(api: httpx.Client, cloud: Row) -> Row:
    """The verification as it was accepted."""
    accepted: Row = api.post(f"/clouds/{cloud['id']}/verify", json={}).raise_for_status().json()
    return accepted


def chain(api: httpx.Client, cloud: Row, operation: str) -> int:
    """How many steps of the plan must follow one another."""
    answer = api.get(f"/clouds/{cloud['id']}/plan", params={"operation": operation, "bucket": "delete"})
    return len(answer.raise_for_status().json()["longest_chain"])


def timed(api: httpx.Client, stack: Stack, operation: Row) -> tuple[int, float]:
    """The operation's AWS calls and seconds."""
    ended = settle(api, operation)
    assert ended["state"] == "succeeded", ended
    rows = stack.sandbox("GET", "calls")["calls"]
    calls = sum(operation["id"] in row["user_agent"] for row in rows)
    began, end = (datetime.fromisoformat(ended[name]) for name in ("started_at", "finished_at"))
    return calls, (end - began).total_seconds()


def figure(kind: str, rows: list[tuple[int, int, float]]) -> Figure:
    """The median life of this kind."""
    length, calls = rows[-1][0], rows[-1][1]
    seconds = median(row[2] for row in rows)
    ratio = seconds / (length * LATENCY)
    text = f"chain {length}, calls {calls}, {seconds:.2f} s, ratio {ratio:.2f}"
    return Figure("P1", f"{kind} at 50 ms a call", text, f"ratio {AT_MOST}", ratio <= AT_MOST)


def beside_others(rows: list[tuple[int, int, float]]) -> Figure:
    """Set-up beside tools that build about the same, whose figures were measured elsewhere."""
    seconds = median(row[2] for row in rows)
    text = f"{TERRAFORM / seconds:.0f}x Terraform, {ANSIBLE / seconds:.0f}x Ansible"
    return Figure("P1", "set-up with verification, beside others", text, "<= 0.9 s", seconds <= 0.9)
