"""A disk that is full, as far as the audit log is concerned."""

from django.db import connection


def refuse_new_events() -> None:
    """A database that cannot take another audit event."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "CREATE TRIGGER full BEFORE INSERT ON iam_auditevent "
                "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
            return
        cursor.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'disk full'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON iam_auditevent "
            "FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
