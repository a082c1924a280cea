"""The last question before a call leaves: is the work still ours? Imports no AWS SDK."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Check = Callable[[], None]
_check: ContextVar[Check | None] = ContextVar("still_ours", default=None)


@contextmanager
def fenced(check: Check) -> Iterator[None]:
    """Ask `check` right before each AWS call that this thread sends in the block; what it raises stops it.

    A worker may be frozen at any moment, also between deciding on a call and sending it: the longer that
    takes (building, signing), the more calls a worker would still send after others took over its work.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def ask() -> None:
    """Raise what the check of the running block raises; without one, do nothing."""
    check = _check.get()
    if check:
        check()
