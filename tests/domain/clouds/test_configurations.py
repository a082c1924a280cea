"""Versions of a configuration: who may write, what is kept and told, and that nothing of it ever changes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from clouds import configurations
from clouds.checks.catalogue import CATALOGUE
from clouds.config.document import Document, from_json, from_yaml
from clouds.configurations import current, identity_of, mapping_of, ready_mapping, version_for
from clouds.facts import Facts, Role
from clouds.models import Cloud, Verification, VerificationFinding
from clouds.services.configurations import config_rollback, config_save
from clouds.states import CloudState, Kind, OperationState
from clouds.versions import ConfigVersion
from iam import audit
from iam.errors import Denied, NotFound, Problem
from tests import factories
from tests.domain.iam.fullness import refuse_new_events
from tests.people import People, Person

VISION, JOBS = ("project=vision", "vision-nodes"), ("workload-type=job", "job-nodes")


@pytest.fixture
def cloud(us: People) -> Cloud:
    return factories.cloud(us.organization, CloudState.ACTIVE)


def document(cloud: Cloud, *rules: tuple[str, str]) -> Document:
    mapping = {
        "mode": "CUSTOMER_MANAGED",
        "rules": [{"selector": selector, "value": value} for selector, value in rules],
        "default_rule": "FAIL",
    }
    own = identity_of(cloud)
    data = {
        "cloud_deployment_id": own.deployment_id,
        "cloud_provider": own.provider,
        "dataplane_iam_mapping": mapping if rules else {},
    }
    return from_json(data, own, current(cloud).source)


def save(who: Person, cloud: Cloud, now: datetime, *rules: tuple[str, str], **more: Any) -> ConfigVersion:
    return config_save(actor=who.actor, cloud=cloud, document=document(cloud, *rules), now=now, **more)


def last_event(us: People) -> dict[str, Any]:
    return audit.events(actor=us.owner.actor, limit=1).results[0]


def test_a_cloud_begins_with_no_mapping_and_no_row(cloud: Cloud) -> None:
    found = current(cloud)
    assert found.number == 0
    assert found.document["dataplane_iam_mapping"] == {}
    assert mapping_of(cloud).mode is None
    assert not ConfigVersion.objects.exists()


def test_each_save_is_a_version_with_author_reason_and_text(us: People, cloud: Cloud, now: datetime) -> None:
    save(us.owner, cloud, now, VISION, reason="vision asked")
    made = save(us.admin, cloud, now + timedelta(hours=1), VISION, JOBS)
    assert (made.number, made.author, made.author_id) == (2, us.admin.actor.label, us.admin.actor.id)
    first = version_for(cloud, 1)
    assert (first.reason, first.created_at, first.restored_from) == ("vision asked", now, None)
    assert "value: vision-nodes" in first.source
    assert current(cloud).pk == made.pk
    assert [one.number for one in configurations.versions(cloud).results] == [2, 1]


def test_a_save_is_audited_with_before_and_after(us: People, cloud: Cloud, now: datetime) -> None:
    save(us.owner, cloud, now, VISION)
    save(us.owner, cloud, now, JOBS, reason="because")
    event = last_event(us)
    assert (event["action"], event["cloud_id"], event["reason"]) == ("cloud.configure", cloud.id, "because")
    assert (event["before"]["version"], event["after"]["version"]) == (1, 2)
    assert event["before"]["rules"] == [{"selector": VISION[0], "value": VISION[1]}]
    assert event["after"]["rules"] == [{"selector": JOBS[0], "value": JOBS[1]}]
    assert event["after"]["default_rule"] == "FAIL"


def test_what_changes_nothing_makes_no_version_and_a_comment_does(
    us: People, cloud: Cloud, now: datetime
) -> None:
    made = save(us.owner, cloud, now, VISION)
    assert save(us.owner, cloud, now, VISION).pk == made.pk
    assert ConfigVersion.objects.count() == 1
    commented = from_yaml(f"# why\n{made.source}", identity_of(cloud))
    assert config_save(actor=us.owner.actor, cloud=cloud, document=commented, now=now).number == 2


def test_going_back_makes_a_new_version_with_text_and_comments(
    us: People, cloud: Cloud, now: datetime
) -> None:
    own = identity_of(cloud)
    commented = from_yaml("# ours\n" + document(cloud, VISION).source, own)
    config_save(actor=us.owner.actor, cloud=cloud, document=commented, now=now)
    save(us.owner, cloud, now, JOBS)
    made = config_rollback(actor=us.admin.actor, cloud=cloud, number=1, reason="wrong", now=now)
    assert (made.number, made.restored_from, made.reason) == (3, 1, "wrong")
    assert made.source == commented.source
    event = last_event(us)
    assert (event["action"], event["after"]["restored_from"]) == ("cloud.restore_config", 1)
    assert (event["before"]["rules"][0]["value"], event["after"]["rules"][0]["value"]) == (JOBS[1], VISION[1])
    assert mapping_of(cloud).rules[0].value == VISION[1]


def test_going_back_to_what_counts_or_to_nothing_is_refused(us: People, cloud: Cloud, now: datetime) -> None:
    save(us.owner, cloud, now, VISION)
    with pytest.raises(Problem) as refused:
        config_rollback(actor=us.owner.actor, cloud=cloud, number=1, now=now)
    assert (refused.value.code, refused.value.status) == ("already_current", 409)
    for number in (0, 2, 10**12):
        with pytest.raises(NotFound):
            config_rollback(actor=us.owner.actor, cloud=cloud, number=number, now=now)


def test_a_change_of_what_was_changed_since_is_refused_with_the_version_that_counts(
    us: People, cloud: Cloud, now: datetime
) -> None:
    save(us.owner, cloud, now, VISION)
    save(us.admin, cloud, now, JOBS, expected=1)
    with pytest.raises(Problem, match="version 2 counts now") as refused:
        save(us.owner, cloud, now, VISION, JOBS, expected=1)
    assert (refused.value.code, refused.value.status) == ("precondition_failed", 412)
    with pytest.raises(Problem, match="version 2 counts now"):
        config_rollback(actor=us.owner.actor, cloud=cloud, number=1, expected=1, now=now)
    assert current(cloud).number == 2


@pytest.mark.parametrize("role", ["member", "auditor"])
def test_only_owners_and_administrators_write(us: People, cloud: Cloud, now: datetime, role: str) -> None:
    """The mapping says who gets which role: with it a member could give the own workloads a stronger one."""
    save(us.owner, cloud, now, VISION)
    with pytest.raises(Denied):
        save(us.insiders[role], cloud, now, JOBS)
    with pytest.raises(Denied):
        config_rollback(actor=us.insiders[role].actor, cloud=cloud, number=1, now=now)


def test_a_deleted_cloud_keeps_its_configuration(us: People, now: datetime) -> None:
    gone = factories.cloud(us.organization, CloudState.DELETED, deleted_at=now)
    with pytest.raises(Problem) as refused:
        save(us.owner, gone, now, VISION)
    assert refused.value.code == "cloud_deleted"


def test_values_are_resolved_with_what_the_last_look_saw(us: People, cloud: Cloud, now: datetime) -> None:
    arn = f"arn:aws:iam::{cloud.account_id}:role/teams/vision-nodes"
    roles = (Role(name="vision-nodes", arn=arn, path="/teams/"),)
    cloud.facts = Facts(at=now, account_id=cloud.account_id, region=cloud.region, roles=roles).to_json()
    cloud.save()
    made = save(us.owner, cloud, now, VISION, JOBS)
    assert [(one["value"], one["arn"], one["basis"]) for one in made.resolved] == [
        ("vision-nodes", arn, "seen"),
        ("job-nodes", f"arn:aws:iam::{cloud.account_id}:role/job-nodes", "assumed"),
    ]


def test_a_mapping_is_made_ready_once_for_each_version(us: People, cloud: Cloud, now: datetime) -> None:
    save(us.owner, cloud, now, VISION)
    number, ready = ready_mapping(cloud)
    assert (number, ready_mapping(cloud).mapping is ready) == (1, True)
    save(us.owner, cloud, now + timedelta(seconds=1), JOBS)
    assert ready_mapping(cloud).mapping is not ready


def test_a_version_that_was_rolled_back_is_not_remembered(us: People, cloud: Cloud, now: datetime) -> None:
    class Undo(Exception):  # noqa: N818 - no error, a way out
        pass

    @transaction.atomic
    def begin() -> None:
        save(us.owner, cloud, now, VISION)
        assert mapping_of(cloud).rules[0].value == VISION[1]
        raise Undo

    with pytest.raises(Undo):
        begin()
    cloud.refresh_from_db()
    assert mapping_of(cloud).rules == ()
    save(us.owner, cloud, now + timedelta(seconds=1), JOBS)
    assert mapping_of(cloud).rules[0].value == JOBS[1]


def test_the_known_users_are_those_of_the_organization(us: People, cloud: Cloud) -> None:
    known = configurations.known_of(cloud, mapping_of(cloud)).users or frozenset()
    assert {us.owner.actor.label, us.member.actor.label, "robot"} <= known
    assert us.stranger.actor.label not in known


def test_a_role_that_the_last_verification_did_not_find_is_known_to_be_missing(
    us: People, cloud: Cloud, now: datetime
) -> None:
    save(us.owner, cloud, now, VISION, JOBS)
    config = mapping_of(cloud)
    assert configurations.EXISTS in CATALOGUE
    assert configurations.known_of(cloud, config).roles is None
    verified(cloud, now, FAIL=JOBS[1], PASS=VISION[1])
    assert configurations.known_of(cloud, config).roles == frozenset({VISION[1]})
    verified(cloud, now, PASS=JOBS[1])
    assert configurations.known_of(cloud, config).roles is None


def verified(cloud: Cloud, now: datetime, **found: str) -> None:
    """A verification that found, or did not find, these roles."""
    operation = factories.operation(cloud, Kind.VERIFY, OperationState.SUCCEEDED)
    ours = {"organization_id": cloud.organization_id}
    run = Verification.objects.create(**ours, cloud=cloud, operation=operation, started_at=now)
    for status, name in found.items():
        VerificationFinding.objects.create(
            **ours,
            verification=run,
            check_id=configurations.EXISTS,
            area="mapping",
            severity="must",
            status=status,
            subject=f"arn:aws:iam::{cloud.account_id}:role/{name}",
        )


# What no query may do, ours included; PostgreSQL and SQLite have triggers of their own.


@pytest.mark.services
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clouds_configversion SET source = 'x'",
        "UPDATE clouds_configversion SET reason = 'x'",
        "DELETE FROM clouds_configversion",
    ],
)
def test_versions_are_only_added(us: People, cloud: Cloud, now: datetime, statement: str) -> None:
    save(us.owner, cloud, now, VISION)
    with pytest.raises(DatabaseError, match="kept as they were saved"), transaction.atomic():
        execute(statement)
    assert "vision-nodes" in current(cloud).source


@pytest.mark.services
def test_versions_are_not_emptied_or_replaced(us: People, cloud: Cloud, now: datetime) -> None:
    made = save(us.owner, cloud, now, VISION)
    if connection.vendor == "postgresql":
        statement = "TRUNCATE clouds_configversion"
    else:
        columns = ", ".join(str(field.column) for field in ConfigVersion._meta.local_fields)
        statement = f"INSERT OR REPLACE INTO clouds_configversion SELECT {columns} FROM clouds_configversion"
    with pytest.raises(DatabaseError), transaction.atomic():
        execute(statement)
    assert version_for(cloud, 1).pk == made.pk


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.services
def test_what_cannot_be_audited_is_not_saved(us: People, cloud: Cloud, now: datetime) -> None:
    refuse_new_events()
    with pytest.raises(DatabaseError), transaction.atomic():
        save(us.owner, cloud, now, VISION)
    assert current(cloud).number == 0
