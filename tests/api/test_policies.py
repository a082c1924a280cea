"""Policy documents over REST: all of them, with features, differences and what belongs to them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from clouds.export.policies import policy_documents
from clouds.facts import Role
from clouds.models import Cloud
from clouds.queries import spec_of
from iam import tenancy
from tests import factories
from tests.api.world import PREFIX
from tests.looks import network_seen
from tests.people import People, client

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud(us: People) -> Cloud:
    return factories.cloud(us.organization.id)


def ask(us: People, cloud: Cloud, name: str = "") -> Any:
    address = f"{PREFIX}clouds/{cloud.id}/policies{'/' if name else ''}{name}"
    return client(us.owner.token).get(address)


def test_the_list_and_each_document_say_the_same(us: People, cloud: Cloud) -> None:
    wanted = policy_documents(spec_of(cloud), cloud.external_id)
    listed = ask(us, cloud).json()["results"]
    assert [one["name"] for one in listed] == [one.name for one in wanted]
    for row, document in zip(listed, wanted, strict=True):
        found = ask(us, cloud, document.name).json()
        assert {name: found[name] for name in row} == row
        assert found["document"] == document.document
        assert len(found["differences"]) == len(document.differences)
        assert found["managed_policies"] == list(document.managed_policies)


def test_a_difference_has_its_reason_and_a_feature_its_actions(us: People, cloud: Cloud) -> None:
    found = ask(us, cloud, "control-plane-clusters").json()
    passing = {row["action"]: row for row in found["differences"]}["iam:PassRole"]
    assert passing["change"] == "narrowed"
    assert "cluster role" in passing["reason"]
    (spot,) = [use for use in found["features"] if "Spot" in use["feature"]]
    assert spot["called"] is False
    assert "ec2:RequestSpotInstances" in spot["actions"]


def test_a_name_of_one_s_own_choice_is_in_every_document_of_the_role(us: People, cloud: Cloud) -> None:
    address = f"{PREFIX}clouds/{cloud.id}/policies/minimal-verify?role_name=mine"
    found = client(us.owner.token).get(address).json()
    assert "cross-account role mine" in found["attach_to"]
    assert ":role/mine" in str(found["document"])


def test_a_document_is_held_against_what_is_attached(us: People, cloud: Cloud, now: datetime) -> None:
    arn = f"arn:aws:iam::{cloud.account_id}:role/raydock"
    with tenancy.everyone():
        Cloud.objects.filter(pk=cloud.pk).update(role_arn=arn)
    assert ask(us, cloud, "control-plane").json()["attached"]["standing"] == "unseen"
    wanted = ask(us, cloud, "control-plane").json()["document"]
    left = {**wanted, "Statement": wanted["Statement"][1:]}
    role = Role(name="raydock", arn=arn, inline={"raydock": left})
    facts = replace(network_seen(cloud.id, now), roles=(role,))
    with tenancy.everyone():
        Cloud.objects.filter(pk=cloud.pk).update(facts=facts.to_json(), facts_at=now)
    found = ask(us, cloud, "control-plane").json()["attached"]
    assert found["standing"] == "different"
    assert {gap["change"] for gap in found["gaps"]} == {"missing"}
    lacking = {action for gap in found["gaps"] for action in gap["actions"]}
    assert lacking == set(wanted["Statement"][0]["Action"])
    assert ask(us, cloud, "session-verify").json()["attached"] is None
