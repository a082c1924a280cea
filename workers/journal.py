"""The journal of a turn: what it does is written here, under the fence of its claim."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from clouds.clock import Clock
from clouds.facts import Facts
from clouds.findings import Finding
from clouds.planning import Resource, Step
from clouds.registration import Registration
from clouds.services import records, rotation, sightings
from clouds.services.events import Event
from clouds.services.records import Call, End, Start
from workers.aws.apply import StepEnd
from workers.aws.errors import AwsError, Kind
from workers.aws.ports import CallRecord
from workers.holds import CancelRequested, HandOver, Hold
from workers.operations.work import OpenIntent

_ENDED = {"done": "done", "failed": "failed", "unknown": "waiting"}


class Journal:
    """Writes for one claim. Only the turn's own thread may use it, except for `record`."""

    def __init__(self, hold: Hold, cloud_id: str, clock: Clock) -> None:
        self._hold = hold
        self._cloud_id = cloud_id
        self._clock = clock
        self._calls: deque[CallRecord] = deque()
        self.progressed = False

    def record(self, call: CallRecord) -> None:
        """Keep an AWS call until the next write. Any thread may call this."""
        self._calls.append(call)

    def unwritten(self) -> list[Call]:
        """Return the AWS calls that are still to be written, and forget them."""
        count = len(self._calls)
        return [Call(**asdict(self._calls.popleft())) for _ in range(count)]

    def advance(self, ended: Sequence[StepEnd], starting: Sequence[Step]) -> None:
        """Write how steps ended and which are to start; raise where nothing more may start."""
        self._hold.check()
        going = () if self._hold.stopping else starting
        proceed = records.advance(
            self._hold.claim,
            ended=[_end(one) for one in ended],
            starting=[Start(one.name, one.action) for one in going],
            events=[*map(_ended_event, ended), *map(_started_event, going)],
            calls=self.unwritten(),
            now=self._now(),
        )
        self.progressed = self.progressed or any(one.result == "done" for one in ended)
        if not proceed:
            raise CancelRequested
        if len(going) < len(starting):
            raise HandOver

    def expect(self, steps: int) -> None:
        """How many steps are left to do."""
        records.expect(self._hold.claim, steps)

    def note(
        self, message: str, *, step: str = "", resource: str = "", kind: str = "", state: str = "info"
    ) -> None:
        """One event for people."""
        event = Event(message, state, step, resource, kind)
        records.advance(self._hold.claim, events=[event], calls=self.unwritten(), now=self._now())

    def unresolved(self) -> Sequence[OpenIntent]:
        """The calls of this cloud of which nobody knows how they ended."""
        found = records.unresolved(self._hold.claim, self._cloud_id)
        return [OpenIntent(one.step, one.action, one.started_at) for one in found]

    def resolve(self, steps: Sequence[str]) -> None:
        """A look has shown how these calls ended."""
        records.resolve(self._hold.claim, steps, now=self._now())

    def save_facts(self, facts: Facts, resources: Sequence[Resource]) -> None:
        """The last look at the cloud."""
        sightings.save_facts(self._hold.claim, facts, resources, now=self._now())

    def save_role(self, role_arn: str) -> str:
        """The role that passed the trust test. Answers a refusal's words when another cloud has it."""
        return sightings.save_role(self._hold.claim, role_arn)

    def swap_external_id(self) -> None:
        """The pending external ID is in force."""
        if not rotation.swap(self._hold.claim, now=self._now()):
            raise CancelRequested
        self.progressed = True

    def retire_external_id(self, external_id: str) -> None:
        """AWS refuses this old external ID."""
        rotation.retire(self._hold.claim, external_id, now=self._now())

    def save_registration(self, registration: Registration) -> None:
        """What a customer gave, as the last look has found it."""
        sightings.save_registration(self._hold.claim, registration)

    def save_findings(self, findings: Sequence[Finding], *, started_at: datetime) -> None:
        """A verification and what it found."""
        sightings.save_findings(self._hold.claim, findings, started_at=started_at, now=self._now())

    def _now(self) -> datetime:
        return self._clock.now()


def _end(one: StepEnd) -> End:
    if one.error is None:
        return End(one.step.name, one.result, {"id": one.id} if one.id else {})
    return End(one.step.name, one.result, {"code": one.error.code, "request_id": one.error.request_id})


def _ended_event(one: StepEnd) -> Event:
    step = one.step
    message = step.sentence if one.error is None else _said(one.error)
    return Event(message, _ENDED[one.result], step.name, step.resource, step.kind)


def _said(error: AwsError) -> str:
    """AWS does not always name the permission that was lacking, so it is named here."""
    lacking = f" Missing permission: {error.missing_action}." if error.kind is Kind.DENIED else ""
    return f"{error.code}: {error.message}{lacking}"


def _started_event(step: Step) -> Event:
    return Event(step.sentence, "running", step.name, step.resource, step.kind)
