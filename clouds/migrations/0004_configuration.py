"""Versions of a cloud's configuration: behind the wall between organizations, and only ever added to."""

import functools

import django.db.models.deletion
from django.db import migrations, models

import iam.fields
import iam.ids
from iam.tenancy import POSTGRESQL, SQLITE, VendorSQL, enforce

TABLE = "clouds_configversion"
REFUSAL = "Versions of a configuration are kept as they were saved: this change is refused"

POSTGRESQL_UP = [
    f"""
    CREATE FUNCTION raydock_keep_configuration() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    f"""CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION raydock_keep_configuration()""",
    f"""CREATE TRIGGER keep_all BEFORE TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION raydock_keep_configuration()""",
]
POSTGRESQL_DOWN = [
    f"DROP TRIGGER append_only ON {TABLE}",
    f"DROP TRIGGER keep_all ON {TABLE}",
    "DROP FUNCTION raydock_keep_configuration()",
]


def refuse(name: str, event: str, condition: str = "") -> str:
    return (
        f"CREATE TRIGGER {TABLE}_{name} BEFORE {event} ON {TABLE} {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


SQLITE_UP = [
    refuse("no_update", "UPDATE"),
    refuse("no_delete", "DELETE"),
    # INSERT OR REPLACE deletes without asking the trigger for DELETE.
    refuse(
        "no_replace",
        "INSERT",
        "WHEN EXISTS (SELECT 1 FROM clouds_configversion WHERE id = NEW.id"
        " OR (cloud_id = NEW.cloud_id AND number = NEW.number))",
    ),
]
SQLITE_DOWN = [f"DROP TRIGGER {TABLE}_{name}" for name in ("no_update", "no_delete", "no_replace")]


class Migration(migrations.Migration):
    dependencies = (
        ("clouds", "0003_rotation"),
        ("iam", "0002_walls"),
    )

    operations = (
        migrations.CreateModel(
            name="ConfigVersion",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=functools.partial(iam.ids.new_id, *("cfg",)),
                        editable=False,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("document", iam.fields.CanonicalJSONField()),
                ("source", models.TextField()),
                ("resolved", iam.fields.CanonicalJSONField()),
                ("author", models.CharField(max_length=254)),
                ("author_id", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
                ("reason", models.TextField(default="")),
                ("restored_from", models.PositiveIntegerField(null=True)),
                (
                    "cloud",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="config_versions",
                        to="clouds.cloud",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="iam.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cloud", "number"), name="config_version_number")
                ],
            },
        ),
        # Without a default: SQLite would otherwise rebuild the table and lose its triggers.
        migrations.AddField("cloud", "config_id", models.CharField(max_length=40, null=True)),
        *enforce([TABLE]),
        VendorSQL(POSTGRESQL, POSTGRESQL_UP, POSTGRESQL_DOWN),
        VendorSQL(SQLITE, SQLITE_UP, SQLITE_DOWN),
    )
