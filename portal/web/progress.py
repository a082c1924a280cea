"""How far an operation is, told from its events: phases, steps and a timeline. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from portal.web import words

OPEN = frozenset({"queued", "running", "waiting"})
LOOK, CHECKS = "look", "checks"
PHASES: Mapping[str, Sequence[tuple[str, str]]] = {
    "setup": (
        (LOOK, "Look and plan"),
        ("network", "Network"),
        ("storage", "Bucket"),
        ("identity", "Cluster role"),
        (CHECKS, "Checks"),
    ),
    "delete": (
        (LOOK, "Look and plan"),
        ("network", "Network"),
        ("storage", "Bucket"),
        ("identity", "Cluster role"),
    ),
    "takedown": (
        (LOOK, "Look and plan"),
        ("network", "Network"),
        ("storage", "Bucket"),
        ("identity", "Cluster role"),
    ),
}
# The two steps that the worker tells of a rotation.
ADMITTED, REFUSED = "new-id-admitted", "old-id-refused"
SERVICES = {"EC2": "network", "S3": "storage", "IAM": "identity"}


class Event(Protocol):
    """What is needed of an operation's event."""

    seq: int
    at: datetime
    step: str
    resource: str
    kind: str
    state: str
    message: str


@dataclass(frozen=True)
class StepLine:
    """Where one step stands, by its last event."""

    name: str
    kind: str
    state: str
    message: str
    at: datetime


@dataclass(frozen=True)
class Phase:
    """One part of the work with a sentence: state is planned, running, done or failed."""

    label: str
    state: str
    note: str


@dataclass(frozen=True)
class Moment:
    """One line of a timeline."""

    label: str
    note: str
    tone: str
    icon: str
    at: datetime
    url: str = ""


def steps(events: Iterable[Event]) -> list[StepLine]:
    """Return each step once, in the order it first appeared, as its last event left it."""
    found: dict[str, StepLine] = {}
    for event in events:
        if event.step and event.kind.startswith("AWS::"):
            found[event.step] = StepLine(event.step, event.kind, event.state, event.message, event.at)
    return list(found.values())


def phases(kind: str, state: str, lines: Sequence[StepLine], *, checked: str = "") -> list[Phase]:
    """Return the stepper; empty for kinds that are one step. `checked` says how the checks went."""
    if kind == "rotate":
        done = {line.name for line in lines}
        return rotation_phases(
            admitted=ADMITTED in done, refused=REFUSED in done, failed=state in {"failed", "cancelled"}
        )
    parts = PHASES.get(kind, ())
    ended = state not in OPEN
    found: list[Phase] = []
    for name, label in parts:
        mine = [line for line in lines if SERVICES.get(line.kind.split("::")[1]) == name]
        if name == LOOK:
            found.append(_look(label, state, lines))
        elif name == CHECKS:
            found.append(_checks(label, state, lines, checked))
        else:
            found.append(_part(label, mine, ended=ended))
    return found


def rotation_phases(*, admitted: bool, refused: bool, failed: bool = False) -> list[Phase]:
    """Return the stepper of a rotation: whether the role admits the new ID, and refuses the old one."""
    begun = "failed" if failed else "running"
    return [
        Phase("New external ID", "done", "Made by Raydock, never used before"),
        Phase("The role admits it", "done" if admitted else begun, "Then it is in force"),
        Phase(
            "AWS refuses the old one",
            "done" if refused else begun if admitted else "planned",
            "Then the rotation is over",
        ),
    ]


def _look(label: str, state: str, lines: Sequence[StepLine]) -> Phase:
    if lines:
        return Phase(label, "done", f"{len(lines)} steps planned")
    if state in {"failed", "cancelled"}:
        return Phase(label, "failed" if state == "failed" else "planned", "")
    if state == "succeeded":
        return Phase(label, "done", "nothing to do")
    return Phase(label, "planned" if state == "queued" else "running", "Reading what is in the account")


def _checks(label: str, state: str, lines: Sequence[StepLine], checked: str) -> Phase:
    if checked:
        return Phase(label, "done" if state not in OPEN else "running", checked)
    if lines and all(line.state == "done" for line in lines) and state in OPEN:
        return Phase(label, "running", "Reading everything again")
    return Phase(label, "done" if state == "succeeded" else "planned", "")


def _part(label: str, lines: Sequence[StepLine], *, ended: bool) -> Phase:
    if not lines:
        return Phase(label, "done" if ended else "planned", "nothing to do" if ended else "")
    done = sum(line.state == "done" for line in lines)
    failed = next((line for line in lines if line.state == "failed"), None)
    if failed:
        return Phase(label, "failed", failed.name)
    if done == len(lines):
        return Phase(label, "done", f"{done} of {len(lines)}")
    begun = next((line for line in reversed(lines) if line.state in {"running", "waiting"}), None)
    if begun and not ended:
        return Phase(label, "running", f"{done} of {len(lines)} · {begun.name}")
    return Phase(label, "running" if done and not ended else "planned", f"{done} of {len(lines)}")


def timeline(events: Iterable[Event], *, most: int = 14) -> list[Moment]:
    """Return what happened last, newest first; plans and beginnings are no happenings yet."""
    told = [event for event in events if event.state not in {"planned", "running"}]
    return [_moment(event) for event in reversed(told[-most:])]


def _moment(event: Event) -> Moment:
    shown = words.word(event.state)
    label = event.step or event.message or shown.label
    note = event.message if event.step else ""
    return Moment(label, note, shown.tone if shown.tone != "idle" else "", shown.icon, event.at)
