"""What is remembered about clouds, the operations on them, and all that was done and seen meanwhile."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from clouds.providers import Provider
from clouds.states import OPEN, CloudState, Kind, OperationState
from clouds.versions import ConfigVersion  # noqa: F401 - Django looks for models here
from iam.ids import new_id
from iam.models import Organization


def _id(prefix: str) -> "models.CharField[str, str]":
    return models.CharField(primary_key=True, max_length=40, default=partial(new_id, prefix), editable=False)


_OPEN = Q(state__in=sorted(state.value for state in OPEN))
_DUE = Q(due_at__isnull=False)
_ORGANIZATION = partial(models.ForeignKey, Organization, models.PROTECT, related_name="+", db_index=False)


class Cloud(models.Model):
    """One place to run Ray: an AWS account or GCP project, and a region. Rows stay when the cloud is deleted.

    What is only of AWS (the external ID, the role, facts) is not shown of a cloud on GCP, and `account_id` is
    empty there.
    """

    id = _id("cld")
    deployment_id = models.CharField(
        max_length=40, unique=True, default=partial(new_id, "cldrsrc"), editable=False
    )
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="clouds", db_index=False)
    name = models.CharField(max_length=63)
    provider = models.CharField(max_length=16, default=Provider.AWS)
    kind = models.CharField(max_length=16, default="managed")
    region = models.CharField(max_length=32)
    account_id = models.CharField(max_length=12)
    project_id = models.CharField(max_length=30, null=True)  # noqa: DJ001 - a default would cost SQLite's triggers
    state = models.CharField(
        max_length=16, default=CloudState.RESERVED, choices=[(s.value, s.value) for s in CloudState]
    )
    options = models.JSONField(default=dict)
    # Made by us, one for ever (PRODUCT 3, T1, T2). The database lets it change in one way only (T4): what is
    # pending becomes present, and what was present is retiring until AWS is proven to refuse it (T17).
    external_id = models.CharField(max_length=64, unique=True, editable=False)
    pending_external_id = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - none yet
    retiring_external_id = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 - none left
    rotated_at = models.DateTimeField(null=True)
    # When a look found that the role lets others in (T10); None once a verification found it mended.
    trust_lost_at = models.DateTimeField(null=True)
    # What a customer gave for a registered cloud and where it was found (`clouds.registration`).
    registration = models.JSONField(null=True)
    # Which failing checks a person answered for when activating a registered cloud: ids, why, who, when.
    acknowledged = models.JSONField(null=True)
    role_arn = models.CharField(max_length=2048, null=True)  # noqa: DJ001 - unique where there is one
    # The revision of the policy documents that the role was last seen to carry; 0: none of those we know.
    role_revision = models.PositiveIntegerField(null=True)
    # The configuration that counts: a `ConfigVersion`, None where none was ever saved.
    config_id = models.CharField(max_length=40, null=True)  # noqa: DJ001 - as with project_id
    facts = models.JSONField(null=True)
    facts_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    delete_protection = models.BooleanField(default=False)
    checks_passed = models.PositiveIntegerField(default=0)
    checks_total = models.PositiveIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "organization", Lower("name"), condition=Q(deleted_at=None), name="cloud_name"
            ),
            # T12: one role serves one cloud, whoever it belongs to.
            models.UniqueConstraint(fields=["role_arn"], condition=Q(deleted_at=None), name="cloud_role"),
        )
        indexes = (models.Index(fields=["organization", "id"], name="cloud_list"),)

    def __str__(self) -> str:
        return self.name

    @property
    def on_gcp(self) -> bool:
        """Say whether the cloud is on GCP, where Raydock keeps a record and does not work."""
        return self.provider == Provider.GCP

    @property
    def home(self) -> str:
        """Return the account or project that the cloud is in."""
        return self.project_id or self.account_id


class ExternalId(models.Model):
    """One external ID that was ever made, pending and abandoned ones too (PRODUCT 3, T2).

    The database writes a row whenever a cloud gets an ID, and refuses one that is here already. Rows are
    never changed and outlive their cloud, so they hold no foreign key.
    """

    value = models.CharField(primary_key=True, max_length=64)
    organization_id = models.CharField(max_length=40)
    cloud_id = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.value


class Operation(models.Model):
    """One request to change or look at a cloud: the truth about the work.

    `due_at` is when the next turn may start; while a turn runs it is when the worker's lease ends, so that
    the queue and the search for dead workers are one query; None when it has ended. `fence` grows with each
    claim, and only its holder can record. `stalled` counts turns in a row without progress, `crashes` lost
    workers likewise.
    """

    id = _id("op")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="operations", db_index=False)
    cloud = models.ForeignKey(Cloud, models.PROTECT, related_name="operations", db_index=False)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in Kind])
    state = models.CharField(
        max_length=16, default=OperationState.QUEUED, choices=[(s.value, s.value) for s in OperationState]
    )
    code = models.CharField(max_length=64, default="")
    message = models.TextField(default="")
    fix = models.TextField(default="")
    input = models.JSONField(default=dict)
    actor = models.JSONField()
    reason = models.TextField(default="")
    request_id = models.CharField(max_length=64, default="")
    exclusive = models.BooleanField()
    cloud_before = models.CharField(max_length=16)
    due_at = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    worker = models.CharField(max_length=64, default="")
    attempts = models.PositiveIntegerField(default=0)
    stalled = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    steps_done = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(default=0)
    last_event = models.PositiveIntegerField(default=0)
    retry_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="retries", db_index=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["cloud"], condition=_OPEN & Q(exclusive=True), name="one_change_per_cloud"
            ),
            models.UniqueConstraint(
                fields=["cloud", "kind"], condition=_OPEN, name="one_of_a_kind_per_cloud"
            ),
        )
        # Open operations are those with a due time. SQLite uses no partial index with more to it than that.
        indexes = (
            models.Index(fields=["organization", "due_at"], condition=_DUE, name="operation_due"),
            models.Index(fields=["state", "due_at"], condition=_DUE, name="operation_lease"),
            models.Index(fields=["organization", "id"], name="operation_list"),
            models.Index(fields=["cloud", "id"], name="operation_by_cloud"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class OperationEvent(models.Model):
    """Progress: what happened to one step, as it happened. `seq` counts from 1 in each operation."""

    id = models.BigAutoField(primary_key=True)
    organization = _ORGANIZATION()
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    step = models.CharField(max_length=120, default="")
    resource = models.CharField(max_length=120, default="")
    kind = models.CharField(max_length=80, default="")
    state = models.CharField(max_length=16)
    message = models.TextField(default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["operation", "seq"], name="operation_event_seq"),)

    def __str__(self) -> str:
        return f"{self.operation_id}#{self.seq} {self.state}"


class Intent(models.Model):
    """A mutating AWS call that is about to be made, written before it is, and how it ended.

    Without an outcome nobody knows whether AWS carried it out: look before doing it again.
    """

    id = models.BigAutoField(primary_key=True)
    organization = _ORGANIZATION()
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="intents", db_index=False)
    cloud = models.ForeignKey(Cloud, models.PROTECT, related_name="+")
    step = models.CharField(max_length=120)
    action = models.CharField(max_length=80)
    token = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, default="")
    reply = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["operation", "step"], name="one_intent_per_step"),)

    def __str__(self) -> str:
        return f"{self.operation_id} {self.step}"


class AwsCall(models.Model):
    """One AWS call, to be held against the customer's CloudTrail. Parameters are never kept."""

    id = models.BigAutoField(primary_key=True)
    organization = _ORGANIZATION()
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="aws_calls", db_index=False)
    service = models.CharField(max_length=32)
    action = models.CharField(max_length=80)
    region = models.CharField(max_length=32)
    request_id = models.CharField(max_length=128, default="")
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=128, default="")
    ms = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["operation", "id"], name="aws_call_list"),)

    def __str__(self) -> str:
        return f"{self.service}:{self.action} {self.status}"


class CloudResource(models.Model):
    """A resource of a cloud as last known, for people. Deleting never trusts it: it looks in AWS."""

    id = models.BigAutoField(primary_key=True)
    organization = _ORGANIZATION()
    cloud = models.ForeignKey(Cloud, models.PROTECT, related_name="resources", db_index=False)
    logical_name = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    aws_id = models.CharField(max_length=255, default="")
    name = models.CharField(max_length=255, default="")
    arn = models.CharField(max_length=2048, default="")
    state = models.CharField(max_length=16)
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cloud", "logical_name"], name="cloud_resource"),)

    def __str__(self) -> str:
        return self.logical_name


class Verification(models.Model):
    """One run of the checks over a cloud: how many passed, and when. Its findings are rows of their own."""

    id = _id("ver")
    organization = _ORGANIZATION()
    cloud = models.ForeignKey(Cloud, models.PROTECT, related_name="verifications", db_index=False)
    operation = models.OneToOneField(Operation, models.PROTECT, related_name="verification")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    passed = models.PositiveIntegerField(default=0)
    warned = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    failed_musts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=["cloud", "id"], name="verification_list"),)

    def __str__(self) -> str:
        return f"{self.cloud_id} {self.started_at:%Y-%m-%d %H:%M}"


class VerificationFinding(models.Model):
    """One answer of one check in a verification (`clouds.findings.Finding` as a row)."""

    id = models.BigAutoField(primary_key=True)
    organization = _ORGANIZATION()
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="findings", db_index=False)
    check_id = models.CharField(max_length=80)
    area = models.CharField(max_length=40)
    severity = models.CharField(max_length=8)
    status = models.CharField(max_length=8)
    subject = models.CharField(max_length=2048, default="")
    title = models.TextField(default="")
    observed = models.TextField(default="")
    expected = models.TextField(default="")
    detail = models.TextField(default="")
    fix = models.TextField(default="")
    cli = models.TextField(default="")
    terraform = models.TextField(default="")
    console_path = models.TextField(default="")

    class Meta:
        indexes = (models.Index(fields=["verification", "id"], name="finding_list"),)

    def __str__(self) -> str:
        return f"{self.check_id} {self.status}"


class Lane(models.Model):
    """An organization's place in the round: whoever was served longest ago is served next."""

    organization = models.OneToOneField(Organization, models.PROTECT, primary_key=True, related_name="+")
    served_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["served_at"], name="lane_round"),)

    def __str__(self) -> str:
        return self.organization_id


class WorkerBeat(models.Model):
    """A worker's sign of life, which readiness probes read. It belongs to no organization."""

    id = models.CharField(primary_key=True, max_length=64)
    started_at = models.DateTimeField()
    at = models.DateTimeField()
    slots = models.PositiveIntegerField()
    busy = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.id
