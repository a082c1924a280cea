"""The shape that every step of a delete has: "not there" is as good as done."""

from collections.abc import Iterable, Mapping
from typing import Any

from clouds.planning.steps import Step
from clouds.planning.survey import kind_of

_STILL_USED = (
    "DependencyViolation",
    "InvalidGroup.InUse",
    "DeleteConflict",
    "OperationAborted",
    "BucketNotEmpty",
)


def removal_step(
    name: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    *,
    resource: str,
    needs: Iterable[str] = (),
    settled: tuple[str, ...] = (),
    refused: str | None = None,
) -> Step:
    """One call that takes something away."""
    return Step(
        name=name,
        action=action,
        params=params,
        resource=resource,
        kind=kind_of(resource),
        sentence=sentence,
        needs=frozenset(needs),
        missing_ok=True,
        settled=settled,
        not_yet=_STILL_USED,
        refused=refused,
    )
