from django.db import migrations, models

STATES = [
    ("reserved", "reserved"),
    ("connecting", "connecting"),
    ("connected", "connected"),
    ("setting_up", "setting_up"),
    ("setup_failed", "setup_failed"),
    ("active", "active"),
    ("attention", "attention"),
    ("suspended", "suspended"),
    ("deleting", "deleting"),
    ("delete_failed", "delete_failed"),
    ("deleted", "deleted"),
    ("recorded", "recorded"),
]


class Migration(migrations.Migration):
    dependencies = (("clouds", "0004_configuration"),)

    operations = (
        # Without a default: SQLite would otherwise rebuild the table and lose its triggers.
        migrations.AddField("cloud", "project_id", models.CharField(max_length=30, null=True)),
        migrations.AlterField(
            "cloud", "state", models.CharField(choices=STATES, default="reserved", max_length=16)
        ),
    )
