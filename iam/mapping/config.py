"""The mapping of a cloud as data: ordered rules, what happens without one, and who may step past them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from iam.selectors import Selector

LABELS = ("workload-type", "project", "user")
"""The labels that every workload is asked for."""
WORKLOAD_TYPES = ("job", "service", "workspace")


class Mode(StrEnum):
    """Who provides the roles that rules name."""

    CUSTOMER_MANAGED = "CUSTOMER_MANAGED"


class DefaultRule(StrEnum):
    """What happens to a workload that no rule matches."""

    CLOUD_DEFAULT = "CLOUD_DEFAULT"
    FAIL = "FAIL"


class OverrideMode(StrEnum):
    """The words of `instance_profile_override.mode`."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    ALLOW_LIST = "ALLOW_LIST"


@dataclass(frozen=True, slots=True)
class Rule:
    """Workloads that the selector matches get this role; `source` is the selector as a person wrote it.

    `value` is, on AWS, a role's name, an instance profile's name or the ARN of either; on GCP it is the
    e-mail of a service account.
    """

    selector: Selector
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Override:
    """Whether an `IamInstanceProfile` in a compute config may step past the rules.

    `only` names the profiles (names or ARNs) that may; empty means any. `given` says that the document
    speaks of it at all: where it does not, any may.
    """

    allowed: bool = True
    only: tuple[str, ...] = ()
    given: bool = field(default=False, compare=False)

    @property
    def mode(self) -> OverrideMode:
        """Give the word that the document has for it."""
        if not self.allowed:
            return OverrideMode.DENY
        return OverrideMode.ALLOW_LIST if self.only else OverrideMode.ALLOW

    def to_json(self) -> dict[str, Any]:
        """Give the shape that it has in the document."""
        listed = {"allowed": list(self.only)} if self.only else {}
        return {"mode": self.mode.value, **listed}


@dataclass(frozen=True, slots=True)
class Config:
    """The `dataplane_iam_mapping` of a cloud; without a mode there is none, and the cloud's role counts."""

    EMPTY: ClassVar["Config"]

    mode: Mode | None = None
    rules: tuple[Rule, ...] = ()
    default_rule: DefaultRule = DefaultRule.CLOUD_DEFAULT
    override: Override = Override()

    def to_json(self) -> dict[str, Any]:
        """Give the shape that it has in the document; `{}` where there is no mapping."""
        shape: dict[str, Any] = {}
        if self.mode is not None:
            rules = [{"selector": rule.source, "value": rule.value} for rule in self.rules]
            shape = {"mode": self.mode.value, "rules": rules, "default_rule": self.default_rule.value}
        if self.override.given or self.override != Override():
            shape["instance_profile_override"] = self.override.to_json()
        return shape


Config.EMPTY = Config()
