"""Workloads to try a mapping with: those that were asked for, or all kinds that the mapping itself names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from clouds.config.faults import ConfigFault, Fault
from iam.mapping import LABELS, WORKLOAD_TYPES, Config, Override, Resolution, compiled

OTHER = "(any other)"
"""Stands for every project or user that no rule names; no selector can name it, since it has blanks."""
MOST = 1_000
MOST_CONDITIONS = 2_000_000
"""Asked for one request, in about a second."""
MOST_PROFILES = 40
LONGEST_LABEL = 254


@dataclass(frozen=True, slots=True)
class Workload:
    """What a workload is asked for: its labels and, where the compute config sets one, a profile."""

    labels: Mapping[str, str]
    instance_profile: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What one workload gets under two mappings."""

    workload: Workload
    before: Resolution
    after: Resolution

    @property
    def changed(self) -> bool:
        """Say whether it gets something else."""
        return (self.before.outcome, self.before.role) != (self.after.outcome, self.after.role)

    @property
    def fails(self) -> bool:
        """Say whether it would not start."""
        return self.after.outcome == "FAIL"


@dataclass(frozen=True, slots=True)
class Sample:
    """Workloads that stand for all, and how many names had to be left out to keep them few.

    `profiles` are instance profiles that compute configs might set, where that makes a difference.
    """

    projects: tuple[str, ...]
    users: tuple[str, ...]
    profiles: tuple[str, ...]
    left_out: int

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """Give one workload of each type for every project and user, and one for each profile."""
        every = product(self.projects, WORKLOAD_TYPES, self.users)
        plain = [_workload(kind, project, user) for project, kind, user in every]
        overriding = [_workload(WORKLOAD_TYPES[0], OTHER, OTHER, profile) for profile in self.profiles]
        return (*plain, *overriding)


def named(*configs: Config, most: int = MOST) -> Sample:
    """Give the workload types, projects and users that these mappings name, and "any other" of each.

    At most `most` workloads: where there would be more, the names that come last are left out and counted.
    """
    projects, users, profiles = _names("project", configs), _names("user", configs), _profiles(configs)
    tried = (*profiles[:-1][:MOST_PROFILES], *profiles[-1:])
    whole = len(projects) + len(users) + len(profiles)
    most = min(most, affordable(*configs))
    while (projects or users) and (len(projects) + 1) * (len(users) + 1) * len(WORKLOAD_TYPES) > most:
        longer = projects if len(projects) >= len(users) else users
        longer.pop()
    left_out = whole - len(projects) - len(users) - len(tried)
    return Sample((*projects, OTHER), (*users, OTHER), tried, left_out)


def affordable(*configs: Config) -> int:
    """Give how many workloads can be tried at once with all of these mappings."""
    effort = sum(compiled(config).effort for config in configs)
    return max(1, min(MOST, MOST_CONDITIONS // max(effort, 1)))


def refuse_too_many(workloads: Sequence[Workload], *configs: Config) -> None:
    """Raise ConfigFault where trying these workloads would take longer than a request may."""
    most = affordable(*configs)
    if len(workloads) > most:
        message = f"With as many conditions as these rules have, at most {most} workloads are tried at once."
        raise ConfigFault([Fault("workloads", f"{message} Send fewer.")])


def compare(before: Config, after: Config, workloads: Iterable[Workload]) -> tuple[Change, ...]:
    """Resolve each workload under both mappings, in the order given."""
    old, new = compiled(before), compiled(after)
    return tuple(
        Change(
            one,
            old.resolve(one.labels, instance_profile=one.instance_profile),
            new.resolve(one.labels, instance_profile=one.instance_profile),
        )
        for one in workloads
    )


def _workload(kind: str, project: str, user: str, profile: str | None = None) -> Workload:
    return Workload({"workload-type": kind, "project": project, "user": user}, profile)


def _profiles(configs: Sequence[Config]) -> tuple[str, ...]:
    """Give profiles to try: none where all the mappings treat every profile alike."""
    if len({config.override for config in configs}) == 1 and configs[0].override == Override():
        return ()
    listed = [name for config in configs for name in config.override.only]
    return (*dict.fromkeys(listed), OTHER)


def read_workload(data: object, path: str = "") -> Workload:
    """Read a workload: `{labels, instance_profile?}`, or its labels alone. Raises ConfigFault."""
    if not isinstance(data, Mapping):
        raise ConfigFault([Fault(path, "A workload is an object with labels.")])
    prefix = f"{path}." if path else ""
    wrapped = isinstance(data.get("labels"), Mapping)
    labels = data["labels"] if wrapped else data
    faults = list(_faults(labels, f"{prefix}labels" if wrapped else path))
    extra = [key for key in data if key not in {"labels", "instance_profile"}] if wrapped else []
    faults += [Fault(f"{prefix}{key}", "There is no such field: labels, instance_profile.") for key in extra]
    profile = data.get("instance_profile") if wrapped else None
    if profile is not None and not _is_text(profile):
        faults.append(Fault(f"{prefix}instance_profile", "Write the name or ARN of an instance profile."))
    if faults:
        raise ConfigFault(faults)
    return Workload(dict(labels), str(profile) if profile else None)


def read_workloads(data: Sequence[object]) -> tuple[Workload, ...]:
    """Read a list of workloads; raises ConfigFault with all that is wrong."""
    faults: list[Fault] = []
    found: list[Workload] = []
    for at, one in enumerate(data):
        try:
            found.append(read_workload(one, f"workloads[{at}]"))
        except ConfigFault as error:
            faults += error.faults
    if faults:
        raise ConfigFault(faults)
    return tuple(found)


def _faults(labels: Mapping[Any, Any], path: str) -> Iterator[Fault]:
    for key, value in labels.items():
        here = f"{path}.{key}".strip(".")
        if key not in LABELS:
            yield Fault(here, f"Workloads have no such label. The labels are {', '.join(LABELS)}.")
        elif not _is_text(value):
            yield Fault(here, f"Write a text of at most {LONGEST_LABEL} characters.")
        elif key == "workload-type" and value not in WORKLOAD_TYPES:
            yield Fault(here, f"The types of workloads are {', '.join(WORKLOAD_TYPES)}.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_LABEL


def _names(label: str, configs: Iterable[Config]) -> list[str]:
    rules = [rule for config in configs for rule in config.rules]
    values = [
        value
        for rule in rules
        for requirement in rule.selector.requirements
        if requirement.key == label
        for value in requirement.values
        if value
    ]
    return list(dict.fromkeys(values))
