"""Asking many things at once: a pool that all turns of a process share, and looks that may be refused."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from clouds.facts import Denied
from workers.aws.errors import AwsError, Kind
from workers.aws.ports import Aws

T = TypeVar("T")
Ask = Callable[[], None]

# How each kind of reply says that there is more: where the mark stands, and the parameters it goes into.
_MARKS: tuple[Mapping[str, str], ...] = (
    {"NextToken": "NextToken"},
    {"Marker": "Marker"},
    {"NextKeyMarker": "KeyMarker", "NextVersionIdMarker": "VersionIdMarker"},
)


def together(pool: Executor, asks: Iterable[Callable[[], T]]) -> list[T]:
    """All answers, in the order asked. Raises the first error once every ask is over.

    The pool is shared, so an ask never waits for another ask.
    """
    futures = [pool.submit(ask) for ask in asks]
    wait(futures)
    return [future.result() for future in futures]


def pages(aws: Aws, action: str, params: Mapping[str, Any], key: str) -> Iterator[Any]:
    """Every item of a list that AWS hands out page by page. `key` is the list's name in the reply."""
    following: Mapping[str, Any] = {}
    while True:
        reply = aws.call(action, {**params, **following})
        yield from reply.get(key, ())
        following = _mark(reply)
        if not following:
            return


def _mark(reply: Mapping[str, Any]) -> dict[str, Any]:
    """What to add to the same question for its next page; empty after the last one."""
    if reply.get("IsTruncated") is False:
        return {}
    found = ({into: reply[mark] for mark, into in marks.items() if reply.get(mark)} for marks in _MARKS)
    return next((one for one in found if one), {})


@dataclass
class Looks:
    """One look at an account. What AWS refuses to show is noted and told apart from what is not there."""

    aws: Aws
    pool: Executor
    denied: list[Denied] = field(default_factory=list)

    def rows(
        self, action: str, params: Mapping[str, Any], key: str, *, subject: str = ""
    ) -> tuple[Mapping[str, Any], ...]:
        """All items of a list; none when it is refused or when what it is about does not exist."""
        return self.rows_or_none(action, params, key, subject=subject) or ()

    def rows_or_none(
        self, action: str, params: Mapping[str, Any], key: str, *, subject: str = ""
    ) -> tuple[Any, ...] | None:
        """All items of a list; None when it is refused or when what it is about does not exist."""
        return self.allowed(lambda: tuple(pages(self.aws, action, params, key)), subject)

    def one(self, action: str, params: Mapping[str, Any], *, subject: str = "") -> Mapping[str, Any] | None:
        """One reply; None when it is refused or when what it is about does not exist."""
        return self.allowed(lambda: self.aws.call(action, params), subject)

    def allowed(self, ask: Callable[[], T], subject: str) -> T | None:
        """The answer, or None when it is refused (and noted) or missing. Anything else is raised."""
        try:
            return ask()
        except AwsError as error:
            if error.kind is Kind.DENIED:
                self.denied.append(self._refusal(error, subject))
            elif error.kind is not Kind.MISSING:
                raise
        return None

    @staticmethod
    def _refusal(error: AwsError, subject: str) -> Denied:
        return Denied(action=error.missing_action, subject=subject, code=error.code, message=error.message)
