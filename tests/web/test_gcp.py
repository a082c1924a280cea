"""Clouds on GCP in the console: the form, the record, and plain words about what is not checked."""

from datetime import datetime

import pytest
from django.test import Client

from clouds.models import Cloud, Operation
from clouds.services.clouds import cloud_reserve
from tests.people import People
from tests.web.conftest import Visit, count, one, text
from tests.world import World

pytestmark = pytest.mark.django_db
NODES = "ray-nodes@ray-prod-123456.iam.gserviceaccount.com"
JOBS = "ray-jobs@ray-prod-123456.iam.gserviceaccount.com"
FORM = {
    "name": "field",
    "project_id": "ray-prod-123456",
    "region": "europe-west4",
    "bucket": "acme-ray",
    "cluster_service_account": NODES,
    "service_accounts": JOBS,
}


@pytest.fixture
def cloud(world: World, now: datetime) -> Cloud:
    us: People = world.people
    with us.owner.here:
        return cloud_reserve(
            actor=us.owner.actor,
            provider="gcp",
            name="field",
            region="europe-west4",
            project_id="ray-prod-123456",
            options={"bucket": "acme-ray", "cluster_service_account": NODES},
            now=now,
        )


def test_the_two_forms_lead_to_each_other(owner: Client) -> None:
    assert 'href="/clouds/new/gcp"' in text(owner, "/clouds/new")
    page = text(owner, "/clouds/new/gcp")
    assert 'href="/clouds/new"' in page
    assert "Not checked on GCP" in page


def test_a_record_is_made(owner: Client) -> None:
    answer = owner.post("/clouds/record", FORM)
    made = one(Cloud, name="field")
    assert answer["Location"] == f"/clouds/{made.id}"
    assert (made.provider, made.options["service_accounts"]) == ("gcp", [JOBS])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "1 to 63"),
        ("name", "PROD-TRAINING", "already has a cloud called"),
        ("project_id", "123456789012", "number of a project"),
        ("bucket", "gs://acme", "without gs://"),
        ("cluster_service_account", "me@example.com", "not the e-mail address of a service account"),
        ("service_accounts", f"{JOBS}, {JOBS}", "named twice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(owner: Client, field: str, value: str, said: str) -> None:
    answer = owner.post("/clouds/record", {**FORM, field: value})
    page = answer.content.decode()
    assert answer.status_code in {400, 409}
    assert said in page.partition(f'id="e-{field}"')[2].partition("</p>")[0]
    assert f'value="{JOBS}"' in page or field == "service_accounts"


def test_the_list_says_that_it_is_not_checked(owner: Client, cloud: Cloud) -> None:
    page = text(owner, "/clouds?q=field")
    assert "not checked on GCP" in page
    assert "ray-prod-123456" in page


@pytest.mark.parametrize("face", ["", "/checks", "/resources", "/access"])
def test_its_pages_show_the_record_and_what_is_not_checked(owner: Client, cloud: Cloud, face: str) -> None:
    page = text(owner, f"/clouds/{cloud.id}{face}")
    assert "Not checked on GCP" in page
    assert "acme-ray" in page
    assert NODES in page
    assert cloud.external_id not in page
    assert "/verify" not in page


def test_its_settings_say_that_a_delete_only_forgets(owner: Client, cloud: Cloud) -> None:
    page = text(owner, f"/clouds/{cloud.id}/settings")
    assert "Nothing in the project ray-prod-123456 is touched" in page
    owner.post(f"/clouds/{cloud.id}/delete", {"confirm_name": "field", "bucket": "keep"})
    assert one(Operation, cloud=cloud).code == "forgotten"
    assert "Its record is forgotten" in text(owner, f"/clouds/{cloud.id}")


@pytest.mark.parametrize("path", ["verify", "setup", "watch", "sandbox-role"])
def test_work_on_it_is_refused_in_words(owner: Client, cloud: Cloud, path: str) -> None:
    page = owner.post(f"/clouds/{cloud.id}/{path}", {"role_arn": "x"}, follow=True).content.decode()
    assert "field is on GCP" in page
    assert not count(Operation, cloud=cloud)


@pytest.mark.parametrize("path", ["bootstrap/terraform", "policies/control-plane"])
def test_files_of_aws_are_not_written_for_it(owner: Client, cloud: Cloud, path: str) -> None:
    answer = owner.get(f"/clouds/{cloud.id}/{path}")
    assert answer.status_code == 409
    assert "is on GCP" in answer.content.decode()


@pytest.mark.parametrize("path", ["connect", "create"])
def test_steps_of_aws_lead_to_the_record(owner: Client, cloud: Cloud, path: str) -> None:
    assert owner.get(f"/clouds/{cloud.id}/{path}")["Location"] == f"/clouds/{cloud.id}"


def test_an_auditor_sees_it_and_a_stranger_does_not(world: World, cloud: Cloud, visit: Visit) -> None:
    assert "acme-ray" in text(visit(world.people.auditor), f"/clouds/{cloud.id}")
    assert visit(world.people.stranger).get(f"/clouds/{cloud.id}").status_code == 404


def test_the_record_is_mended_in_the_settings(owner: Client, cloud: Cloud) -> None:
    answer = owner.post(f"/clouds/{cloud.id}/describe", {"bucket": "acme-2", "service_accounts": JOBS})
    assert answer["Location"] == f"/clouds/{cloud.id}/settings"
    assert one(Cloud, pk=cloud.id).options == {
        "bucket": "acme-2",
        "cluster_service_account": NODES,
        "service_accounts": [JOBS],
    }
    page = text(owner, f"/clouds/{cloud.id}/settings")
    assert 'value="acme-2"' in page
    assert f'value="{JOBS}"' in page


def test_a_wrong_record_is_said_beside_the_field(owner: Client, cloud: Cloud) -> None:
    answer = owner.post(f"/clouds/{cloud.id}/describe", {"bucket": "gs://x"})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "without gs://" in page.partition('id="e-bucket"')[2].partition("</p>")[0]
    assert 'value="gs://x"' in page


def test_a_cloud_on_aws_has_no_record_to_mend(owner: Client, world: World) -> None:
    answer = owner.post(f"/clouds/{world.ready.id}/describe", {"bucket": "abc"})
    assert answer.status_code == 409
    assert "Default service account" not in answer.content.decode()
