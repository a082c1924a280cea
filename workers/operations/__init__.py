"""The kinds of work that a worker can do: one module each, one function for one turn of it."""

from collections.abc import Callable, Mapping

from clouds.outcomes import Outcome
from clouds.states import Kind
from workers.operations import connect, delete, register, rotate, setup, takedown, verify
from workers.operations.work import Work

KINDS: Mapping[Kind, Callable[[Work], Outcome]] = {
    Kind.CONNECT: connect.turn,
    Kind.SETUP: setup.turn,
    Kind.VERIFY: verify.turn,
    Kind.DELETE: delete.turn,
    Kind.TAKEDOWN: takedown.turn,
    Kind.ROTATE: rotate.turn,
    Kind.REGISTER: register.turn,
}
