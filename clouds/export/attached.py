"""What is attached now, held against a document by its meaning: from the last look at the account. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from clouds.export.policies import Group, PolicyDocument
from clouds.facts import Document, Facts, Role
from iam.policy.diff import Change, Difference, diff
from iam.policy.documents import Kind
from iam.policy.errors import PolicyError

Attached = list[Document] | None
"""The documents in one place; None where the look did not see all of them."""

TRUST: Final = "trust-control-plane"
MOST_STATEMENTS: Final = 60
"""More are not compared: the time grows with the product of both sides' statements."""

LACKS: Final = frozenset({Change.MISSING, Change.NARROWER, Change.UNCLEAR})
"""What counts for a document that stands beside others: that they grant more is not its business."""


class Standing(StrEnum):
    """How what is attached lies to a document."""

    SAME = "same"
    DIFFERENT = "different"
    UNSEEN = "unseen"
    UNREADABLE = "unreadable"

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return _SENTENCES[self]


_SENTENCES: Final[Mapping[str, str]] = {
    Standing.SAME: "What is attached means the same.",
    Standing.DIFFERENT: "What is attached means something else.",
    Standing.UNSEEN: "The last look did not see what is attached here. Verify the cloud, then look again.",
    Standing.UNREADABLE: "What is attached here could not be compared.",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Actions that differ alike; `wanted` and `attached` say on what and when each side has them, or ""."""

    change: Change
    effect: str
    actions: tuple[str, ...]
    wanted: str
    attached: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A document beside what was attached at `seen_at`; `problem` says why that could not be read."""

    standing: Standing
    seen_at: datetime | None = None
    gaps: tuple[Gap, ...] = ()
    problem: str = ""


def compared_with_attached(one: PolicyDocument, facts: Facts | None) -> Comparison | None:
    """Hold a document against the place where it belongs; None where it is attached nowhere that we look.

    A document that stands beside others (or in the place of one) is only asked what it would add.
    """
    place = _place(one)
    if place is None:
        return None
    seen = place.find(facts) if facts is not None else None
    if facts is None or seen is None:
        return Comparison(Standing.UNSEEN)
    if sum(map(_count, seen)) > MOST_STATEMENTS:
        problem = f"It has more than {MOST_STATEMENTS} statements, which is too much to compare here."
        return Comparison(Standing.UNREADABLE, facts.at, problem=problem)
    try:
        found = diff(seen, one.document, place.kind).differences
    except PolicyError as error:
        return Comparison(Standing.UNREADABLE, facts.at, problem=str(error))
    gaps = _together(each for each in found if each.kind in place.counts)
    return Comparison(Standing.DIFFERENT if gaps else Standing.SAME, facts.at, gaps)


@dataclass(frozen=True, slots=True)
class _Place:
    kind: Kind
    find: Callable[[Facts], Attached]
    counts: frozenset[Change] = frozenset(Change)


def _place(one: PolicyDocument) -> _Place | None:
    spec = one.spec
    control, cluster = spec.cross_account_role_arn or "", spec.cluster_role_name
    whole = {
        TRUST: _Place(Kind.RESOURCE, lambda facts: _trust(facts.role(control))),
        "control-plane": _Place(Kind.IDENTITY, lambda facts: _policies(facts.role(control))),
        "cluster-trust": _Place(Kind.RESOURCE, lambda facts: _trust(facts.role(cluster))),
        "cluster-s3": _Place(Kind.IDENTITY, lambda facts: _policies(facts.role(cluster))),
        "bucket-policy": _Place(Kind.RESOURCE, _bucket),
        "bucket-policy-mapped": _Place(Kind.RESOURCE, _bucket),
    }
    if one.name in whole:
        return whole[one.name]
    if one.group in {Group.CROSS_ACCOUNT, Group.MINIMAL}:
        return _Place(Kind.IDENTITY, lambda facts: _policies(facts.role(control)), LACKS)
    return None


def _count(document: Document) -> int:
    found = document.get("Statement", [])
    return len(found) if isinstance(found, list) else 1


def _trust(role: Role | None) -> Attached:
    return [role.trust] if role is not None and role.trust else None


def _policies(role: Role | None) -> Attached:
    if role is None or role.inline is None or role.attached is None:
        return None
    managed = [one.document for one in role.attached]
    return None if None in managed else [*role.inline.values(), *(one for one in managed if one)]


def _bucket(facts: Facts) -> Attached:
    bucket = facts.bucket
    if bucket is None or facts.refusals("s3:GetBucketPolicy", subject=bucket.name):
        return None
    return [bucket.policy] if bucket.policy else []


def _together(differences: Iterable[Difference]) -> tuple[Gap, ...]:
    """Put the actions that differ alike into one row, in the order in which the first of each came."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for one in differences:
        alike.setdefault((one.kind, str(one.effect), one.wanted, one.attached), []).append(one.action)
    return tuple(
        Gap(change, effect, tuple(dict.fromkeys(actions)), wanted, attached)
        for (change, effect, wanted, attached), actions in alike.items()
    )
