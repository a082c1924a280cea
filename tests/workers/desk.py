"""Operations from request to end in one process: real services, rows, turns and sandbox, a clock that jumps.

A turn that wants to go on later is due later; here the clock jumps there, so waiting costs nothing.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clouds.facts import Facts
from clouds.models import Cloud, Operation
from clouds.queries import spec_of
from clouds.services import claims, operations
from clouds.services.clouds import cloud_reserve
from clouds.specs import CloudSpec
from clouds.states import CloudState, Kind
from iam import tenancy
from iam.actors import Actor
from iam.models import Organization
from tests import factories
from tests.sandbox import CUSTOMER, SandboxProcess
from tests.workers.places import REGION, Place, customer_role, sessions
from workers.aws.session import Sessions
from workers.holds import Hold
from workers.operations import KINDS
from workers.operations.work import Hands, Patience
from workers.runner import Runner

LEASE = timedelta(seconds=15)
CRASHES = 5
TURNS = 200


class JumpingClock:
    """Starts at the real present and only moves when told to."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def jump(self, to: datetime) -> None:
        self.at = max(self.at, to)


@dataclass
class Desk:
    """Somebody of one organization at work, with the worker that does it."""

    sandbox: SandboxProcess
    pool: Executor
    clock: JumpingClock = field(default_factory=JumpingClock)
    patience: Patience = field(
        default_factory=lambda: Patience(grace=2, attempts=5, backoff_base=0.5, backoff_cap=30, connect=20)
    )

    def __post_init__(self) -> None:
        self.organization: Organization = factories.organization()
        self.actor: Actor = factories.actor(self.organization)
        # Keys run out by the sandbox's clock, which does not jump.
        self.sessions: Sessions = sessions(self.sandbox)
        hands = Hands(sessions=self.sessions, pool=self.pool, patience=self.patience)
        self.runner = Runner(KINDS, hands, self.clock, crash_limit=CRASHES)

    # clouds ---------------------------------------------------------------------------------------------
    def reserved(self, *, region: str = REGION, account_id: str = CUSTOMER, **options: Any) -> Cloud:
        return cloud_reserve(
            actor=self.actor,
            name=f"cloud-{time.monotonic_ns()}",
            region=region,
            account_id=account_id,
            options=options,
            now=self.clock.now(),
        )

    def role_for(self, cloud: Cloud, **more: Any) -> str:
        """The customer makes the role that the cloud's page asks for, or another one."""
        return customer_role(self.sandbox, spec_of(cloud), **more).cross_account_role_arn or ""

    def connected(self, **more: Any) -> Cloud:
        cloud = self.reserved(**{"zones": 2, **more})
        operation = self.do(cloud, Kind.CONNECT, role_arn=self.role_for(cloud))
        assert operation.state == "succeeded", (operation.code, operation.message)
        return self.fresh(cloud)

    def active(self, **more: Any) -> Cloud:
        cloud = self.connected(**more)
        operation = self.do(cloud, Kind.SETUP)
        assert operation.state == "succeeded", (operation.code, operation.message)
        return self.fresh(cloud)

    def fresh(self, cloud: Cloud) -> Cloud:
        with tenancy.scope(cloud.organization_id):
            return Cloud.objects.get(pk=cloud.pk)

    def spec(self, cloud: Cloud) -> CloudSpec:
        return spec_of(self.fresh(cloud))

    def facts(self, cloud: Cloud) -> Facts:
        """The last look at the cloud, as it was stored."""
        return Facts.from_json(self.fresh(cloud).facts or {})

    def place(self, cloud: Cloud, operation: Operation | None = None) -> Place:
        """The cloud as plain boto3 and the sandbox's own log see it."""
        made = Place(self.sandbox, self.spec(cloud), self.sessions)
        return replace(made, operation_id=operation.id) if operation else made

    # operations -----------------------------------------------------------------------------------------
    def ask(self, cloud: Cloud, kind: Kind, **asked: Any) -> Operation:
        usual: Mapping[str, Any] = {"confirm_name": cloud.name} if kind is Kind.DELETE else {}
        return operations.request(
            actor=self.actor, cloud=cloud, kind=kind, input={**usual, **asked}, now=self.clock.now()
        )

    def do(self, cloud: Cloud, kind: Kind, **asked: Any) -> Operation:
        """Ask, and work until it has ended."""
        return self.finish(self.ask(cloud, kind, **asked))

    def finish(self, operation: Operation) -> Operation:
        for _ in range(TURNS):
            current = self.turn(operation)
            if current.due_at is None:
                return current
        raise AssertionError(
            f"{operation.kind} is still {current.state} after {TURNS} turns: {current.message}"
        )

    def turn(self, operation: Operation) -> Operation:
        """One turn, when it is due; the operation as it is then."""
        current = self.again(operation)
        if current.due_at is None:
            return current
        self.clock.jump(current.due_at)
        for claim in claims.claim(worker="test", limit=1, lease=LEASE, now=self.clock.now()):
            self.runner.run(Hold(claim, until=float("inf")))
        return self.again(operation)

    def again(self, operation: Operation) -> Operation:
        with tenancy.scope(operation.organization_id):
            return Operation.objects.select_related("cloud").get(pk=operation.pk)


def states(cloud: Cloud, operation: Operation) -> tuple[str, str, str]:
    """How the operation ended and what the cloud is now."""
    with tenancy.scope(cloud.organization_id):
        return operation.state, operation.code, CloudState(Cloud.objects.get(pk=cloud.pk).state)
