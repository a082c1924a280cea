"""kill -9 of a part in the middle of the work: the work ends all the same, and nothing is left or doubled."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.chaos.outages import no_connections, write_lock_held
from tests.stack import Stack, settle, wait_for
from tests.story.clouds import REGION, connected, delete, set_up
from tests.story.customer import tagged

# A healthy managed cloud with three zones, counted by kind.
WHOLE = {
    "vpc": 1,
    "subnet": 3,
    "gateway": 1,
    "routes": 1,
    "endpoint": 1,
    "group": 1,
    "role": 1,
    "profile": 1,
    "bucket": 1,
}


def slow_down(stack: Stack, seconds: float) -> None:
    """Every AWS call takes this much longer."""
    stack.sandbox("POST", "switches", {"latency": seconds})


def steps_done(api: httpx.Client, operation: dict[str, Any], number: int) -> None:
    """Wait until this many steps of the operation are done."""

    def enough() -> bool:
        return api.get(f"/operations/{operation['id']}").json()["steps_done"] >= number

    wait_for(f"{number} steps", enough, seconds=30, every=0.01)


def complete(stack: Stack, cloud: dict[str, Any]) -> bool:
    kinds = Counter(line.split()[0] for line in tagged(stack, cloud["id"], REGION))
    return kinds == WHOLE


@pytest.mark.parametrize("part", ["manage.py worker", "workers.sandbox"])
def test_a_killed_part_costs_time_and_nothing_else(stack: Stack, api: httpx.Client, part: str) -> None:
    cloud = connected(api, stack, f"killed-{part.rsplit(maxsplit=1)[-1].rpartition('.')[2]}")
    slow_down(stack, 0.15)
    building = set_up(api, cloud)
    steps_done(api, building, 6)
    stack.kill(part)
    built = settle(api, building, seconds=60)
    assert built["state"] == "succeeded", built
    assert complete(stack, cloud), tagged(stack, cloud["id"], REGION)

    slow_down(stack, 0.15)
    removing = delete(api, cloud)
    steps_done(api, removing, 5)
    stack.kill(part)
    assert settle(api, removing, seconds=60)["state"] == "succeeded"
    assert tagged(stack, cloud["id"], REGION) == []
    assert api.get("/audit-events/integrity").json()["ok"] is True
    slow_down(stack, 0)


def test_lost_database_connections_cost_time_and_nothing_else(stack: Stack, api: httpx.Client) -> None:
    url = stack.environment.get("DATABASE_URL", "")
    cloud = connected(api, stack, "cut-off")
    slow_down(stack, 0.15)
    building = set_up(api, cloud)
    steps_done(api, building, 4)
    with no_connections(url) if url else write_lock_held(stack.folder):
        pass
    assert settle(api, building, seconds=60)["state"] == "succeeded"
    assert complete(stack, cloud)
    slow_down(stack, 0)
    assert settle(api, delete(api, cloud), seconds=60)["state"] == "succeeded"
    assert tagged(stack, cloud["id"], REGION) == []
