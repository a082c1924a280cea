from django.db import migrations, models

STATES = [
    (state, state)
    for state in (
        "reserved",
        "connecting",
        "connected",
        "setting_up",
        "setup_failed",
        "registered",
        "active",
        "attention",
        "suspended",
        "deleting",
        "delete_failed",
        "deleted",
        "recorded",
    )
]
KINDS = [(kind, kind) for kind in ("connect", "setup", "verify", "delete", "takedown", "rotate", "register")]


class Migration(migrations.Migration):
    dependencies = (("clouds", "0005_gcp"),)

    operations = (
        # Without a default: SQLite would otherwise rebuild the table and lose its triggers.
        migrations.AddField("cloud", "registration", models.JSONField(null=True)),
        migrations.AddField("cloud", "acknowledged", models.JSONField(null=True)),
        migrations.AlterField(
            "cloud", "state", models.CharField(choices=STATES, default="reserved", max_length=16)
        ),
        migrations.AlterField("operation", "kind", models.CharField(choices=KINDS, max_length=16)),
    )
