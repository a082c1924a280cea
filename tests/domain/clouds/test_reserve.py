"""Reserving a cloud: PRODUCT 3, T1 to T4, and what a cloud may be like."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from clouds import queries
from clouds.models import Cloud
from clouds.services.clouds import cloud_rename, cloud_reserve, set_protection
from clouds.states import CloudState
from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import Denied, NotFound, Problem
from tests import factories
from tests.people import People

USUAL: dict[str, Any] = {"name": "ray", "region": "eu-central-1", "account_id": "222222222222"}


def reserve(actor: Actor, now: datetime, **more: Any) -> Cloud:
    return cloud_reserve(actor=actor, **{**USUAL, **more}, now=now)


def test_t1_the_external_id_is_made_here_with_192_random_bits(us: People, now: datetime) -> None:
    cloud = reserve(us.owner.actor, now)
    prefix, secret = cloud.external_id.rsplit("-", 1)
    assert prefix == "rdk-ext"
    assert len(bytes.fromhex(secret)) * 8 == 192
    assert cloud.state == CloudState.RESERVED
    assert cloud.role_arn is None


def test_t2_no_two_clouds_share_an_external_id_not_even_with_a_deleted_one(us: People, now: datetime) -> None:
    gone = factories.cloud(us.organization, CloudState.DELETED, deleted_at=now)
    with pytest.raises(DatabaseError), transaction.atomic():
        factories.cloud(us.organization, external_id=gone.external_id)


def test_t3_nobody_can_choose_the_external_id(us: People, now: datetime) -> None:
    with pytest.raises(Problem) as refused:
        reserve(us.owner.actor, now, options={"external_id": "mine"})
    assert refused.value.code == "cloud_invalid"
    assert "external_id" in refused.value.fields


@pytest.mark.parametrize("field", ["external_id", "organization_id"])
def test_t4_the_database_refuses_another_external_id_or_organization(
    us: People, now: datetime, field: str
) -> None:
    cloud = reserve(us.owner.actor, now)
    changes = {"external_id": "rdk-ext-other", "organization_id": us.others.id}
    with pytest.raises(DatabaseError), transaction.atomic():
        Cloud.objects.filter(pk=cloud.pk).update(**{field: changes[field]})


def test_other_changes_of_the_row_pass(us: People, now: datetime) -> None:
    cloud = reserve(us.owner.actor, now)
    cloud.version = 7
    cloud.save()
    assert queries.cloud_for(us.owner.actor, cloud.id).version == 7


def test_a_registered_cloud_takes_no_option_of_what_raydock_would_make(us: People, now: datetime) -> None:
    assert reserve(us.owner.actor, now, kind="registered", options={}).state == CloudState.RESERVED
    with pytest.raises(Problem) as refused:
        reserve(us.owner.actor, now, kind="registered", name="other", options={"zones": 2})
    assert list(refused.value.fields) == ["zones"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "no spaces, please"),
        ("region", "cn-north-1"),
        ("region", "us-gov-west-1"),
        ("account_id", "12345678901"),
        ("kind", "borrowed"),
    ],
)
def test_a_cloud_that_cannot_be_is_refused_by_field(
    us: People, now: datetime, field: str, value: str
) -> None:
    with pytest.raises(Problem) as refused:
        reserve(us.owner.actor, now, **{field: value})
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("zones", True),
        ("zones", "3"),
        ("zones", 1),
        ("vpc_cidr", 10),
        ("vpc_cidr", "10.0.0.0/8"),
        ("ingress_cidrs", "0.0.0.0/0"),
        ("ingress_cidrs", [7]),
        ("efs", True),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_its_name(
    us: People, now: datetime, option: str, value: object
) -> None:
    with pytest.raises(Problem) as refused:
        reserve(us.owner.actor, now, options={option: value})
    assert list(refused.value.fields) == [option]


def test_the_spec_follows_the_row(us: People, now: datetime) -> None:
    cloud = reserve(us.owner.actor, now, options={"zones": 2, "ingress_cidrs": ["203.0.113.0/24"]})
    spec = queries.spec_of(queries.cloud_for(us.owner.actor, cloud.id))
    assert (spec.zones, spec.ingress_cidrs) == (2, ("203.0.113.0/24",))
    assert spec.external_id == cloud.external_id


def test_a_name_is_taken_whatever_its_case_until_its_cloud_is_deleted(us: People, now: datetime) -> None:
    first = reserve(us.owner.actor, now)
    with pytest.raises(Problem) as refused:
        reserve(us.owner.actor, now, name="RAY")
    assert (refused.value.code, refused.value.status) == ("name_taken", 409)
    Cloud.objects.filter(pk=first.pk).update(deleted_at=now)
    assert reserve(us.owner.actor, now).pk != first.pk


def test_another_organization_may_use_the_same_name(us: People, now: datetime) -> None:
    reserve(us.owner.actor, now)
    with us.stranger.here:
        assert reserve(us.stranger.actor, now).name == "ray"


def test_who_may_not_create_is_told_so(us: People, now: datetime) -> None:
    with pytest.raises(Denied):
        reserve(us.auditor.actor, now)


def test_a_stranger_finds_nothing_and_hears_what_one_hears_of_nothing(us: People, now: datetime) -> None:
    cloud = reserve(us.owner.actor, now)
    with us.stranger.here, pytest.raises(NotFound) as theirs:
        queries.cloud_for(us.stranger.actor, cloud.id)
    with pytest.raises(NotFound) as nothing:
        queries.cloud_for(us.owner.actor, "cld_nothing")
    assert str(theirs.value) == str(nothing.value)


def test_each_change_is_in_the_audit_log_with_before_and_after(us: People, now: datetime) -> None:
    cloud = reserve(us.owner.actor, now)
    cloud_rename(actor=us.owner.actor, cloud=cloud, name="sun", now=now)
    set_protection(actor=us.owner.actor, cloud=cloud, protected=True, now=now)
    found = audit.events(actor=us.auditor.actor, filters=audit.AuditFilters(cloud=cloud.id)).results
    assert [row["action"] for row in found] == ["cloud.protect", "cloud.rename", "cloud.create"]
    assert (found[1]["before"], found[1]["after"]) == ({"name": "ray"}, {"name": "sun"})
    assert found[2]["after"]["external_id"] == cloud.external_id


def test_a_change_upon_an_outdated_look_is_refused(us: People, now: datetime) -> None:
    cloud = reserve(us.owner.actor, now)
    renamed = cloud_rename(actor=us.owner.actor, cloud=cloud, name="sun", version=cloud.version, now=now)
    with pytest.raises(Problem) as refused:
        cloud_rename(actor=us.owner.actor, cloud=cloud, name="moon", version=cloud.version, now=now)
    assert (refused.value.code, refused.value.status) == ("version_outdated", 412)
    assert queries.cloud_for(us.owner.actor, cloud.id).name == renamed.name == "sun"


def test_a_deleted_cloud_is_read_but_not_changed(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.DELETED, deleted_at=now)
    assert queries.cloud_for(us.auditor.actor, cloud.id).deleted_at == now
    with pytest.raises(Problem) as refused:
        cloud_rename(actor=us.owner.actor, cloud=cloud, name="sun", now=now)
    assert refused.value.code == "cloud_deleted"


def test_if_the_audit_event_cannot_be_written_nothing_is(
    us: People, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(audit, "append", full)
    with pytest.raises(DatabaseError):
        reserve(us.owner.actor, now)
    assert queries.clouds(us.owner.actor).results == []


def test_lists_are_pages_newest_first(us: People, now: datetime) -> None:
    made = [factories.cloud(us.organization) for _ in range(5)]
    factories.cloud(us.organization, CloudState.DELETED, deleted_at=now)
    first = queries.clouds(us.auditor.actor, limit=3)
    second = queries.clouds(us.auditor.actor, cursor=first.next, limit=3)
    assert [one.id for one in first.results + second.results] == [one.id for one in reversed(made)]
    assert second.next == ""


def test_the_overview_counts_what_is_ours(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.SETTING_UP)
    operation = factories.operation(cloud)
    with tenancy.scope(us.others.id):
        factories.cloud(us.others)
    seen = queries.overview(us.member.actor)
    assert seen.clouds == {"setting_up": 1}
    assert (seen.open_operations, seen.failed_operations) == (1, 0)
    assert [one.id for one in seen.recent] == [operation.id]
