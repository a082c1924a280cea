"""External IDs rotate in one way only, and none is ever used twice (both databases)."""

from django.db import migrations, models

from iam.tenancy import EVERYONE, POSTGRESQL, SQLITE, VendorSQL, enforce

MOVED = (
    "A cloud keeps its external ID and its organization for ever, but for a rotation: this change is refused"
)
KEPT = "External IDs are remembered for ever: this change is refused"

# Whether a change of a cloud's row is refused; `{differs}` is each database's way to compare with NULL.
# Besides nothing, three changes pass: an ID becomes pending, a pending one is given up, and the move itself.
REFUSED = """
    NEW.organization_id <> OLD.organization_id
    OR (NEW.external_id <> OLD.external_id AND (
        OLD.pending_external_id IS NULL
        OR NEW.external_id {differs} OLD.pending_external_id
        OR NEW.pending_external_id IS NOT NULL
        OR OLD.retiring_external_id IS NOT NULL
        OR NEW.retiring_external_id {differs} OLD.external_id))
    OR (NEW.external_id = OLD.external_id
        AND NEW.retiring_external_id {differs} OLD.retiring_external_id
        AND NEW.retiring_external_id IS NOT NULL)
    OR (OLD.pending_external_id IS NOT NULL AND NEW.pending_external_id IS NOT NULL
        AND NEW.pending_external_id <> OLD.pending_external_id)
    OR (NEW.pending_external_id IS NOT NULL AND NEW.retiring_external_id IS NOT NULL)
"""
BORN = "NEW.pending_external_id IS NOT NULL OR NEW.retiring_external_id IS NOT NULL"
PENDING = "NEW.pending_external_id IS NOT NULL AND OLD.pending_external_id IS NULL"
REMEMBER = "INSERT INTO clouds_externalid (value, organization_id, cloud_id) VALUES ({}, NEW.organization_id, NEW.id)"
BACKFILL = (
    "INSERT INTO clouds_externalid (value, organization_id, cloud_id) "
    "SELECT external_id, organization_id, id FROM clouds_cloud"
)

POSTGRESQL_UP = [
    "DROP TRIGGER keep_identity ON clouds_cloud",
    f"""
    CREATE OR REPLACE FUNCTION raydock_keep_cloud_identity() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{MOVED}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    f"""CREATE TRIGGER keep_identity BEFORE UPDATE ON clouds_cloud FOR EACH ROW
        WHEN ({REFUSED.format(differs="IS DISTINCT FROM")}) EXECUTE FUNCTION raydock_keep_cloud_identity()""",
    f"""CREATE TRIGGER born_with_one_id BEFORE INSERT ON clouds_cloud FOR EACH ROW
        WHEN ({BORN}) EXECUTE FUNCTION raydock_keep_cloud_identity()""",
    f"""
    CREATE FUNCTION raydock_remember_external_id() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            {REMEMBER.format("NEW.external_id")};
        ELSE
            {REMEMBER.format("NEW.pending_external_id")};
        END IF;
        RETURN NULL;
    END $$
    """,
    """CREATE TRIGGER remember_first_id AFTER INSERT ON clouds_cloud FOR EACH ROW
        EXECUTE FUNCTION raydock_remember_external_id()""",
    f"""CREATE TRIGGER remember_pending_id AFTER UPDATE ON clouds_cloud FOR EACH ROW
        WHEN ({PENDING}) EXECUTE FUNCTION raydock_remember_external_id()""",
    f"""
    CREATE FUNCTION raydock_keep_external_ids() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{KEPT}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON clouds_externalid
       FOR EACH ROW EXECUTE FUNCTION raydock_keep_external_ids()""",
    """CREATE TRIGGER keep_all BEFORE TRUNCATE ON clouds_externalid
       FOR EACH STATEMENT EXECUTE FUNCTION raydock_keep_external_ids()""",
    # The wall between organizations stands for the owner of the tables too: look at all of them once.
    f"SELECT set_config('raydock.organization', '{EVERYONE}', true)",
    BACKFILL,
    "SELECT set_config('raydock.organization', '', true)",
]
POSTGRESQL_DOWN = [
    "DROP TRIGGER keep_all ON clouds_externalid",
    "DROP TRIGGER append_only ON clouds_externalid",
    "DROP FUNCTION raydock_keep_external_ids()",
    "DROP TRIGGER remember_pending_id ON clouds_cloud",
    "DROP TRIGGER remember_first_id ON clouds_cloud",
    "DROP FUNCTION raydock_remember_external_id()",
    "DROP TRIGGER born_with_one_id ON clouds_cloud",
    "DROP TRIGGER keep_identity ON clouds_cloud",
    """CREATE TRIGGER keep_identity BEFORE UPDATE ON clouds_cloud FOR EACH ROW
       WHEN (NEW.external_id <> OLD.external_id OR NEW.organization_id <> OLD.organization_id)
       EXECUTE FUNCTION raydock_keep_cloud_identity()""",
]


def refuse(name: str, event: str, condition: str, said: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} {condition} BEGIN SELECT RAISE(ABORT, '{said}'); END"


def remember(name: str, event: str, condition: str, column: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {event} {condition} BEGIN {REMEMBER.format(column)}; END"


SQLITE_NEW = [
    refuse(
        "clouds_cloud_keep_identity",
        "UPDATE ON clouds_cloud",
        f"WHEN {REFUSED.format(differs='IS NOT')}",
        MOVED,
    ),
    refuse("clouds_cloud_born_with_one_id", "INSERT ON clouds_cloud", f"WHEN {BORN}", MOVED),
    remember("clouds_cloud_remember_first_id", "INSERT ON clouds_cloud", "", "NEW.external_id"),
    remember(
        "clouds_cloud_remember_pending_id",
        "UPDATE ON clouds_cloud",
        f"WHEN {PENDING}",
        "NEW.pending_external_id",
    ),
    refuse("clouds_externalid_no_update", "UPDATE ON clouds_externalid", "", KEPT),
    refuse("clouds_externalid_no_delete", "DELETE ON clouds_externalid", "", KEPT),
    # INSERT OR REPLACE deletes without asking the trigger for DELETE.
    refuse(
        "clouds_externalid_no_replace",
        "INSERT ON clouds_externalid",
        "WHEN EXISTS (SELECT 1 FROM clouds_externalid WHERE value = NEW.value)",
        "An external ID is used once: this one was made before",
    ),
]
SQLITE_UP = ["DROP TRIGGER clouds_cloud_keep_identity", *SQLITE_NEW, BACKFILL]
SQLITE_DOWN = [
    *(f"DROP TRIGGER {statement.split()[2]}" for statement in SQLITE_NEW),
    refuse(
        "clouds_cloud_keep_identity",
        "UPDATE ON clouds_cloud",
        "WHEN NEW.external_id <> OLD.external_id OR NEW.organization_id <> OLD.organization_id",
        "A cloud keeps its external ID and its organization for ever: this change is refused",
    ),
]
KINDS = [(kind, kind) for kind in ("connect", "setup", "verify", "delete", "takedown", "rotate")]
ID = {"max_length": 64, "null": True, "editable": False}


class Migration(migrations.Migration):
    dependencies = (("clouds", "0002_walls"),)

    operations = (
        migrations.CreateModel(
            name="ExternalId",
            fields=[
                ("value", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("organization_id", models.CharField(max_length=40)),
                ("cloud_id", models.CharField(max_length=40)),
            ],
        ),
        # Columns that may be empty are added in place: SQLite would make the table anew for others, and
        # lose the triggers on it.
        migrations.AddField("cloud", "pending_external_id", models.CharField(**ID)),
        migrations.AddField("cloud", "retiring_external_id", models.CharField(**ID)),
        migrations.AddField("cloud", "rotated_at", models.DateTimeField(null=True)),
        migrations.AddField("cloud", "trust_lost_at", models.DateTimeField(null=True)),
        migrations.AddField("cloud", "role_revision", models.PositiveIntegerField(null=True)),
        migrations.AlterField("operation", "kind", models.CharField(choices=KINDS, max_length=16)),
        *enforce(["clouds_externalid"]),
        VendorSQL(POSTGRESQL, POSTGRESQL_UP, POSTGRESQL_DOWN),
        VendorSQL(SQLITE, SQLITE_UP, SQLITE_DOWN),
    )
