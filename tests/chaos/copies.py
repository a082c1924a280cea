"""Copies of one request, sent at the same moment: one is carried out, all get the same answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.goals import note
from tests.stack import Stack
from tests.story.clouds import reserve

COPIES = 20
Answer = tuple[int, str, bytes]


@dataclass
class Race:
    """What each copy of each key was answered: status, Location and body."""

    clouds: list[dict[str, Any]]
    answers: dict[str, list[Answer]]

    @property
    def differing(self) -> list[str]:
        """The keys whose copies were not all answered alike, byte for byte."""
        return [key for key, found in self.answers.items() if len(set(found)) != 1]


def absent_role(stack: Stack) -> dict[str, Any]:
    """The body of a connect request that ends quickly: AWS does not know the role."""
    arn = f"arn:aws:iam::{stack.run['sandbox_account_id']}:role/absent"
    return {"role_arn": arn, "wait_seconds": 0}


def connect_once(api: httpx.Client, stack: Stack, cloud: dict[str, Any], **more: Any) -> httpx.Response:
    """A connect request under the cloud's own key."""
    headers = {"Idempotency-Key": f"connect {cloud['id']}"}
    body = {**absent_role(stack), **more}
    return api.post(f"/clouds/{cloud['id']}/connect", json=body, headers=headers)


def race(stack: Stack, api: httpx.Client, keys: int) -> Race:
    """For each of so many reserved clouds, send COPIES connect requests with one key at once."""
    clouds = [reserve(api, stack, f"copies-{number}") for number in range(keys)]
    answers: dict[str, list[Answer]] = {cloud["id"]: [] for cloud in clouds}
    together = threading.Barrier(COPIES)

    def one_of_each(_: int) -> None:
        with stack.client() as mine:
            for cloud in clouds:
                together.wait(60)
                answer = connect_once(mine, stack, cloud)
                where = answer.headers.get("Location", "")
                answers[cloud["id"]].append((answer.status_code, where, answer.content))

    with ThreadPoolExecutor(COPIES) as pool:
        list(pool.map(one_of_each, range(COPIES)))
    return Race(clouds, answers)


def operations_of(api: httpx.Client, cloud: dict[str, Any]) -> list[dict[str, Any]]:
    """All operations of a cloud."""
    found: list[dict[str, Any]] = api.get(f"/clouds/{cloud['id']}/operations").json()["results"]
    return found


def raced(stack: Stack, api: httpx.Client, profile: str, keys: int) -> None:
    """Of each key's copies one is carried out, all are answered alike, and another body is refused."""
    run = race(stack, api, keys)
    assert run.differing == []
    assert {answer[0] for found in run.answers.values() for answer in found} == {202}
    for cloud in run.clouds:
        assert len(operations_of(api, cloud)) == 1, cloud
    first = run.clouds[0]
    assert connect_once(api, stack, first, wait_seconds=1).status_code == 422
    assert connect_once(api, stack, first).content == run.answers[first["id"]][0][2]
    text = f"{keys} keys x {COPIES} copies: {keys} operations, answers identical"
    note("R8", f"idempotency keys, {profile}", text, "exactly one each", met=True)
