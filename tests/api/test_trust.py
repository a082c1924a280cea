"""Trust over REST: who may look and try, how often, and how a rotation is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clouds.export.policies import REVISION
from clouds.models import Cloud
from clouds.queries import spec_of
from clouds.services import operations
from clouds.states import CloudState, Kind
from iam.policy.trust import trust_policy
from iam.throttling import spend
from tests import factories
from tests.api.world import PREFIX
from tests.people import People, Person

LOOKS = ("trust", "policies", "resources", "findings", "verifications", "operations")
TRIES = ("verify", "connect", "trust/rotate")


@pytest.fixture
def cloud(us: People) -> Cloud:
    return factories.cloud(us.organization, CloudState.ACTIVE)


def trust(person: Person, cloud: Cloud) -> dict[str, Any]:
    reply: dict[str, Any] = person.api.get(f"{PREFIX}clouds/{cloud.id}/trust").json()
    return reply


def body_of(path: str, cloud: Cloud) -> dict[str, Any]:
    return {"role_arn": cloud.role_arn} if path == "connect" else {}


def begun(us: People, cloud: Cloud) -> dict[str, Any]:
    reply = us.owner.api.post(f"{PREFIX}clouds/{cloud.id}/trust/rotate", {}, format="json")
    assert reply.status_code == 202, reply.content
    operation: dict[str, Any] = reply.json()
    return operation


def test_t15_whoever_may_not_see_a_cloud_can_neither_look_into_its_account_nor_try_its_role(
    us: People, cloud: Cloud
) -> None:
    api, at = us.stranger.api, f"{PREFIX}clouds/{cloud.id}"
    assert [api.get(f"{at}/{path}").status_code for path in LOOKS] == [404] * len(LOOKS)
    tried = [api.post(f"{at}/{path}", body_of(path, cloud), format="json").status_code for path in TRIES]
    assert tried == [404] * len(TRIES)


@pytest.mark.parametrize("path", TRIES)
def test_t15_whoever_may_only_read_a_cloud_tries_no_role(us: People, cloud: Cloud, path: str) -> None:
    reply = us.auditor.api.post(f"{PREFIX}clouds/{cloud.id}/{path}", body_of(path, cloud), format="json")
    assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("kind", [Kind.CONNECT, Kind.VERIFY, Kind.ROTATE])
def test_t20_too_many_tries_are_told_when_to_come_back(us: People, cloud: Cloud, kind: Kind) -> None:
    budget = operations.BUDGETS[kind]
    for _ in range(budget.burst):
        spend(budget, cloud.id, now=datetime.now(UTC))
    path = {Kind.ROTATE: "trust/rotate"}.get(kind, kind.value)
    reply = us.owner.api.post(f"{PREFIX}clouds/{cloud.id}/{path}", body_of(path, cloud), format="json")
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(reply["Retry-After"]) <= budget.every.total_seconds()
    assert reply["Retry-After"] in reply.json()["detail"]


def test_t21_the_id_is_shown_to_whoever_may_read_the_cloud_and_stands_in_the_audit_log(us: People) -> None:
    body = {"name": "open", "region": "eu-central-1", "account_id": factories.ACCOUNT}
    made = us.owner.api.post(f"{PREFIX}clouds", body, format="json").json()
    shown = us.auditor.api.get(f"{PREFIX}clouds/{made['id']}/trust").json()["external_id"]
    logged = us.auditor.api.get(f"{PREFIX}audit-events?action=cloud.create").json()["results"]
    assert shown in str(logged)


def test_t17_both_steps_are_told_with_the_line_that_attaches_each(us: People, cloud: Cloud) -> None:
    assert trust(us.auditor, cloud)["rotation"] is None
    operation = begun(us, cloud)
    assert (operation["kind"], operation["input"]) == ("rotate", {"wait_seconds": 86_400})
    told = trust(us.auditor, cloud)
    rotation, portal = told["rotation"], spec_of(cloud).portal_role_arn
    pending = rotation["pending_external_id"]
    assert told["external_id"] == cloud.external_id != pending
    assert rotation["operation_id"] == operation["id"]
    both, final = rotation["steps"]
    assert (both["state"], final["state"]) == ("now", "next")
    assert both["trust_policy"] == trust_policy(portal, cloud.external_id, pending) == told["trust_policy"]
    assert final["trust_policy"] == trust_policy(portal, pending)
    name = str(cloud.role_arn).rpartition("/")[2]
    for step in (both, final):
        assert step["aws_cli"].startswith(f"aws iam update-assume-role-policy --role-name {name} ")
        assert pending in step["aws_cli"]
        assert pending in step["terraform"]


def test_t17_a_rotation_that_is_stopped_shows_no_id_that_will_never_be_used(us: People, cloud: Cloud) -> None:
    operation = begun(us, cloud)
    assert us.owner.api.post(f"{PREFIX}operations/{operation['id']}/cancel").status_code == 202
    told = trust(us.owner, cloud)
    assert (told["rotation"], told["external_id"]) == (None, cloud.external_id)
    assert begun(us, cloud)["id"] != operation["id"]


@pytest.mark.parametrize("seconds", [-1, 604_801, "soon"])
def test_a_wait_that_makes_no_sense_is_refused_by_name(us: People, cloud: Cloud, seconds: object) -> None:
    asked = {"wait_seconds": seconds}
    reply = us.owner.api.post(f"{PREFIX}clouds/{cloud.id}/trust/rotate", asked, format="json")
    assert (reply.status_code, list(reply.json()["fields"])) == (400, ["wait_seconds"])


def test_a_cloud_without_a_role_has_nothing_to_rotate(us: People) -> None:
    reserved = factories.cloud(us.organization)
    reply = us.owner.api.post(f"{PREFIX}clouds/{reserved.id}/trust/rotate", {}, format="json")
    assert (reply.status_code, reply.json()["code"]) == (409, "not_possible_now")


def test_clouds_whose_role_is_behind_are_found(us: People) -> None:
    known = {
        name: factories.cloud(us.organization, CloudState.ACTIVE, name=name, role_revision=revision)
        for name, revision in {"behind": REVISION - 1, "right": REVISION, "unseen": None}.items()
    }
    factories.cloud(us.organization, CloudState.RESERVED, role_revision=0)
    factories.cloud(us.others, CloudState.ACTIVE, role_revision=0)
    found = us.auditor.api.get(f"{PREFIX}clouds?roles_behind=true").json()["results"]
    assert [(one["id"], one["role_behind"]) for one in found] == [(known["behind"].id, True)]
    for name, behind in (("right", False), ("unseen", None)):
        one = us.owner.api.get(f"{PREFIX}clouds/{known[name].id}").json()
        assert one["role_behind"] is behind
