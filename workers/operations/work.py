"""What a turn of an operation is handed, and what it may write. The runner brings both."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from clouds.clock import Clock
from clouds.facts import Facts
from clouds.findings import Finding
from clouds.planning import Resource
from clouds.registration import Registration
from clouds.specs import CloudSpec
from clouds.states import CloudState, Kind
from workers.aws import apply
from workers.aws.ports import Door, Recorder
from workers.aws.session import Sessions


@dataclass(frozen=True)
class OpenIntent:
    """A mutating call of this cloud whose end nobody knows: of this operation or of an earlier one."""

    step: str
    action: str
    started_at: datetime


class Journal(apply.Journal, Protocol):
    """The records of one operation, bound to one claim: a write fails once another worker holds the work."""

    def expect(self, steps: int) -> None:
        """How many steps are left to do, for the progress that people see."""

    def note(
        self, message: str, *, step: str = "", resource: str = "", kind: str = "", state: str = "info"
    ) -> None:
        """One event for people."""

    def unresolved(self) -> Sequence[OpenIntent]:
        """The intents of this cloud without an outcome, or with the outcome unknown."""

    def resolve(self, steps: Sequence[str]) -> None:
        """A look has shown how these intents ended: they are no longer open."""

    def save_facts(self, facts: Facts, resources: Sequence[Resource]) -> None:
        """The last look at the cloud, and its resources as people see them."""

    def save_role(self, role_arn: str) -> str:
        """Store the role that passed the trust test. Answers a refusal's words when it is taken (T12)."""

    def swap_external_id(self) -> None:
        """The pending external ID is in force. Raises CancelRequested where a person asked to stop (T17)."""

    def retire_external_id(self, external_id: str) -> None:
        """AWS refuses this old external ID."""

    def save_registration(self, registration: Registration) -> None:
        """What a customer gave for a registered cloud, as the last look has found it."""

    def save_findings(self, findings: Sequence[Finding], *, started_at: datetime) -> None:
        """A verification and its findings."""


@dataclass(frozen=True)
class Patience:
    """How long a turn waits for what (seconds), and how many turns without progress it bears."""

    grace: float
    attempts: int
    backoff_base: float
    backoff_cap: float
    connect: float


@dataclass(frozen=True)
class Hands:
    """What the turns of one worker process share."""

    sessions: Sessions
    pool: Executor
    patience: Patience


@dataclass(frozen=True)
class Work:
    """One claimed operation: its rows as they are now, and the ways out into the world.

    `known` is the last look at the cloud. `open_to_others`: a look at its role found it so (T10). `door`
    holds the role and external ID of the cloud's row; while a cloud is being connected its role is the one
    that was offered. `record` takes every AWS call.
    """

    operation_id: str
    kind: Kind
    input: Mapping[str, Any]
    created_at: datetime
    stalled: int
    actor_id: str
    cloud_state: CloudState
    spec: CloudSpec
    rotated_at: datetime | None
    open_to_others: bool
    known: Facts | None
    journal: Journal
    record: Recorder
    clock: Clock
    hands: Hands

    def door(self, role_arn: str = "") -> Door:
        """The way into the customer's account, with the external ID of the cloud's own row."""
        return Door(
            organization_id=self.spec.organization_id,
            cloud_id=self.spec.cloud_id,
            account_id=self.spec.account_id,
            region=self.spec.region,
            role_arn=role_arn or self.spec.cross_account_role_arn or "",
            external_id=self.spec.external_id or "",
            operation_id=self.operation_id,
            actor_id=self.actor_id,
        )
