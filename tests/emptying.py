"""Lets a test run empty tables that refuse it: the audit log's triggers are put aside for that moment."""

from collections.abc import Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.operations import BaseDatabaseOperations

_flush = BaseDatabaseOperations.execute_sql_flush


def let_tests_empty_tables() -> None:
    """Make Django's flush, which ends each test that commits, pass by the triggers."""
    BaseDatabaseOperations.execute_sql_flush = _unguarded  # type: ignore[method-assign, assignment]


def _unguarded(operations: BaseDatabaseOperations, sql_list: Iterable[str]) -> Any:
    aside, back = _triggers()
    return _flush(operations, [*aside, *sql_list, *back])


def _triggers() -> tuple[list[str], list[str]]:
    """The statements that put all triggers aside, and those that put them back."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = cursor.fetchall()
            return [f'DROP TRIGGER "{name}"' for name, _ in found], [statement for _, statement in found]
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        tables = [table for (table,) in cursor.fetchall()]
    return (
        [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables],
        [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables],
    )
