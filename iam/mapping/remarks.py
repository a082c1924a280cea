"""What a lint knows and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Known:
    """What exists: projects, users' e-mails, roles. None means not known, and nothing is said of it.

    `always_present` are labels that every workload has; others may be absent.
    """

    projects: frozenset[str] | None = None
    users: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    always_present: frozenset[str] = frozenset({"workload-type"})


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark. Sentences count rules from 1, as people do; indices count from 0.

    `rule_index` is the rule it is about (None: the default), `other_index` the one earlier rule it names,
    `others` all that it names; `witness` is a workload's labels that show it.
    """

    code: str
    severity: Severity
    rule_index: int | None
    other_index: int | None
    message: str
    fix: str
    witness: Mapping[str, str] | None = None
    others: tuple[int, ...] = ()
