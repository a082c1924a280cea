"""Registered clouds in the console: reserved, given, looked at, and activated by who answers for it."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from clouds.models import Cloud, Operation
from clouds.states import CloudState
from tests import factories
from tests.people import People
from tests.web.conftest import Visit, count, one, text
from tests.world import World, stuck

pytestmark = pytest.mark.django_db
GIVEN = {
    "vpc": "own network",
    "subnets": "own a, subnet-0123456789abcdef0",
    "security_groups": "nodes",
    "cluster_role": "arn:aws:iam::222222222222:role/ray/nodes",
    "bucket": "s3://ray-data",
    "private_network": "yes",
}


def registered(us: People, state: CloudState, **more: Any) -> Cloud:
    return factories.cloud(us.organization, state, kind="registered", **more)


def test_a_registered_cloud_is_reserved_without_network_options(owner: Client) -> None:
    form = {"name": "own", "account_id": "222222222222", "region": "us-east-1", "kind": "registered"}
    answer = owner.post("/clouds/reserve", {**form, "vpc_cidr": "10.0.0.0/16", "zones": "3"})
    made = one(Cloud, name="own")
    assert answer["Location"] == f"/clouds/{made.id}/connect"
    assert (made.kind, made.options) == ("registered", {})
    assert "Give what you have made" in text(owner, f"/clouds/{made.id}/connect")


def test_a_kind_that_is_not_there_is_refused_beside_the_choice(owner: Client) -> None:
    form = {"name": "own", "account_id": "222222222222", "region": "us-east-1", "kind": "borrowed"}
    answer = owner.post("/clouds/reserve", form)
    assert answer.status_code == 400
    assert "Write one of managed, registered." in answer.content.decode()


def test_what_is_given_is_asked_for_and_kept_in_the_form(owner: Client, world: World) -> None:
    cloud = registered(world.people, CloudState.CONNECTED)
    page = text(owner, f"/clouds/{cloud.id}/registration")
    assert "What you have made" in page
    answer = owner.post(f"/clouds/{cloud.id}/register", GIVEN)
    assert answer["Location"] == f"/clouds/{cloud.id}"
    asked = one(Operation, cloud_id=cloud.id).input
    assert asked["subnets"] == ["own a", "subnet-0123456789abcdef0"]
    assert asked["private_network"] is True


def test_a_field_that_is_wrong_says_so_and_keeps_the_rest(owner: Client, world: World) -> None:
    cloud = registered(world.people, CloudState.CONNECTED)
    answer = owner.post(f"/clouds/{cloud.id}/register", {**GIVEN, "bucket": "s3://ray-data/logs"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "names a folder" in page
    assert 'value="own network"' in page
    assert count(Operation, cloud_id=cloud.id) == 0


OUTPUTS = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": {"us-east-1a": "subnet-0123456789abcdef0", "us-east-1b": "subnet-0123456789abcdef1"},
    "security_group_id": "sg-0123456789abcdef0",
    "cluster_role_arn": "arn:aws:iam::222222222222:role/nodes",
    "instance_profile_arn": "arn:aws:iam::222222222222:instance-profile/nodes",
    "bucket": "ray-data",
    "cross_account_role_arn": "arn:aws:iam::222222222222:role/raydock",
}


def test_outputs_say_all_of_it(owner: Client, world: World) -> None:
    cloud = registered(world.people, CloudState.CONNECTED)
    written = json.dumps({name: {"value": value} for name, value in OUTPUTS.items()})
    answer = owner.post(f"/clouds/{cloud.id}/register", {"outputs": written})
    assert answer["Location"] == f"/clouds/{cloud.id}"
    asked = one(Operation, cloud_id=cloud.id).input
    assert (asked["vpc"], asked["cluster_role"]) == (OUTPUTS["vpc_id"], OUTPUTS["cluster_role_arn"])
    assert asked["subnets"] == ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]


@pytest.mark.parametrize(
    ("written", "said"), [("", "not JSON"), ("{}", "no outputs"), ('{"a": 1}', "missing")]
)
def test_outputs_that_say_too_little_are_told(owner: Client, world: World, written: str, said: str) -> None:
    cloud = registered(world.people, CloudState.CONNECTED)
    answer = owner.post(f"/clouds/{cloud.id}/register", {"outputs": written})
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_nothing_can_be_given_for_a_managed_cloud(owner: Client, world: World) -> None:
    assert owner.get(f"/clouds/{world.ready.id}/registration")["Location"] == f"/clouds/{world.ready.id}"
    answer = owner.post(f"/clouds/{world.ready.id}/register", GIVEN)
    assert answer.status_code == 409
    assert "is a managed cloud" in answer.content.decode()


def test_an_auditor_reads_and_cannot_answer(world: World, visit: Visit, now: datetime) -> None:
    cloud = stuck(world.people.organization, now)
    auditor = visit(world.people.auditor)
    assert "registered and not active" in text(auditor, f"/clouds/{cloud.id}")
    assert "Activate it all the same" not in text(auditor, f"/clouds/{cloud.id}/checks")
    assert 'value="s3://ray-data"' in text(auditor, f"/clouds/{cloud.id}/registration")


def test_a_person_answers_for_each_check_with_a_reason(owner: Client, world: World, now: datetime) -> None:
    cloud = stuck(world.people.organization, now)
    assert 'value="sg.self_in"' in text(owner, f"/clouds/{cloud.id}/checks")
    answer = owner.post(f"/clouds/{cloud.id}/activate", {"reason": "peers"}, follow=True)
    assert "These checks stand in the way: sg.self_in." in answer.content.decode()
    answer = owner.post(
        f"/clouds/{cloud.id}/activate", {"acknowledge": ["sg.self_in"], "reason": "peers"}, follow=True
    )
    assert "The cloud is active." in answer.content.decode()
    active = one(Cloud, pk=cloud.id)
    assert active.state == "active"
    assert (active.acknowledged or {})["by"] == world.people.owner.actor.label


def test_t9_what_nobody_can_answer_for_is_not_offered(owner: Client, world: World, now: datetime) -> None:
    cloud = stuck(world.people.organization, now, "trust.requires_external_id")
    assert "Activate it all the same" not in text(owner, f"/clouds/{cloud.id}/checks")
    asked = {"acknowledge": ["trust.requires_external_id"], "reason": "why"}
    answer = owner.post(f"/clouds/{cloud.id}/activate", asked, follow=True)
    assert "Nobody can answer for trust.requires_external_id" in answer.content.decode()
    assert one(Cloud, pk=cloud.id).state == "registered"


def test_a_delete_says_that_it_only_forgets(owner: Client, world: World, now: datetime) -> None:
    page = text(owner, f"/clouds/{stuck(world.people.organization, now).id}/settings")
    assert "stay as they are" in page
    assert "Delete it with everything in it" not in page
