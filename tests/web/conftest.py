"""A world to look at, and a browser for each person in it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import pytest
from django.db.models import Model
from django.test import Client

from iam import tenancy
from iam.models import User
from tests.people import People, Person
from tests.world import World, world_of

M = TypeVar("M", bound=Model)
BACKEND = "django.contrib.auth.backends.ModelBackend"
Visit = Callable[[Person | None], Client]


@pytest.fixture
def visit(us: People) -> Visit:
    """A browser in which this person is signed in; without a person nobody is."""

    def browser(person: Person | None) -> Client:
        client = Client()
        if person is not None:
            client.force_login(User.objects.get(pk=person.actor.id), backend=BACKEND)
        return client

    return browser


@pytest.fixture
def world(us: People, now: datetime) -> World:
    """The world, in the organization of `us`."""
    return world_of(us, now)


@pytest.fixture
def owner(world: World, visit: Visit) -> Client:
    return visit(world.people.owner)


def text(browser: Client, path: str, **headers: str) -> str:
    return browser.get(path, headers=headers).content.decode()


def one(model: type[M], **where: Any) -> M:
    """The one row that fits, whoever it belongs to: tests stand outside the wall between organizations."""
    with tenancy.everyone():
        found: M = model._default_manager.get(**where)
        return found


def count(model: type[M], **where: Any) -> int:
    """How many rows fit, whoever they belong to."""
    with tenancy.everyone():
        return model._default_manager.filter(**where).count()
