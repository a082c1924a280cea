"""Redis is gone: requests succeed as before, and the work is done all the same."""

from collections.abc import Iterator

import httpx
import pytest

from tests.chaos.conftest import FAST
from tests.chaos.outages import Broker
from tests.services import postgres
from tests.stack import Stack, free_port, settle, wait_for
from tests.story.clouds import connected, delete, set_up


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    broker = Broker(free_port()).start()
    wait_for("Redis", broker.answers)
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def stack(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with postgres() as url:
        running = Stack(
            tmp_path_factory.mktemp("stack"), {**FAST, "DATABASE_URL": url, "REDIS_URL": broker.url}
        )
        yield running.start()
        assert running.stop() == 0, running.log()


def test_work_goes_on_without_a_broker_and_with_it_again(
    stack: Stack, broker: Broker, api: httpx.Client
) -> None:
    cloud = connected(api, stack, "deaf")
    broker.kill()
    asked = [set_up(api, cloud)]
    assert settle(api, asked[0])["state"] == "succeeded"
    verify = [api.post(f"/clouds/{cloud['id']}/verify", json={}) for _ in range(2)]
    assert verify[0].status_code == 202
    slowest = max(answer.elapsed.total_seconds() for answer in verify)
    assert slowest < 2, "a request waited for the broker"
    assert settle(api, verify[0].json())["state"] == "succeeded"

    broker.start()
    wait_for("Redis", broker.answers)
    assert settle(api, delete(api, cloud))["state"] == "succeeded"
