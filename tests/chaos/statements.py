"""Make the Nth statement fail that a database is asked to carry out, or the Nth commit (R2).

As in SQLite's own tests: a fault at every place, one after the other, until a run comes through without.
https://www.sqlite.org/testing.html
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db import OperationalError, connection

from iam import tenancy


class Place(StrEnum):
    """Where the database fails."""

    STATEMENT = "a statement is refused"
    COMMIT = "a commit is refused"
    REPLY = "a commit is carried out, its reply is lost"


class Failing:
    """Fails at the Nth statement or commit, once; `count` is how many there were."""

    def __init__(self, place: Place, number: int) -> None:
        self.place = place
        self.number = number
        self.count = 0

    @property
    def struck(self) -> bool:
        return 0 < self.number <= self.count

    def now(self) -> bool:
        self.count += 1
        return self.count == self.number

    def statement(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Django's wrapper of every statement."""
        if self.now():
            raise OperationalError("the connection was lost")
        return execute(*arguments)

    def commit(self, really: Callable[[], None]) -> None:
        """Stands in for the commit."""
        if not self.now():
            really()
            return
        if self.place is Place.REPLY:
            really()
        raise OperationalError("the connection was lost during the commit")


@contextmanager
def failing(place: Place, number: int) -> Iterator[Failing]:
    """The database fails once in this block; with number 0 never, and the places are only counted."""
    one = Failing(place, number)
    if place is Place.STATEMENT:
        with connection.execute_wrapper(one.statement):
            yield one
        return
    database: Any = connection
    really = database._commit
    database._commit = lambda: one.commit(really)
    try:
        yield one
    finally:
        database._commit = really


def content(apart: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """All rows of all tables of the product, but for those set apart."""
    tables = [one._meta.db_table for one in apps.get_models() if one._meta.app_label in {"iam", "clouds"}]
    with tenancy.everyone(), connection.cursor() as cursor:
        return {table: _rows(cursor, table) for table in tables if table not in apart}


def _rows(cursor: Any, table: str) -> list[str]:
    cursor.execute(f'SELECT * FROM "{table}"')
    return sorted(map(repr, cursor.fetchall()))
