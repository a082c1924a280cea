"""The second wall between organizations: PostgreSQL shows a transaction the rows of one organization only.

The first wall is `access.py` and its likes: one function per noun that takes the actor. This one holds where
a query forgets the organization: every table of a tenant has forced row-level security, and a transaction
that names no organization sees nothing. SQLite has nothing of the kind, which `wall()` says at start-up.
See https://www.postgresql.org/docs/current/ddl-rowsecurity.html.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from django.db import connection, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

POSTGRESQL = "postgresql"
SQLITE = "sqlite"
EVERYONE = "*"
_visible: ContextVar[str] = ContextVar("visible_organization", default="")


def scope(organization_id: str) -> AbstractContextManager[None]:
    """Let the block see one organization. On PostgreSQL it is a transaction; on SQLite it does nothing."""
    return _seeing(organization_id)


def everyone() -> AbstractContextManager[None]:
    """Let the block see all organizations: the named exception, for look-ups that come before one is known.

    A test lists its callers.
    """
    return _seeing(EVERYONE)


@contextmanager
def _seeing(whom: str) -> Iterator[None]:
    if connection.vendor != POSTGRESQL or _visible.get() == whom:
        yield
        return
    inside = connection.in_atomic_block
    before = _visible.set(whom)
    try:
        with transaction.atomic():
            _show(whom)
            yield
            # The end of the transaction, and any roll-back, restore the setting by themselves.
            if inside:
                _show(before.old_value if isinstance(before.old_value, str) else "")
    finally:
        _visible.reset(before)


def _show(whom: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('raydock.organization', %s, true)", [whom])


def wall() -> str:
    """Say in one sentence what keeps organizations apart in this database; `ok…` where it does."""
    if connection.vendor != POSTGRESQL:
        return (
            "none: SQLite has no row-level security, so only the access checks keep organizations apart. "
            "Use PostgreSQL where several organizations share one Raydock."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user")
        bypasses, name = cursor.fetchone()
    if bypasses:
        return (
            f"none: the database role {name} passes by row-level security. "
            f"Give Raydock a role without SUPERUSER and BYPASSRLS."
        )
    return "ok: forced row-level security"


class VendorSQL(migrations.RunSQL):
    """SQL for one kind of database, in a migration. Statements are run one by one, as they are."""

    def __init__(self, vendor: str, forwards: Sequence[str], backwards: Sequence[str]) -> None:
        super().__init__([*forwards], [*backwards])
        self.vendor = vendor

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        """Return what makes the same operation again."""
        return (type(self).__name__, [self.vendor, self.sql, self.reverse_sql], {})

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Run the statements where the database is of this kind."""
        if schema_editor.connection.vendor == self.vendor:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Undo them likewise."""
        if schema_editor.connection.vendor == self.vendor:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def enforce(tables: Iterable[str], *, column: str = "organization_id") -> list[VendorSQL]:
    """Return the migration operations that put these tables behind the wall, the tables' owner included."""
    return [VendorSQL(POSTGRESQL, _wall_up(table, column), _wall_down(table)) for table in tables]


def _wall_up(table: str, column: str) -> list[str]:
    seen = "current_setting('raydock.organization', true)"
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f"CREATE POLICY tenant ON \"{table}\" USING ({column} = {seen} OR {seen} = '{EVERYONE}')",
    ]


def _wall_down(table: str) -> list[str]:
    return [
        f'DROP POLICY tenant ON "{table}"',
        f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
    ]
