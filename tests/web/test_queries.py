"""No page asks the database more often because there is more to show."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from clouds.states import CloudState, Kind, OperationState
from iam import audit, tenancy
from tests import factories
from tests.people import join
from tests.web.conftest import Visit
from tests.web.test_doors import READS, WITHOUT_SANDBOX, address, name_of
from tests.world import World, furnish

MOST = 16
PAGES = [pattern for pattern in READS if pattern.name not in WITHOUT_SANDBOX]

pytestmark = pytest.mark.django_db


def questions(browser: Client, path: str) -> int:
    """How often a page asks for rows; what the wall between organizations says on PostgreSQL is no asking."""
    with CaptureQueriesContext(connection) as asked:
        browser.get(path)
    return sum("FROM" in query["sql"] for query in asked.captured_queries)


def grow(world: World, now: datetime) -> None:
    """More of everything that pages list."""
    for _ in range(5):
        cloud = factories.cloud(world.people.organization, CloudState.SETTING_UP, role_revision=0, now=now)
        furnish(factories.operation(cloud, Kind.SETUP, OperationState.RUNNING), now)
        furnish(factories.operation(world.ready, Kind.VERIFY, OperationState.SUCCEEDED, due_at=now), now)
        join(world.people.organization, role=world.people.member.actor.role, now=now)
        audit.append(
            actor=world.people.owner.actor,
            action="cloud.verify",
            entity="cloud",
            target_id=world.ready.id,
            cloud_id=world.ready.id,
            now=now,
        )
    with tenancy.everyone():
        world.setup.events.all().delete()
    furnish(world.setup, now)


@pytest.mark.parametrize("pattern", PAGES, ids=name_of)
def test_asks_as_often_for_more(pattern: URLPattern, world: World, visit: Visit, now: datetime) -> None:
    browser, path = visit(world.people.owner), address(pattern, world)
    browser.get(path)  # what is read once a process is read now
    few = questions(browser, path)

    grow(world, now)

    assert questions(browser, path) == few
    assert few <= MOST
