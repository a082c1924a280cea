"""One cloud's life under faults: built and taken away, each time with one call that goes wrong."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clouds.models import Cloud, Operation
from clouds.states import CloudState, Kind
from tests import factories
from tests.workers.desk import Desk
from tests.workers.places import REGION, customer_role, new_spec

CHANGES = ("throttle", "deny", "error", "timeout", "lost_error", "lost_reply")
LOOKS = ("throttle", "deny", "error", "timeout")
DURATIONS: Mapping[str, int | None] = {"once": 1, "for good": None}


@dataclass(frozen=True)
class Fault:
    """The call that goes wrong: the `number`th of this action in the operation, in this way, so often."""

    action: str
    number: int
    kind: str
    duration: str

    def __str__(self) -> str:
        return f"{self.action} #{self.number} {self.kind} {self.duration}"


@dataclass(frozen=True)
class Clean:
    """A life without faults: what it calls, and what it leaves in the account while it lasts."""

    building: tuple[dict[str, Any], ...]
    removing: tuple[dict[str, Any], ...]
    census: Counter[str]


def connected(desk: Desk) -> Cloud:
    """A connected cloud that cost no connecting."""
    spec = customer_role(desk.sandbox, new_spec(organization_id=desk.organization.id))
    return factories.cloud(
        desk.organization,
        CloudState.CONNECTED,
        id=spec.cloud_id,
        account_id=spec.account_id,
        region=REGION,
        external_id=spec.external_id,
        role_arn=spec.cross_account_role_arn,
        options={"zones": 2},
        now=desk.clock.now(),
    )


def census(desk: Desk, cloud: Cloud) -> Counter[str]:
    """How many of each kind carry the cloud's tag."""
    return Counter(one["kind"] for one in desk.place(cloud).own())


def account(desk: Desk, cloud: Cloud) -> list[str]:
    """Everything in the account, whoever it belongs to."""
    return sorted(f"{one['kind']} {one['id']}" for one in desk.sandbox.inventory(cloud.account_id))


def clean(desk: Desk) -> Clean:
    """Live once without faults, and read in the sandbox's log what was called."""
    cloud = connected(desk)
    building = desk.do(cloud, Kind.SETUP)
    found = census(desk, cloud)
    removing = desk.do(desk.fresh(cloud), Kind.DELETE, bucket="delete")
    assert (building.state, building.code) == ("succeeded", "verified"), building.message
    assert (removing.state, removing.code) == ("succeeded", "removed"), removing.message
    assert not census(desk, cloud)
    return Clean(_calls(desk, building), _calls(desk, removing), found)


def _calls(desk: Desk, operation: Operation) -> tuple[dict[str, Any], ...]:
    return tuple(row for row in desk.sandbox.calls() if operation.id in row["user_agent"])


def faults(calls: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    """Every call of an operation, in every way in which it can go wrong."""
    seen: Counter[str] = Counter()
    for row in calls:
        action = str(row["action"])
        seen[action] += 1
        # A session that nobody hears of changes nothing: entering is a look.
        kinds = CHANGES if row["mutating"] and action != "sts:AssumeRole" else LOOKS
        for kind in kinds:
            for duration in DURATIONS:
                yield Fault(action, seen[action], kind, duration)


def one_of_each_action(every: Iterable[Fault]) -> list[Fault]:
    """One fault for each action, going round through the ways it can go wrong."""
    by_action: dict[str, list[Fault]] = {}
    for one in every:
        by_action.setdefault(one.action, []).append(one)
    return [found[(place * 5) % len(found)] for place, found in enumerate(by_action.values())]


def live(desk: Desk, normal: Clean, building: Fault | None, removing: Fault | None) -> list[str]:
    """What is wrong after a life in which these two calls went wrong; nothing, if all is well."""
    cloud = connected(desk)
    before = account(desk, cloud)
    wrong: list[str] = []
    built = _under(desk, building, desk.ask(cloud, Kind.SETUP))
    if built.state == "succeeded" and census(desk, cloud) != normal.census:
        wrong.append(f"built, but the account holds {dict(census(desk, cloud))}")
    if built.state == "failed" and not (built.code and built.fix):
        wrong.append(f"failed without saying what to do: {built.code} {built.message}")
    kind = Kind.DELETE if built.state == "succeeded" else Kind.TAKEDOWN
    asked = {"bucket": "delete"} if kind is Kind.DELETE else {}
    removed = _under(desk, removing, desk.ask(desk.fresh(cloud), kind, **asked))
    if removed.state == "failed":
        removed = desk.do(desk.fresh(cloud), kind, **asked)
    if removed.state != "succeeded":
        wrong.append(f"not removed after the fault was over: {removed.code} {removed.message}")
    left = set(account(desk, cloud)) ^ set(before)
    if left:
        wrong.append(f"left behind or taken along: {sorted(left)}")
    if built.code == "internal_error" or removed.code == "internal_error":
        wrong.append("met a defect")
    return [f"{building} | {removing}: {one}" for one in wrong]


def _under(desk: Desk, fault: Fault | None, operation: Operation) -> Operation:
    """The operation worked to its end with one fault in the sandbox, which is lifted afterwards."""
    if fault:
        times = DURATIONS[fault.duration]
        desk.sandbox.fault(fault.action, fault.kind, first=fault.number, times=times)
    try:
        return desk.finish(operation)
    finally:
        desk.sandbox.clear_faults()
