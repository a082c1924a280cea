"""The embedded default under attack: parts killed, copies raced, faults at random, the database locked."""

from collections.abc import Iterator

import httpx
import pytest

from tests.chaos import correlation
from tests.chaos.copies import raced
from tests.chaos.goals import note
from tests.chaos.noise import noisy
from tests.chaos.outages import write_lock_held
from tests.chaos.stacks import Spare, embedded, size, turn
from tests.chaos.storm import SLOW, slowest, victims_of, weather
from tests.stack import Stack, settle
from tests.story.clouds import REGION, connected, delete, set_up
from tests.story.customer import tagged


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with embedded(tmp_path_factory.mktemp("embedded")) as running:
        yield running


def test_every_call_leads_to_its_operation_and_back(stack: Stack, api: httpx.Client) -> None:
    stack.sandbox("DELETE", "calls")
    cloud = connected(api, stack, "traced")
    operations = [set_up(api, cloud)]
    settle(api, operations[0])
    operations.append(delete(api, cloud))
    settle(api, operations[1])
    assert correlation.unexplained(stack) == []
    for operation in operations:
        assert correlation.lines_of(stack, operation)
        assert correlation.mismatch(stack, api, operation) == set()
        audited = api.get(f"/audit-events?operation={operation['id']}").json()["results"]
        assert {event["actor_id"] for event in audited} == {operation["actor"]["id"]}
        sources = {line["source_identity"] for line in correlation.lines_of(stack, operation)} - {""}
        assert sources == {operation["actor"]["id"]}
    count = sum(len(correlation.lines_of(stack, one)) for one in operations)
    note("S5", "calls that map to an operation and back", f"{count} of {count}", "100 %", met=True)


def test_clouds_come_and_go_under_random_faults(stack: Stack, api: httpx.Client) -> None:
    noisy(stack, api, size(3, 1_000), at_once=size(3, 10))


def test_a_storm_of_kills(stack: Stack, api: httpx.Client) -> None:
    waves = victims_of(["worker", "web", "sandbox", "spare"], size(1, 34))
    with Spare(stack) as spare:
        storm = weather(spare.ready(), api, "embedded", waves, size(2, 10))
    note("R4", "from kill to the next turn, lease 3 s, embedded", slowest(storm.recoveries))


def test_copies_of_a_request_race(stack: Stack, api: httpx.Client) -> None:
    raced(stack, api, "embedded", size(25, 1_000))


def test_a_locked_database_costs_time_and_nothing_else(stack: Stack, api: httpx.Client) -> None:
    cloud = connected(api, stack, "locked-out")
    turn(stack, latency=SLOW)
    building = set_up(api, cloud)
    with write_lock_held(stack.folder):
        assert api.get(f"/operations/{building['id']}").status_code == 200
    turn(stack, latency=0)
    assert settle(api, building)["state"] == "succeeded"
    assert settle(api, delete(api, cloud))["state"] == "succeeded"
    assert tagged(stack, cloud["id"], REGION) == []
