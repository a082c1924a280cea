"""Rows are seen by their own organization only (PostgreSQL); the audit log only grows (both databases)."""

from django.db import migrations

from iam.tenancy import POSTGRESQL, SQLITE, VendorSQL, enforce

TENANT_TABLES = (
    "iam_membership",
    "iam_invitation",
    "iam_serviceaccount",
    "iam_apitoken",
    "iam_auditevent",
    "iam_audithead",
    "iam_idempotencykey",
)

POSTGRESQL_UP = [
    """
    CREATE FUNCTION raydock_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The audit log only grows: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON iam_auditevent
       FOR EACH ROW EXECUTE FUNCTION raydock_refuse()""",
    """CREATE TRIGGER keep_all BEFORE TRUNCATE ON iam_auditevent
       FOR EACH STATEMENT EXECUTE FUNCTION raydock_refuse()""",
    """CREATE TRIGGER only_forward BEFORE UPDATE ON iam_audithead FOR EACH ROW
       WHEN (NEW.organization_id <> OLD.organization_id OR NEW.seq <= OLD.seq)
       EXECUTE FUNCTION raydock_refuse()""",
    """CREATE TRIGGER keep BEFORE DELETE ON iam_audithead
       FOR EACH ROW EXECUTE FUNCTION raydock_refuse()""",
    """CREATE TRIGGER keep_all BEFORE TRUNCATE ON iam_audithead
       FOR EACH STATEMENT EXECUTE FUNCTION raydock_refuse()""",
]
POSTGRESQL_DOWN = [
    "DROP TRIGGER append_only ON iam_auditevent",
    "DROP TRIGGER keep_all ON iam_auditevent",
    "DROP TRIGGER only_forward ON iam_audithead",
    "DROP TRIGGER keep ON iam_audithead",
    "DROP TRIGGER keep_all ON iam_audithead",
    "DROP FUNCTION raydock_refuse()",
]


def refuse(name: str, event: str, condition: str = "") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} {condition} "
        f"BEGIN SELECT RAISE(ABORT, 'The audit log only grows: this change is refused'); END"
    )


SQLITE_UP = [
    refuse("iam_auditevent_no_update", "UPDATE ON iam_auditevent"),
    refuse("iam_auditevent_no_delete", "DELETE ON iam_auditevent"),
    # INSERT OR REPLACE deletes without asking the trigger for DELETE.
    refuse(
        "iam_auditevent_no_replace",
        "INSERT ON iam_auditevent",
        "WHEN EXISTS (SELECT 1 FROM iam_auditevent WHERE id = NEW.id"
        " OR (organization_id = NEW.organization_id AND seq = NEW.seq))",
    ),
    refuse(
        "iam_audithead_only_forward",
        "UPDATE ON iam_audithead",
        "WHEN NEW.organization_id <> OLD.organization_id OR NEW.seq <= OLD.seq",
    ),
    refuse("iam_audithead_no_delete", "DELETE ON iam_audithead"),
    refuse(
        "iam_audithead_no_replace",
        "INSERT ON iam_audithead",
        "WHEN EXISTS (SELECT 1 FROM iam_audithead WHERE organization_id = NEW.organization_id)",
    ),
]
SQLITE_DOWN = [f"DROP TRIGGER {statement.split()[2]}" for statement in SQLITE_UP]


class Migration(migrations.Migration):
    dependencies = (("iam", "0001_people"),)

    operations = (
        *enforce(TENANT_TABLES),
        *enforce(["iam_organization"], column="id"),
        VendorSQL(POSTGRESQL, POSTGRESQL_UP, POSTGRESQL_DOWN),
        VendorSQL(SQLITE, SQLITE_UP, SQLITE_DOWN),
    )
