"""A storm: clouds are built and removed while workers, web and sandbox are killed, again and again."""

import os
import random
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx

from tests.chaos.goals import note
from tests.chaos.stacks import Spare, turn, web_child
from tests.stack import FINAL, Stack, wait_for
from tests.story.clouds import REGION, connected
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
LOST = "The worker that did this was lost. Another one goes on from there."
SLOW = 0.2
PARTS = {"worker": "manage.py worker", "sandbox": "workers.sandbox", "web": "granian"}
Row = dict[str, Any]


@dataclass
class Storm:
    """One stack, one more worker beside its own, and what was killed when."""

    stack: Stack
    api: httpx.Client
    spare: Spare
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    kills: list[tuple[datetime, str]] = field(default_factory=list)
    operations: list[Row] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)

    def wave(self, number: int, clouds: int, victims: Sequence[str]) -> None:
        """Build so many clouds and remove them again. The victims are killed meanwhile, half in each part."""
        built = [connected(self.api, self.stack, f"storm-{number}-{place}") for place in range(clouds)]
        half = (len(victims) + 1) // 2
        self._through(built, self._set_up, victims[:half])
        for cloud in built:
            counted = Counter(line.split()[0] for line in tagged(self.stack, cloud["id"], REGION))
            assert counted == WHOLE, cloud
        self._through(built, self._delete, victims[half:])
        for cloud in built:
            assert tagged(self.stack, cloud["id"], REGION) == [], cloud
            forget_role(self.stack, cloud)
        self._audited()

    def _through(self, clouds: list[Row], ask: Callable[[Row], Row], victims: Sequence[str]) -> None:
        """Ask this of all clouds; whenever some work was done kill the next victim; wait for the ends."""
        turn(self.stack, latency=SLOW)
        asked = [ask(cloud) for cloud in clouds]
        for victim in victims:
            self._progressed(asked)
            self.kill(victim)
        turn(self.stack, latency=0)
        for operation in asked:
            ended = self.ended(operation)
            assert ended["state"] == "succeeded", ended
            self.recoveries += self._recovered(operation)
        self.operations += asked

    def kill(self, victim: str) -> None:
        """kill -9 of the spare worker, of the process that answers requests, or of a part of the stack."""
        self.kills.append((datetime.now(UTC), victim))
        if victim == "spare":
            self.spare.kill()
            self.spare.start()
        elif victim == "answers":
            os.kill(web_child(self.stack), signal.SIGKILL)
        else:
            self.stack.kill(PARTS[victim])
            if victim == "sandbox":
                turn(self.stack, latency=SLOW)

    # asking, as a careful client does -------------------------------------------------------------------
    def sure(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Row:
        """The answer to a request that is repeated under its key until there is one."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}

        def answered() -> httpx.Response | None:
            with suppress(httpx.TransportError):
                answer = self.api.request(method, path, json=body, headers=headers)
                return None if answer.status_code == 503 else answer
            return None

        answer = wait_for(f"an answer to {method} {path}", answered, seconds=60, every=0.1)
        answer.raise_for_status()
        found: Row = answer.json()
        return found

    def _set_up(self, cloud: Row) -> Row:
        return self.sure("POST", f"/clouds/{cloud['id']}/setup", {})

    def _delete(self, cloud: Row) -> Row:
        body = {"confirm_name": cloud["name"], "bucket": "delete"}
        return self.sure("DELETE", f"/clouds/{cloud['id']}", body)

    def ended(self, operation: Row, *, seconds: float = 90) -> Row:
        """The operation once it is final."""

        def final() -> Row | None:
            answer = self.sure("GET", f"/operations/{operation['id']}")
            return answer if answer["state"] in FINAL else None

        return wait_for(f"operation {operation['id']} to end", final, seconds=seconds, every=0.1)

    def _progressed(self, asked: list[Row]) -> None:
        """Wait until some more steps are done, or all is over."""

        def done() -> float:
            rows = [self.sure("GET", f"/operations/{one['id']}") for one in asked]
            over = all(row["state"] in FINAL for row in rows)
            return float("inf") if over else sum(row["steps_done"] for row in rows)

        goal = done() + 1 + self.chance.randrange(2 * len(asked))
        wait_for("some progress", lambda: done() >= goal, seconds=60, every=0.02)

    # judging --------------------------------------------------------------------------------------------
    def _recovered(self, operation: Row) -> list[float]:
        """Seconds from the kill of the worker that held this operation to the turn of the next one."""
        events = self.sure("GET", f"/operations/{operation['id']}/events")["results"]
        found = []
        for before, event in pairwise(events):
            if event["message"] == LOST:
                last, at = (datetime.fromisoformat(one["at"]) for one in (before, event))
                workers = [when for when, victim in self.kills if victim in {"worker", "spare"}]
                found += [(at - when).total_seconds() for when in workers if last <= when <= at][:1]
        return found

    def _audited(self) -> None:
        """Each operation was asked for once and has ended once, and the chain holds."""
        for operation in self.operations:
            events = self.sure("GET", f"/audit-events?operation={operation['id']}")["results"]
            actions = Counter(event["action"] for event in events)
            assert actions == {"operation.request": 1, f"cloud.{operation['kind']}": 1}, events
        assert self.sure("GET", "/audit-events/integrity")["ok"] is True


def weather(
    spare: Spare, api: httpx.Client, profile: str, waves: Sequence[Sequence[str]], clouds: int
) -> Storm:
    """Let the waves go over a stack and its spare worker, each with its victims; say what it came to."""
    storm = Storm(spare.stack, api, spare)
    for number, victims in enumerate(waves):
        storm.wave(number, clouds, victims)
    done, kills = len(storm.operations), len(storm.kills)
    note(
        "R3",
        f"kills, {profile}",
        f"{done} operations, {kills} kills: 0 lost, 0 doubled, chain valid",
        met=True,
    )
    return storm


def victims_of(kinds: list[str], waves: int) -> list[list[str]]:
    """Whom to kill in each wave: all kinds in the first, later others more often."""
    chance = random.Random(5)
    later = [["spare", "answers", "spare", *chance.sample(kinds, 2), "spare"] for _ in range(waves - 1)]
    return [kinds, *later]


def forget_role(stack: Stack, cloud: Row) -> None:
    """The customer takes the role away, so that a long run does not drown in them."""
    iam, name = stack.aws("iam", "us-east-1"), cloud["role_arn"].rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName="raydock")
    iam.delete_role(RoleName=name)


def slowest(seconds: Sequence[float]) -> str:
    """The recoveries in words."""
    if not seconds:
        return "no operation was held by a killed worker"
    return f"slowest {max(seconds):.1f} s of {len(seconds)}"
