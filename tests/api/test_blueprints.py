"""Exports of a whole cloud over REST: their content types, their two notations, and the role in or out."""

import json
from io import StringIO

import pytest
from ruamel.yaml import YAML

from clouds.models import Cloud
from clouds.states import CloudState
from tests import factories
from tests.api.world import PREFIX
from tests.people import People

pytestmark = pytest.mark.django_db
TYPES = {
    "terraform": ("text/plain; charset=utf-8", "tf"),
    "cloudformation": ("application/json", "json"),
    "cloudformation?format=yaml": ("application/yaml", "yaml"),
    "aws-cli": ("text/x-shellscript; charset=utf-8", "sh"),
}


@pytest.fixture
def reserved(us: People) -> Cloud:
    return factories.cloud(us.organization.id, CloudState.RESERVED)


@pytest.mark.parametrize("form", TYPES)
def test_each_form_is_a_file_of_its_type(us: People, reserved: Cloud, form: str) -> None:
    reply = us.auditor.api.get(f"{PREFIX}clouds/{reserved.id}/exports/{form}")
    content_type, ending = TYPES[form]
    assert (reply.status_code, reply["Content-Type"]) == (200, content_type)
    assert reply["Content-Disposition"] == f'attachment; filename="raydock-{reserved.name}.{ending}"'
    for text in (reserved.external_id, reserved.account_id, f"{reserved.id}-cluster"):
        assert text in reply.content.decode()
    again = us.auditor.api.get(
        f"{PREFIX}clouds/{reserved.id}/exports/{form}", headers={"If-None-Match": reply["ETag"]}
    )
    assert again.status_code == 304


def test_yaml_says_what_json_says(us: People, reserved: Cloud) -> None:
    address = f"{PREFIX}clouds/{reserved.id}/exports/cloudformation"
    written = us.owner.api.get(f"{address}?format=yaml").content.decode()
    assert YAML(typ="safe", pure=True).load(StringIO(written)) == us.owner.api.get(address).json()


@pytest.mark.parametrize("form", ["terraform", "cloudformation", "aws-cli"])
def test_the_role_of_a_connected_cloud_is_left_out_unless_asked_for(us: People, form: str) -> None:
    cloud = factories.cloud(us.organization.id, CloudState.ACTIVE)
    address = f"{PREFIX}clouds/{cloud.id}/exports/{form}"
    usual, with_role = us.owner.api.get(address), us.owner.api.get(f"{address}?role=create")
    assert cloud.external_id not in usual.content.decode()
    assert cloud.external_id in with_role.content.decode()
    assert str(cloud.role_arn) in usual.content.decode()


@pytest.mark.parametrize(("query", "field"), [("role=mine", "role"), ("format=toml", "format")])
def test_what_cannot_be_chosen_is_named(us: People, reserved: Cloud, query: str, field: str) -> None:
    reply = us.owner.api.get(f"{PREFIX}clouds/{reserved.id}/exports/cloudformation?{query}")
    assert reply.status_code == 400
    assert list(reply.json()["fields"]) == [field]


def test_a_cloud_elsewhere_has_no_such_text(us: People) -> None:
    cloud = factories.cloud(us.organization.id, provider="gcp")
    reply = us.owner.api.get(f"{PREFIX}clouds/{cloud.id}/exports/terraform")
    assert (reply.status_code, reply.json()["code"]) == (409, "no_infrastructure")


def test_the_zones_are_those_that_were_seen(us: People, reserved: Cloud) -> None:
    zones = [{"name": f"eu-central-1{one}", "id": f"euc1-az{one}"} for one in "abcdefg"[:5]]
    with us.owner.here:
        reserved.facts = {
            "at": "2026-05-04T12:00:00+00:00",
            "account_id": reserved.account_id,
            "region": reserved.region,
            "zones": zones,
        }
        reserved.save()
    reply = us.owner.api.get(f"{PREFIX}clouds/{reserved.id}/exports/cloudformation")
    kinds = [one["Type"] for one in json.loads(reply.content)["Resources"].values()]
    assert kinds.count("AWS::EC2::Subnet") == len(zones)
