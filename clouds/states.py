"""Which states operations and clouds have, and every legal move between them (drawn in docs/states.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What an operation does."""

    CONNECT = "connect"
    SETUP = "setup"
    VERIFY = "verify"
    DELETE = "delete"
    TAKEDOWN = "takedown"
    ROTATE = "rotate"
    REGISTER = "register"


class OperationState(StrEnum):
    """How far an operation is. These few drive the machine; codes explain it to people."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CloudState(StrEnum):
    """What a cloud is good for now."""

    RESERVED = "reserved"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    SETTING_UP = "setting_up"
    SETUP_FAILED = "setup_failed"
    REGISTERED = "registered"
    """Made by its customer and looked at, and not active: checks stand in the way."""
    ACTIVE = "active"
    ATTENTION = "attention"
    SUSPENDED = "suspended"
    DELETING = "deleting"
    DELETE_FAILED = "delete_failed"
    DELETED = "deleted"
    RECORDED = "recorded"
    """Kept in the books only: Raydock does not work where it is (GCP)."""


S, C, K = OperationState, CloudState, Kind

OPEN = frozenset({S.QUEUED, S.RUNNING, S.WAITING})
FINAL = frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED})

# A running operation becomes queued when its worker hands it over, and is claimed again (running to running)
# when its worker has died. Queued and waiting ones need no worker to be cancelled, nor to be given up.
OPERATION_MOVES: Mapping[OperationState, frozenset[OperationState]] = MappingProxyType(
    {
        S.QUEUED: frozenset({S.RUNNING, S.CANCELLED}),
        S.RUNNING: frozenset({S.RUNNING, S.QUEUED, S.WAITING, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
        S.WAITING: frozenset({S.RUNNING, S.CANCELLED}),
        S.SUCCEEDED: frozenset(),
        S.FAILED: frozenset(),
        S.CANCELLED: frozenset(),
    }
)


@dataclass(frozen=True)
class Course:
    """How a cloud follows an operation: its state while the work goes on, and after a good and a bad end.

    `flawed` is where it ends that would be active, but for checks that stand in the way.
    """

    during: CloudState
    done: CloudState
    failed: CloudState
    flawed: CloudState = CloudState.ATTENTION


def _still(*states: CloudState) -> dict[CloudState, Course]:
    return {state: Course(state, state, state) for state in states}


def _registers(state: CloudState) -> Course:
    """A registered cloud that was never active stays what it is until nothing stands in the way."""
    return Course(state, C.ACTIVE, state, C.REGISTERED)


# Which clouds are suspended where a look finds their door open; a deletion goes on all the same.
SUSPENDABLE = frozenset({C.CONNECTED, C.SETUP_FAILED, C.REGISTERED, C.ACTIVE, C.ATTENTION})
# Which clouds a person may activate who answers for the checks that stand in the way.
ACTIVATABLE = frozenset({C.REGISTERED, C.ATTENTION})
_SETUP = Course(C.SETTING_UP, C.ACTIVE, C.SETUP_FAILED)
_DELETE = Course(C.DELETING, C.DELETED, C.DELETE_FAILED)

# Which clouds each kind may start on, and how they follow. What is not here is refused.
# A kind that is done on an ACTIVE course ends in ATTENTION or SUSPENDED where verification says so.
CLOUD_MOVES: Mapping[Kind, Mapping[CloudState, Course]] = MappingProxyType(
    {
        K.CONNECT: {
            C.RESERVED: Course(C.CONNECTING, C.CONNECTED, C.RESERVED),
            **_still(
                C.CONNECTED,
                C.SETUP_FAILED,
                C.REGISTERED,
                C.ACTIVE,
                C.ATTENTION,
                C.SUSPENDED,
                C.DELETE_FAILED,
            ),
        },
        K.SETUP: {C.CONNECTED: _SETUP, C.SETUP_FAILED: _SETUP, C.ATTENTION: _SETUP},
        K.VERIFY: {
            C.ACTIVE: Course(C.ACTIVE, C.ACTIVE, C.ACTIVE),
            C.ATTENTION: Course(C.ATTENTION, C.ACTIVE, C.ATTENTION),
            C.SUSPENDED: Course(C.SUSPENDED, C.ACTIVE, C.SUSPENDED),
            C.REGISTERED: _registers(C.REGISTERED),
            **_still(C.SETUP_FAILED),
        },
        K.REGISTER: {
            C.CONNECTED: _registers(C.CONNECTED),
            C.REGISTERED: _registers(C.REGISTERED),
            C.SUSPENDED: _registers(C.SUSPENDED),
            C.ACTIVE: Course(C.ACTIVE, C.ACTIVE, C.ACTIVE),
            C.ATTENTION: Course(C.ATTENTION, C.ACTIVE, C.ATTENTION),
        },
        K.TAKEDOWN: {C.SETUP_FAILED: Course(C.DELETING, C.CONNECTED, C.SETUP_FAILED)},
        K.DELETE: dict.fromkeys(
            (
                C.RESERVED,
                C.CONNECTED,
                C.SETUP_FAILED,
                C.REGISTERED,
                C.ACTIVE,
                C.ATTENTION,
                C.SUSPENDED,
                C.DELETE_FAILED,
                C.RECORDED,
            ),
            _DELETE,
        ),
        K.ROTATE: _still(C.CONNECTED, C.SETUP_FAILED, C.REGISTERED, C.ACTIVE, C.ATTENTION, C.SUSPENDED),
    }
)

# Kinds that only look. They may run beside another operation of the cloud; all others exclude each other.
LOOKS = frozenset({K.VERIFY})


def may_move(before: OperationState, after: OperationState) -> bool:
    """Say whether an operation may go from one state to the other."""
    return after in OPERATION_MOVES[before]


def course(kind: Kind, state: CloudState) -> Course | None:
    """Return how a cloud in this state follows an operation of this kind; None where it may not start."""
    return CLOUD_MOVES[kind].get(state)


def verdict(
    state: CloudState, *, failed_musts: int, open_to_others: bool, flawed: CloudState = C.ATTENTION
) -> CloudState:
    """Return where a cloud ends that would be in this state, after what the looks at it have found."""
    if open_to_others and state in SUSPENDABLE:
        return C.SUSPENDED
    return flawed if state is C.ACTIVE and failed_musts else state
