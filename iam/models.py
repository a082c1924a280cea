"""What is remembered about organizations, the people and programs in them, and what they did."""

from functools import partial

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from iam.fields import CanonicalJSONField
from iam.ids import new_id
from iam.permissions import MemberRole

ROLE_CHOICES = [(role.value, role.value.title()) for role in MemberRole]


def _id(prefix: str) -> "models.CharField[str, str]":
    return models.CharField(primary_key=True, max_length=40, default=partial(new_id, prefix), editable=False)


class User(AbstractBaseUser):
    """A person, who signs in with an e-mail address (kept in lower case) and may be in many organizations."""

    id = _id("usr")
    email = models.EmailField(unique=True, max_length=254)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = BaseUserManager["User"]()

    def __str__(self) -> str:
        return self.email


class Organization(models.Model):
    """The tenant: everything a customer owns hangs off one organization."""

    id = _id("org")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's place in an organization. A removed member who returns gets a new one."""

    id = _id("mem")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=ROLE_CHOICES)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "user"], condition=Q(removed_at=None), name="one_active_membership"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id}"


class Invitation(models.Model):
    """An offer of a membership to an e-mail address. Only a digest of its secret is kept."""

    id = _id("inv")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=16, choices=ROLE_CHOICES)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} to {self.organization_id}"


class ServiceAccount(models.Model):
    """A program's place in an organization: a name, a member role and any number of tokens."""

    id = _id("sa")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="service_accounts")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=ROLE_CHOICES)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "name"], condition=Q(removed_at=None), name="one_service_account_name"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A bearer token of a member or a service account. Only its first part and a digest are kept."""

    id = _id("tok")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="tokens")
    membership = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="tokens")
    service_account = models.ForeignKey(ServiceAccount, models.PROTECT, null=True, related_name="tokens")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(membership=None) ^ Q(service_account=None), name="token_has_one_holder"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class AuditEvent(models.Model):
    """One append-only record of who did what, with what result. It keeps no foreign keys: it outlives all."""

    id = models.CharField(primary_key=True, max_length=40, editable=False)
    organization_id = models.CharField(max_length=40)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40)
    actor_label = models.CharField(max_length=254)
    actor_role = models.CharField(max_length=16)
    token_id = models.CharField(max_length=40, default="")
    action = models.CharField(max_length=64)
    entity = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    target_name = models.CharField(max_length=254, default="")
    cloud_id = models.CharField(max_length=40, default="")
    before = CanonicalJSONField(null=True)
    after = CanonicalJSONField(null=True)
    outcome = models.CharField(max_length=16)
    reason = models.TextField(default="")
    source_ip = models.CharField(max_length=45, default="")
    request_id = models.CharField(max_length=64, default="")
    operation_id = models.CharField(max_length=40, default="")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "seq"], name="audit_seq"),)
        indexes = (
            models.Index(fields=["organization_id", "actor_id", "seq"], name="audit_by_actor"),
            models.Index(fields=["organization_id", "action", "seq"], name="audit_by_action"),
            models.Index(fields=["organization_id", "target_id", "seq"], name="audit_by_target"),
            models.Index(fields=["organization_id", "cloud_id", "seq"], name="audit_by_cloud"),
            models.Index(fields=["organization_id", "at"], name="audit_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.organization_id}#{self.seq} {self.action}"


class AuditHead(models.Model):
    """Where an organization's chain of audit events ends. Its row is the lock that orders them."""

    organization_id = models.CharField(primary_key=True, max_length=40)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.organization_id}#{self.seq}"


class IdempotencyKey(models.Model):
    """A reply already given to a request that carried this key, kept at least 24 hours.

    Only digests of key and request are kept, and the reply is sealed with the key: it may hold a new token.
    """

    id = models.BigAutoField(primary_key=True)
    organization_id = models.CharField(max_length=40)
    actor_id = models.CharField(max_length=40)
    key_digest = models.CharField(max_length=64)
    request_digest = models.CharField(max_length=64)
    reply = models.BinaryField(default=b"")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization_id", "actor_id", "key_digest"], name="one_reply_per_key"
            ),
        )
        indexes = (models.Index(fields=["organization_id", "created_at"], name="idempotency_by_age"),)

    def __str__(self) -> str:
        return self.key_digest


class SignInAttempt(models.Model):
    """How far one address or e-mail has used up its attempts, as a point in time that each attempt pushes on.

    Subjects are digests, so that the table holds no list of people who mistyped their password.
    """

    subject = models.CharField(primary_key=True, max_length=64)
    used_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.subject
