"""What two sets of documents grant and deny otherwise, by their meaning and not by their text.

Order, Sids, how statements are split, a string or a list of one, the case of actions, and wildcards that
stand for the same actions of AWS's list make no difference. "Same" is only said when it is sure, a difference
only when a request proves it; what is left is `unclear`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from iam.policy.actions import expand
from iam.policy.cells import Cell, is_plain, shape, sides
from iam.policy.documents import Document, Effect, Kind, parse
from iam.policy.statements import Statement
from iam.policy.witnesses import witness

Raw = Mapping[str, object] | Document
EVERY_OTHER: Final = "*"
"""The action in a difference that stands for all actions that no statement names."""
UNNAMED: Final = "q7w:q7w"
WHOLE: Final = frozenset({"*", "*:*"})


class Change(StrEnum):
    """How what is attached lies to what is wanted."""

    MISSING = "missing"
    EXTRA = "extra"
    NARROWER = "narrower"
    BROADER = "broader"
    UNCLEAR = "unclear"


SENTENCES: Final[Mapping[tuple[Effect, Change], str]] = {
    (Effect.ALLOW, Change.MISSING): "{action} on {wanted} is wanted, and nothing that is attached grants it.",
    (Effect.ALLOW, Change.EXTRA): "{action} on {attached} is granted, and not wanted.",
    (Effect.ALLOW, Change.NARROWER): "{action} is wanted on {wanted}, and granted only on {attached}.",
    (Effect.ALLOW, Change.BROADER): "{action} is granted on {attached}, and wanted only on {wanted}.",
    (Effect.DENY, Change.MISSING): "{action} on {wanted} is to be denied, and nothing that is attached does.",
    (Effect.DENY, Change.EXTRA): "{action} on {attached} is denied, and should not be.",
    (Effect.DENY, Change.NARROWER): "{action} is to be denied on {wanted}, and is denied only on {attached}.",
    (Effect.DENY, Change.BROADER): "{action} is denied on {attached}, and should be only on {wanted}.",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `wanted` and `attached` say on what and when each side has it, "" if it has not.

    `resource` and `condition` are those of the side that has more; a condition is "" when there is none.
    `action` is "*" for all actions that no statement names.
    """

    kind: Change
    effect: Effect
    action: str
    resource: str
    condition: str
    wanted: str
    attached: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences, those of one action together."""

    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Say whether both surely mean the same."""
        return not self.differences


def diff(attached: Iterable[Raw], wanted: Iterable[Raw] | Raw, kind: Kind = Kind.IDENTITY) -> Diff:
    """Compare what hangs on a role (or bucket) with what should; PolicyError for an invalid document."""
    listed = [wanted] if isinstance(wanted, Mapping | Document) else wanted
    has, wants = _statements(attached, kind, "attached"), _statements(listed, kind, "wanted")
    has_plain, wants_plain = [one for one in has if is_plain(one)], [one for one in wants if is_plain(one)]
    found = [*_unplain(has, wants)]
    grouped: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
    for action in _universe([*has_plain, *wants_plain]):
        asked = UNNAMED if action == EVERY_OTHER else action.lower()
        grouped.setdefault((_covering(has_plain, asked), _covering(wants_plain, asked)), []).append(action)
    for (ours, theirs), actions in grouped.items():
        asked = UNNAMED if actions[0] == EVERY_OTHER else actions[0].lower()
        case = _Case(
            has=[has_plain[n] for n in ours],
            wants=[wants_plain[n] for n in theirs],
            all_has=[one for one in has if one.actions.cover(asked)],
            all_wants=[one for one in wants if one.actions.cover(asked)],
        )
        found += [_said(one, action) for one in case.differences() for action in actions]
    return Diff(
        tuple(sorted(found, key=lambda one: (one.action.lower(), one.effect, one.kind, one.resource)))
    )


def _statements(documents: Iterable[Raw], kind: Kind, side: str) -> list[Statement]:
    read = (
        raw if isinstance(raw, Document) else parse(raw, kind, f"{side}[{n}]")
        for n, raw in enumerate(documents)
    )
    return [statement for document in read for statement in document.statements]


def _universe(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Give every action that is named or fits what is named; "*" stands for all others where they matter."""
    names = dict.fromkeys(name for statement in statements for name in statement.actions.named)
    found: dict[str, str] = {}
    for name in names:
        spelled = (EVERY_OTHER,) if name in WHOLE else expand(name) or (name,)
        found |= {action.lower(): action for action in spelled if action.lower() not in found}
    return tuple(found.values())


def _covering(statements: Sequence[Statement], action: str) -> tuple[int, ...]:
    return tuple(n for n, statement in enumerate(statements) if statement.actions.cover(action))


def _unplain(has: Sequence[Statement], wants: Sequence[Statement]) -> Iterator[Difference]:
    """Give what cannot be taken apart and does not stand on both sides alike."""
    ours = {shape(one): one for one in has if not is_plain(one)}
    theirs = {shape(one): one for one in wants if not is_plain(one)}
    for found in ours.keys() ^ theirs.keys():
        statement = ours.get(found) or theirs[found]
        element = "every action but " if statement.actions.negated else ""
        action = element + ", ".join(statement.actions.named)
        resources = statement.resources
        listed = ", ".join(one.raw for one in resources.named) if resources else "*"
        resource = f"everything but {listed}" if resources and resources.negated else listed
        side = "attached" if found in ours else "wanted"
        yield Difference(
            kind=Change.UNCLEAR,
            effect=statement.effect,
            action=action,
            resource=resource,
            condition=" and ".join(f"{one.spelled} {one.key}" for one in statement.conditions),
            wanted=resource if side == "wanted" else "",
            attached=resource if side == "attached" else "",
            sentence=f"{statement.name} has no equal on the other side, and cannot be taken apart.",
        )


@dataclass(frozen=True, slots=True)
class _Found:
    kind: Change
    effect: Effect
    cell: Cell
    wanted: str
    attached: str


@dataclass(frozen=True, slots=True)
class _Case:
    """The statements of both sides that cover the same actions, those that can be taken apart and all."""

    has: Sequence[Statement]
    wants: Sequence[Statement]
    all_has: Sequence[Statement]
    all_wants: Sequence[Statement]

    def differences(self) -> Iterator[_Found]:
        has, wants = sides(self.has), sides(self.wants)
        near = [cell for side in (has, wants) for cells in side for cell in cells]
        for ours, theirs in zip(has, wants, strict=True):
            for cell in _outside(theirs, ours):
                proven = witness(cell, self.all_wants, self.all_has, near) is not None
                parts = [one for one in ours if one.within(cell)]
                kind = (Change.NARROWER if parts else Change.MISSING) if proven else Change.UNCLEAR
                yield _Found(kind, cell.statement.effect, cell, str(cell), _listed(parts))
            for cell in _outside(ours, theirs):
                proven = witness(cell, self.all_has, self.all_wants, near) is not None
                parts = [one for one in theirs if one.within(cell)]
                kind = (Change.BROADER if parts else Change.EXTRA) if proven else Change.UNCLEAR
                yield _Found(kind, cell.statement.effect, cell, _listed(parts), str(cell))


def _outside(cells: Sequence[Cell], others: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if not any(cell.within(other) for other in others)]


def _listed(cells: Sequence[Cell]) -> str:
    return "; ".join(map(str, cells))


def _said(found: _Found, action: str) -> Difference:
    named = "Every other action" if action == EVERY_OTHER else action
    unclear = "Whether {action} on {cell} is the same on both sides cannot be told."
    sentence = SENTENCES.get((found.effect, found.kind), unclear)
    return Difference(
        kind=found.kind,
        effect=found.effect,
        action=action,
        resource=found.cell.where,
        condition=found.cell.condition,
        wanted=found.wanted,
        attached=found.attached,
        sentence=sentence.format(action=named, wanted=found.wanted, attached=found.attached, cell=found.cell),
    )
