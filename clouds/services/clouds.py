"""Who changes clouds: reserve, rename, protect. Each change and its audit event are one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from clouds.models import Cloud
from clouds.providers import Provider
from clouds.queries import cloud_for, gcp_record_of, spec_of
from clouds.specs import SpecError
from clouds.states import CloudState
from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import Problem
from iam.ids import new_external_id
from iam.permissions import Permission

OPTIONS = frozenset({"vpc_cidr", "zones", "ingress_cidrs"})
GCP_OPTIONS = frozenset({"bucket", "cluster_service_account", "service_accounts"})
# What the customer made and Raydock only knows of is registered.
Wrong = dict[str, list[str]]
AWS_KINDS = ("managed", "registered")
USUAL_KIND: Mapping[str, str] = {Provider.AWS: "managed", Provider.GCP: "registered"}


def cloud_reserve(
    *,
    actor: Actor,
    name: str,
    region: str,
    account_id: str = "",
    project_id: str | None = None,
    provider: str = Provider.AWS,
    options: Mapping[str, Any] | None = None,
    kind: str | None = None,
    now: datetime,
) -> Cloud:
    """Make a cloud that has an id and an external ID, and nothing in AWS yet; on GCP it stays a record.

    Raises Problem("cloud_invalid", 400) with fields, and Problem("name_taken", 409).
    """
    actor.require(Permission.CLOUD_CREATE, target_kind="cloud")
    cloud = Cloud(
        organization_id=actor.organization_id,
        name=name,
        region=region,
        account_id=account_id,
        project_id=project_id,
        provider=provider,
        kind=USUAL_KIND.get(provider, "") if kind is None else kind,
        state=CloudState.RECORDED if provider == Provider.GCP else CloudState.RESERVED,
        options=dict(options or {}),
        external_id=new_external_id(),
        created_at=now,
        created_by=actor.label,
    )
    _validate(cloud)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        _save(cloud, force_insert=True)
        _audit(actor, "cloud.create", cloud, after=_described(cloud), now=now)
    return cloud


def cloud_rename(
    *, actor: Actor, cloud: Cloud, name: str, version: int | None = None, now: datetime
) -> Cloud:
    """Give the cloud another name. With `version`, only if nobody changed the cloud since that version."""
    return _change(actor, cloud, "cloud.rename", {"name": name}, version, now)


def set_protection(
    *, actor: Actor, cloud: Cloud, protected: bool, version: int | None = None, now: datetime
) -> Cloud:
    """Protect the cloud against deletion, or take the protection off."""
    return _change(actor, cloud, "cloud.protect", {"delete_protection": protected}, version, now)


def cloud_describe(
    *,
    actor: Actor,
    cloud: Cloud,
    options: Mapping[str, Any],
    version: int | None = None,
    now: datetime,
) -> Cloud:
    """Change what the record of a cloud on GCP says: bucket and service accounts. What is left out stays.

    Raises Problem("options_fixed", 409) for a cloud on AWS.
    """
    if not cloud.on_gcp:
        raise Problem(
            "options_fixed",
            f"{cloud.name} is on AWS. Its network options are used when it is set up and stay as they are.",
            status=409,
        )
    wanted = {"options": {**cloud.options, **options}}
    return _change(actor, cloud, "cloud.describe", wanted, version, now)


def _change(
    actor: Actor, cloud: Cloud, action: str, changes: Mapping[str, Any], version: int | None, now: datetime
) -> Cloud:
    actor.require(Permission.CLOUD_OPERATE, target_kind="cloud", target_id=cloud.id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        current = cloud_for(actor, cloud.id, lock=True)
        _refuse_gone(current)
        _refuse_outdated(current, version)
        before = {name: getattr(current, name) for name in changes}
        for name, value in changes.items():
            setattr(current, name, value)
        current.version += 1
        _validate(current)
        _save(current, update_fields=[*changes, "version"])
        _audit(actor, action, current, before=before, after=dict(changes), now=now)
    return current


def _save(cloud: Cloud, **how: Any) -> None:
    """Save the row; a name that is taken becomes a Problem, whoever was first."""
    try:
        with transaction.atomic():
            cloud.save(**how)
    except IntegrityError as error:
        if not _name_taken(cloud):
            raise
        message = f"Your organization already has a cloud called {cloud.name}. Choose another name."
        raise Problem("name_taken", message, status=409, fields={"name": [message]}) from error


def _name_taken(cloud: Cloud) -> bool:
    others = Cloud.objects.filter(
        organization_id=cloud.organization_id, name__iexact=cloud.name, deleted_at=None
    )
    return others.exclude(pk=cloud.pk).exists()


def _refuse_gone(cloud: Cloud) -> None:
    if cloud.deleted_at:
        raise Problem(
            "cloud_deleted",
            f"The cloud {cloud.name} is deleted, so it cannot be changed. Its history stays readable.",
            status=409,
        )


def _refuse_outdated(cloud: Cloud, version: int | None) -> None:
    if version is not None and version != cloud.version:
        raise Problem(
            "version_outdated",
            f"Somebody changed the cloud since you looked: you saw version {version}, now it is "
            f"{cloud.version}. Read it again and repeat your change if it is still right.",
            status=412,
        )


def _validate(cloud: Cloud) -> None:
    """Raise Problem unless a cloud can be like this."""
    if cloud.provider not in set(Provider):
        wrong = {"provider": [f"Write one of {', '.join(Provider)}."]}
    else:
        wrong = _wrong_on_gcp(cloud) if cloud.on_gcp else _wrong_on_aws(cloud)
    if wrong:
        sentences = " ".join(text for texts in wrong.values() for text in texts)
        raise Problem("cloud_invalid", sentences, fields=wrong)


def _wrong_on_aws(cloud: Cloud) -> Wrong:
    wrong = _wrong_options(cloud.options, OPTIONS)
    if cloud.project_id is not None:
        wrong["project_id"] = [
            "A cloud on AWS is in an account. Leave out the project, or write provider gcp."
        ]
    if cloud.kind not in AWS_KINDS:
        wrong["kind"] = [f"Write one of {', '.join(AWS_KINDS)}."]
    if cloud.kind == "registered" and cloud.options:
        said = "A registered cloud has the network that you made. Leave this out, and register it."
        wrong |= {name: [said] for name in cloud.options}
    if not wrong:
        try:
            spec_of(cloud).validate()
        except SpecError as error:
            wrong = error.fields
    return wrong


def _wrong_on_gcp(cloud: Cloud) -> Wrong:
    wrong = _wrong_options(cloud.options, GCP_OPTIONS)
    if cloud.account_id:
        wrong["account_id"] = [
            "A cloud on GCP is in a project. Leave out the account, or write provider aws."
        ]
    if cloud.kind != USUAL_KIND[Provider.GCP]:
        wrong["kind"] = ["Raydock creates nothing on GCP. Write registered, or leave it out."]
    return wrong or gcp_record_of(cloud).problems()


def _wrong_options(options: Mapping[str, Any], known: frozenset[str]) -> Wrong:
    wrong = {
        name: [f"There is no option {name}. Options are {', '.join(sorted(known))}."]
        for name in options
        if name not in known
    }
    for name in known & set(options):
        if not _fits(name, options[name]):
            wrong[name] = [f"{name} has the wrong type: {_TYPES[name]}."]
    return wrong


_TYPES = {
    "vpc_cidr": "write one range as text, for example 10.0.0.0/16",
    "zones": "write a whole number, or leave it out for every zone that fits",
    "ingress_cidrs": 'write a list of ranges, for example ["203.0.113.0/24"]',
    "bucket": "write the bucket's name as text",
    "cluster_service_account": "write one e-mail address as text",
    "service_accounts": "write a list of e-mail addresses",
}
_TEXTS = frozenset({"vpc_cidr", "bucket", "cluster_service_account"})


def _fits(name: str, value: object) -> bool:
    if name == "zones":
        return value is None or (isinstance(value, int) and not isinstance(value, bool))
    if name in _TEXTS:
        return isinstance(value, str)
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _described(cloud: Cloud) -> dict[str, Any]:
    where = ("provider", "project_id") if cloud.on_gcp else ("account_id", "external_id")
    names = ("name", "region", *where, "kind", "options")
    return {name: getattr(cloud, name) for name in names}


def _audit(actor: Actor, action: str, cloud: Cloud, **more: Any) -> None:
    audit.append(
        actor=actor,
        action=action,
        entity="cloud",
        target_id=cloud.id,
        target_name=cloud.name,
        cloud_id=cloud.id,
        **more,
    )
