"""Clouds on GCP over REST: one request makes the record, and what is not done there says so."""

from typing import Any

import pytest

from tests.api.world import PREFIX
from tests.people import People

pytestmark = pytest.mark.django_db
NODES = "ray-nodes@ray-prod-123456.iam.gserviceaccount.com"
NEW: dict[str, Any] = {
    "provider": "gcp",
    "name": "research",
    "region": "europe-west4",
    "project_id": "ray-prod-123456",
    "options": {"bucket": "acme-ray", "cluster_service_account": NODES, "service_accounts": []},
}


def test_it_is_recorded_listed_mended_and_forgotten(us: People) -> None:
    api = us.owner.api
    made = api.post(f"{PREFIX}clouds", NEW)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["state"], body["project_id"], body["account_id"]) == ("recorded", "ray-prod-123456", "")
    assert "external" not in made.content.decode().lower()
    listed = us.auditor.api.get(f"{PREFIX}clouds?provider=gcp").json()["results"]
    assert [one["id"] for one in listed] == [body["id"]]
    address = f"{PREFIX}clouds/{body['id']}"
    mended = api.patch(address, {"options": {"bucket": "acme-ray-2"}})
    assert mended.json()["options"] == {**NEW["options"], "bucket": "acme-ray-2"}
    gone = api.delete(address, {"confirm_name": "research"})
    assert (gone.status_code, gone.json()["code"]) == (202, "forgotten")
    assert api.get(address).json()["state"] == "deleted"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "trust/rotate", {}),
        ("post", "connect", {"role_arn": "arn:aws:iam::222222222222:role/x"}),
        ("post", "setup", {}),
        ("post", "verify", {}),
        ("get", "plan?operation=setup", None),
        ("get", "trust", None),
        ("get", "policies", None),
        ("get", "policies/control-plane", None),
        ("get", "exports/ray-cluster", None),
    ],
)
def test_what_is_not_done_on_gcp_is_said(us: People, method: str, path: str, body: object) -> None:
    cloud = us.owner.api.post(f"{PREFIX}clouds", NEW).json()
    reply = getattr(us.owner.api, method)(f"{PREFIX}clouds/{cloud['id']}/{path}", body)
    assert (reply.status_code, reply.json()["code"]) == (409, "not_on_gcp")
    assert "is on GCP" in reply.json()["detail"]


@pytest.mark.parametrize("path", ["resources", "findings", "verifications", "operations"])
def test_lists_about_it_are_empty(us: People, path: str) -> None:
    cloud = us.owner.api.post(f"{PREFIX}clouds", NEW).json()
    assert us.auditor.api.get(f"{PREFIX}clouds/{cloud['id']}/{path}").json()["results"] == []


def test_a_bad_record_names_its_fields(us: People) -> None:
    bad = {**NEW, "project_id": "x", "options": {"bucket": "gs://b", "cluster_service_account": "me"}}
    reply = us.owner.api.post(f"{PREFIX}clouds", bad)
    assert (reply.status_code, reply.json()["code"]) == (400, "cloud_invalid")
    assert set(reply.json()["fields"]) == {"project_id", "bucket", "cluster_service_account"}


def test_the_options_of_a_cloud_on_aws_are_not_patched(us: People) -> None:
    made = us.owner.api.post(
        f"{PREFIX}clouds", {"name": "a", "region": "eu-central-1", "account_id": "222222222222"}
    ).json()
    reply = us.owner.api.patch(f"{PREFIX}clouds/{made['id']}", {"name": "b", "options": {"bucket": "abc"}})
    assert (reply.status_code, reply.json()["code"]) == (409, "options_fixed")
    assert us.owner.api.get(f"{PREFIX}clouds/{made['id']}").json()["name"] == "a"


def test_an_external_id_is_refused_here_too(us: People) -> None:
    reply = us.owner.api.post(f"{PREFIX}clouds", {**NEW, "external_id": "x"})
    assert reply.json()["code"] == "external_id_not_accepted"
