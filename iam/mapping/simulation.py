"""What a mapping does, asked before it counts: who changes, who fails, and who gets what at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from iam.mapping.config import WORKLOAD_TYPES, Config
from iam.mapping.resolution import Outcome, Resolution, compiled


@dataclass(frozen=True, slots=True)
class Change:
    """One workload under two configs; `fails` says that it would not start under the second."""

    labels: Mapping[str, str]
    before: Resolution
    after: Resolution

    @property
    def changed(self) -> bool:
        """Say whether it gets something else, be it by another rule or by the same."""
        return (self.before.outcome, self.before.role) != (self.after.outcome, self.after.role)

    @property
    def fails(self) -> bool:
        """Say whether it would not start."""
        return self.after.outcome is Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Cell:
    """What one user's workloads of one type in one project get."""

    workload_type: str
    project: str
    user: str
    resolution: Resolution


def simulate(before: Config, after: Config, workloads: Sequence[Mapping[str, str]]) -> tuple[Change, ...]:
    """Resolve each workload's labels under both configs, in the order given."""
    old, new = compiled(before), compiled(after)
    return tuple(Change(labels, old.resolve(labels), new.resolve(labels)) for labels in workloads)


def coverage(config: Config, *, projects: Iterable[str], users: Iterable[str]) -> tuple[Cell, ...]:
    """Resolve every type of workload for every project and user: one cell each, by project, type, user."""
    ready, people = compiled(config), tuple(users)
    return tuple(
        Cell(kind, project, user, ready.resolve({"workload-type": kind, "project": project, "user": user}))
        for project in projects
        for kind in WORKLOAD_TYPES
        for user in people
    )
