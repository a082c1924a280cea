"""The tables of clouds, operations and what was done and seen meanwhile."""

import functools

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import clouds.states
import iam.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("iam", "0002_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkerBeat",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("slots", models.PositiveIntegerField()),
                ("busy", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Cloud",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=functools.partial(iam.ids.new_id, *("cld",)),
                        editable=False,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "deployment_id",
                    models.CharField(
                        default=functools.partial(iam.ids.new_id, *("cldrsrc",)),
                        editable=False,
                        max_length=40,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=63)),
                ("provider", models.CharField(default="aws", max_length=16)),
                ("kind", models.CharField(default="managed", max_length=16)),
                ("region", models.CharField(max_length=32)),
                ("account_id", models.CharField(max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
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
                        ],
                        default=clouds.states.CloudState["RESERVED"],
                        max_length=16,
                    ),
                ),
                ("options", models.JSONField(default=dict)),
                ("external_id", models.CharField(editable=False, max_length=64, unique=True)),
                ("role_arn", models.CharField(max_length=2048, null=True)),
                ("facts", models.JSONField(null=True)),
                ("facts_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("delete_protection", models.BooleanField(default=False)),
                ("checks_passed", models.PositiveIntegerField(default=0)),
                ("checks_total", models.PositiveIntegerField(default=0)),
                ("verified_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=254)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clouds",
                        to="iam.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lane",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="iam.organization",
                    ),
                ),
                ("served_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["served_at"], name="lane_round")],
            },
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=functools.partial(iam.ids.new_id, *("op",)),
                        editable=False,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("connect", "connect"),
                            ("setup", "setup"),
                            ("verify", "verify"),
                            ("delete", "delete"),
                            ("takedown", "takedown"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("waiting", "waiting"),
                            ("succeeded", "succeeded"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default=clouds.states.OperationState["QUEUED"],
                        max_length=16,
                    ),
                ),
                ("code", models.CharField(default="", max_length=64)),
                ("message", models.TextField(default="")),
                ("fix", models.TextField(default="")),
                ("input", models.JSONField(default=dict)),
                ("actor", models.JSONField()),
                ("reason", models.TextField(default="")),
                ("request_id", models.CharField(default="", max_length=64)),
                ("exclusive", models.BooleanField()),
                ("cloud_before", models.CharField(max_length=16)),
                ("due_at", models.DateTimeField(null=True)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("worker", models.CharField(default="", max_length=64)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("stalled", models.PositiveIntegerField(default=0)),
                ("crashes", models.PositiveIntegerField(default=0)),
                ("cancel_requested_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("steps_done", models.PositiveIntegerField(default=0)),
                ("steps_total", models.PositiveIntegerField(default=0)),
                ("last_event", models.PositiveIntegerField(default=0)),
                (
                    "cloud",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="operations",
                        to="clouds.cloud",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="operations",
                        to="iam.organization",
                    ),
                ),
                (
                    "retry_of",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retries",
                        to="clouds.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Intent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("step", models.CharField(max_length=120)),
                ("action", models.CharField(max_length=80)),
                ("token", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("outcome", models.CharField(default="", max_length=16)),
                ("reply", models.JSONField(default=dict)),
                (
                    "cloud",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clouds.cloud"
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
                (
                    "operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="intents",
                        to="clouds.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CloudResource",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("logical_name", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=80)),
                ("aws_id", models.CharField(default="", max_length=255)),
                ("name", models.CharField(default="", max_length=255)),
                ("arn", models.CharField(default="", max_length=2048)),
                ("state", models.CharField(max_length=16)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "cloud",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resources",
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
                (
                    "operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clouds.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AwsCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("service", models.CharField(max_length=32)),
                ("action", models.CharField(max_length=80)),
                ("region", models.CharField(max_length=32)),
                ("request_id", models.CharField(default="", max_length=128)),
                ("status", models.PositiveSmallIntegerField()),
                ("error_code", models.CharField(default="", max_length=128)),
                ("ms", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="iam.organization",
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="aws_calls",
                        to="clouds.operation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OperationEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("seq", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("step", models.CharField(default="", max_length=120)),
                ("resource", models.CharField(default="", max_length=120)),
                ("kind", models.CharField(default="", max_length=80)),
                ("state", models.CharField(max_length=16)),
                ("message", models.TextField(default="")),
                (
                    "operation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="clouds.operation",
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
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=functools.partial(iam.ids.new_id, *("ver",)),
                        editable=False,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("passed", models.PositiveIntegerField(default=0)),
                ("warned", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("unknown", models.PositiveIntegerField(default=0)),
                ("failed_musts", models.PositiveIntegerField(default=0)),
                (
                    "cloud",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifications",
                        to="clouds.cloud",
                    ),
                ),
                (
                    "operation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verification",
                        to="clouds.operation",
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
        ),
        migrations.CreateModel(
            name="VerificationFinding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("check_id", models.CharField(max_length=80)),
                ("area", models.CharField(max_length=40)),
                ("severity", models.CharField(max_length=8)),
                ("status", models.CharField(max_length=8)),
                ("subject", models.CharField(default="", max_length=2048)),
                ("title", models.TextField(default="")),
                ("observed", models.TextField(default="")),
                ("expected", models.TextField(default="")),
                ("detail", models.TextField(default="")),
                ("fix", models.TextField(default="")),
                ("cli", models.TextField(default="")),
                ("terraform", models.TextField(default="")),
                ("console_path", models.TextField(default="")),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="iam.organization",
                    ),
                ),
                (
                    "verification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="clouds.verification",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="cloud",
            index=models.Index(fields=["organization", "id"], name="cloud_list"),
        ),
        migrations.AddConstraint(
            model_name="cloud",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("deleted_at", None)),
                name="cloud_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="cloud",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("role_arn",), name="cloud_role"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["organization", "due_at"],
                name="operation_due",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["state", "due_at"],
                name="operation_lease",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["organization", "id"], name="operation_list"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["cloud", "id"], name="operation_by_cloud"),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running", "waiting"]), ("exclusive", True)),
                fields=("cloud",),
                name="one_change_per_cloud",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running", "waiting"])),
                fields=("cloud", "kind"),
                name="one_of_a_kind_per_cloud",
            ),
        ),
        migrations.AddConstraint(
            model_name="intent",
            constraint=models.UniqueConstraint(fields=("operation", "step"), name="one_intent_per_step"),
        ),
        migrations.AddConstraint(
            model_name="cloudresource",
            constraint=models.UniqueConstraint(fields=("cloud", "logical_name"), name="cloud_resource"),
        ),
        migrations.AddIndex(
            model_name="awscall",
            index=models.Index(fields=["operation", "id"], name="aws_call_list"),
        ),
        migrations.AddConstraint(
            model_name="operationevent",
            constraint=models.UniqueConstraint(fields=("operation", "seq"), name="operation_event_seq"),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(fields=["cloud", "id"], name="verification_list"),
        ),
        migrations.AddIndex(
            model_name="verificationfinding",
            index=models.Index(fields=["verification", "id"], name="finding_list"),
        ),
    ]
