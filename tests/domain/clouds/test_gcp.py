"""Clouds on GCP: records that are kept, mended and forgotten, and never worked on."""

from datetime import datetime
from typing import Any

import pytest

from clouds import queries
from clouds.models import Cloud, Operation
from clouds.queries import CloudFilters
from clouds.services import operations
from clouds.services.clouds import cloud_describe, cloud_rename, cloud_reserve
from clouds.states import CloudState, Kind
from iam import audit
from iam.actors import Actor
from iam.errors import Denied, Problem
from tests import factories
from tests.people import People

pytestmark = pytest.mark.django_db
NODES = "ray-nodes@ray-prod-123456.iam.gserviceaccount.com"
MORE = "ray-jobs@ray-prod-123456.iam.gserviceaccount.com"


def record(actor: Actor, now: datetime, **more: Any) -> Cloud:
    usual: dict[str, Any] = {
        "provider": "gcp",
        "name": "research",
        "region": "europe-west4",
        "project_id": "ray-prod-123456",
        "options": {"bucket": "acme-ray", "cluster_service_account": NODES},
    }
    return cloud_reserve(actor=actor, now=now, **{**usual, **more})


def test_it_is_a_record_at_once(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    assert (cloud.state, cloud.kind, cloud.account_id, cloud.home) == (
        CloudState.RECORDED,
        "registered",
        "",
        "ray-prod-123456",
    )
    found = queries.gcp_record_of(queries.cloud_for(us.owner.actor, cloud.id))
    assert (found.bucket, found.cluster_service_account, found.service_accounts) == ("acme-ray", NODES, ())


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("account_id", {"account_id": "222222222222"}),
        ("kind", {"kind": "managed"}),
        ("project_id", {"project_id": None}),
        ("project_id", {"project_id": "1"}),
        ("region", {"region": "eu-central-1"}),
        ("bucket", {"options": {"cluster_service_account": NODES}}),
        ("bucket", {"options": {"bucket": 7, "cluster_service_account": NODES}}),
        ("cluster_service_account", {"options": {"bucket": "acme-ray"}}),
        (
            "service_accounts",
            {"options": {"bucket": "acme-ray", "cluster_service_account": NODES, "service_accounts": "x"}},
        ),
        ("vpc_cidr", {"options": {"vpc_cidr": "10.0.0.0/16"}}),
        ("provider", {"provider": "azure"}),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    us: People, now: datetime, field: str, more: dict[str, Any]
) -> None:
    with pytest.raises(Problem) as refused:
        record(us.owner.actor, now, **more)
    assert refused.value.code == "cloud_invalid"
    assert field in refused.value.fields


@pytest.mark.parametrize(
    ("field", "more"), [("project_id", {"project_id": "abcdef"}), ("bucket", {"options": {"bucket": "abc"}})]
)
def test_what_is_of_gcp_is_refused_on_aws(
    us: People, now: datetime, field: str, more: dict[str, Any]
) -> None:
    usual = {"provider": "aws", "region": "eu-central-1", "account_id": "222222222222", "options": {}}
    with pytest.raises(Problem) as refused:
        record(us.owner.actor, now, **{**usual, "project_id": None, **more})
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("kind", "words"), [(Kind.CONNECT, "connect"), (Kind.SETUP, "creates nothing"), (Kind.VERIFY, "checked")]
)
def test_work_is_refused_with_what_is_not_done(us: People, now: datetime, kind: Kind, words: str) -> None:
    cloud = record(us.owner.actor, now)
    with pytest.raises(Problem) as refused:
        operations.request(actor=us.owner.actor, cloud=cloud, kind=kind, now=now)
    assert (refused.value.code, refused.value.status) == ("not_on_gcp", 409)
    assert words in refused.value.message
    assert not Operation.objects.exists()


def test_there_is_no_spec_for_aws(us: People, now: datetime) -> None:
    with pytest.raises(Problem) as refused:
        queries.spec_of(record(us.owner.actor, now))
    assert refused.value.code == "not_on_gcp"


def test_a_delete_forgets_the_record_at_once(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    done = operations.request(
        actor=us.owner.actor, cloud=cloud, kind=Kind.DELETE, input={"confirm_name": "research"}, now=now
    )
    assert (done.state, done.code) == ("succeeded", "forgotten")
    assert "Nothing in the project ray-prod-123456 was touched" in done.message
    gone = queries.cloud_for(us.owner.actor, cloud.id)
    assert (gone.state, gone.deleted_at) == (CloudState.DELETED, now)


def test_a_delete_cannot_take_the_bucket(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    asked = {"confirm_name": "research", "bucket": "delete"}
    with pytest.raises(Problem) as refused:
        operations.request(actor=us.owner.actor, cloud=cloud, kind=Kind.DELETE, input=asked, now=now)
    assert list(refused.value.fields) == ["bucket"]


def test_it_is_renamed_like_any_other(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    assert cloud_rename(actor=us.owner.actor, cloud=cloud, name="lab", now=now).name == "lab"


def test_the_record_is_mended_and_the_log_says_how(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    changed = cloud_describe(
        actor=us.owner.actor, cloud=cloud, options={"service_accounts": [MORE]}, version=1, now=now
    )
    assert changed.options == {**cloud.options, "service_accounts": [MORE]}
    events = audit.events(actor=us.auditor.actor, filters=audit.AuditFilters(cloud=cloud.id)).results
    assert [one["action"] for one in events] == ["cloud.describe", "cloud.create"]
    assert events[0]["before"] == {"options": cloud.options}
    assert events[0]["after"] == {"options": changed.options}
    assert events[1]["after"]["project_id"] == "ray-prod-123456"
    assert "external_id" not in events[1]["after"]


def test_a_wrong_record_is_not_written(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    with pytest.raises(Problem) as refused:
        cloud_describe(actor=us.owner.actor, cloud=cloud, options={"bucket": "gs://x"}, now=now)
    assert list(refused.value.fields) == ["bucket"]
    assert queries.cloud_for(us.owner.actor, cloud.id).options["bucket"] == "acme-ray"


def test_the_options_of_a_cloud_on_aws_stay(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization)
    with pytest.raises(Problem) as refused:
        cloud_describe(actor=us.owner.actor, cloud=cloud, options={"bucket": "abc"}, now=now)
    assert (refused.value.code, refused.value.status) == ("options_fixed", 409)


def test_who_may_not_change_is_told_so(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    with pytest.raises(Denied):
        cloud_describe(actor=us.auditor.actor, cloud=cloud, options={"bucket": "abc"}, now=now)
    with pytest.raises(Denied):
        record(us.auditor.actor, now, name="other")


def test_it_is_found_by_provider_and_project(us: People, now: datetime) -> None:
    cloud = record(us.owner.actor, now)
    factories.cloud(us.organization)
    for filters in (CloudFilters(provider="gcp"), CloudFilters(q="ray-prod-123456")):
        assert [one.id for one in queries.clouds(us.auditor.actor, filters).results] == [cloud.id]


def test_no_role_of_its_mapping_is_looked_at(us: People, now: datetime) -> None:
    assert queries.mapped_roles_of(record(us.owner.actor, now)) == ()
