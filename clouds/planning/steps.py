"""Plans as data: what will be called, in which order, and what stands in the way."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

COSTS = {
    "free": "no charge",
    "usage": "charged by use",
    "hourly": "charged by the hour",
}


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that an earlier step's reply will hold: `path` is dotted ("Vpc.VpcId")."""

    step: str
    path: str


@dataclass(frozen=True, slots=True)
class Token:
    """A client token: always the same for the same seed and the same resolved parts."""

    seed: str
    parts: tuple["str | Ref", ...] = ()

    def text(self, look: Callable[[Ref], Any]) -> str:
        """The token as AWS takes it: 64 characters."""
        parts = (str(look(one)) if isinstance(one, Ref) else one for one in self.parts)
        return hashlib.sha256("/".join((self.seed, *parts)).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change: exactly one mutating AWS call.

    `action` is service and API operation ("s3:PutBucketEncryption" is put_bucket_encryption), `params`
    the boto3 parameters, which may hold Refs to earlier replies and a Token: `resolved` fills both in.
    `needs` names the steps of this plan that must be done before. `result` is the path of the created id
    in the reply. `token_param` is the parameter that holds the client token. `missing_ok`: "no such
    thing" counts as done. `settled`: error codes that mean "it is already so". `not_yet`: error codes
    that mean AWS has not caught up with an earlier step, so the same call is worth another try.
    `refused` is the path of a list in a successful reply that names what was not done (DeleteObjects,
    DeleteVpcEndpoints).
    """

    name: str
    action: str
    params: Mapping[str, Any]
    resource: str
    kind: str
    sentence: str
    needs: frozenset[str] = frozenset()
    cost: str = "free"
    result: str | None = None
    token_param: str | None = None
    missing_ok: bool = False
    settled: tuple[str, ...] = ()
    not_yet: tuple[str, ...] = ()
    refused: str | None = None


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """Why a plan must not run. `passes`: it goes away by itself (an instance that is shutting down)."""

    code: str
    subject: str
    message: str
    fix: str
    passes: bool = False


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A resource of the cloud that a delete leaves in the account, and why."""

    resource: str
    kind: str
    id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps in an order that respects their needs. With a blocker, nothing of it may be applied.

    `adopted` maps a logical name to the id of the resource that is already there. `losses` are the
    sentences about data that goes for good. `look_again`: more work is known to exist than the plan
    holds (a bucket with more objects than one look lists), so observe and plan again afterwards.
    """

    steps: tuple[Step, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    kept: tuple[Kept, ...] = ()
    adopted: Mapping[str, str] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    look_again: bool = False

    @property
    def empty(self) -> bool:
        """True when nothing is to be done and nothing stands in the way."""
        return not self.steps and not self.blockers and not self.look_again

    def step(self, name: str) -> Step:
        """The step of this name; KeyError when the plan has none."""
        return self._by_name[name]

    def ready(self, done: Collection[str], begun: Collection[str] = ()) -> tuple[Step, ...]:
        """The steps that may start now: everything they need is done, and they have not begun."""
        over = frozenset(done)
        return tuple(
            one for one in self.steps if one.name not in over and one.name not in begun and one.needs <= over
        )

    def dependents(self, name: str) -> frozenset[str]:
        """The names of all steps that cannot run when this one fails."""
        lost = {name}
        for one in self.steps:
            if one.needs & lost:
                lost.add(one.name)
        return frozenset(lost - {name})

    def longest_chain(self) -> tuple[str, ...]:
        """The names of the longest run of steps that must follow one another."""
        chains: dict[str, tuple[str, ...]] = {}
        for one in self.steps:
            before = max((chains[need] for need in sorted(one.needs)), key=len, default=())
            chains[one.name] = (*before, one.name)
        return max(chains.values(), key=len, default=())

    def to_json(self) -> dict[str, Any]:
        """The preview: grouped by resource, sentences instead of parameters."""
        return {
            "steps": len(self.steps),
            "longest_chain": list(self.longest_chain()),
            "resources": [self._group(name) for name in dict.fromkeys(one.resource for one in self.steps)],
            "adopted": dict(self.adopted),
            "blockers": [vars(one) for one in self.blockers],
            "kept": [vars(one) for one in self.kept],
            "losses": list(self.losses),
            "look_again": self.look_again,
        }

    def _group(self, resource: str) -> dict[str, Any]:
        steps = [one for one in self.steps if one.resource == resource]
        cost = max((one.cost for one in steps), key=list(COSTS).index)
        return {
            "resource": resource,
            "kind": steps[0].kind,
            "cost": cost,
            "cost_text": COSTS[cost],
            "steps": [
                {
                    "name": one.name,
                    "action": one.action,
                    "sentence": one.sentence,
                    "needs": sorted(one.needs),
                }
                for one in steps
            ],
        }

    @cached_property
    def _by_name(self) -> Mapping[str, Step]:
        return {one.name: one for one in self.steps}


def refs(value: Any) -> Iterator[Ref]:
    """Every Ref inside a parameter value."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Token):
        yield from refs(value.parts)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from refs(item)


def resolved(value: Any, look: Callable[[Ref], Any]) -> Any:
    """The parameter value with each Ref replaced by what `look` finds, as fresh dicts and lists."""
    if isinstance(value, Ref):
        return look(value)
    if isinstance(value, Token):
        return value.text(look)
    if isinstance(value, Mapping):
        return {key: resolved(item, look) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(item, look) for item in value]
    return value


def at_path(reply: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a reply; KeyError when it is not there."""
    found: Any = reply
    for part in path.split("."):
        found = found[part]
    return found


def ordered(steps: Collection[Step]) -> tuple[Step, ...]:
    """The steps so that each comes after those it needs, otherwise in the order given."""
    names = {one.name for one in steps}
    placed: dict[str, Step] = {}
    waiting = list(steps)
    while waiting:
        free = [one for one in waiting if one.needs & names <= placed.keys()]
        if not free:
            raise ValueError(f"steps need each other: {sorted(one.name for one in waiting)}")
        placed |= {one.name: one for one in free}
        waiting = [one for one in waiting if one.name not in placed]
    return tuple(placed.values())
