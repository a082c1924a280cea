"""A world to look at, and a browser for each person in it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from iam.models import User
from tests.people import People, Person
from tests.world import World, world_of

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
