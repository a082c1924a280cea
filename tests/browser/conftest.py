"""A real browser. Whatever it complains about, a blocked script or style included, fails the test."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from iam.models import User
from tests.chromium import find_browser, launch_arguments
from tests.people import People, people
from tests.world import World, world_of

# Playwright's sync API runs a loop in the test's thread; Django would refuse to use the database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
BACKEND = "django.contrib.auth.backends.ModelBackend"
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium of this machine, quietly."""
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": launch_arguments()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The window of every test: nothing moves that need not."""
    return {**browser_context_args, "viewport": WIDE, "reduced_motion": "reduce"}


@pytest.fixture
def complaints() -> list[str]:
    """Every message of the browser's console and every script error of this test."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """A page that must stay silent: a blocked script, a missing file or an error fails the test."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    made = context.new_page()
    made.on("console", lambda message: complaints.append(said(message)))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    assert complaints == []


def said(message: ConsoleMessage) -> str:
    return f"{message.type}: {message.text} ({message.location.get('url', '')})"


@pytest.fixture
def us(transactional_db: None, now: datetime) -> People:
    """The people of the world, committed, since the server reads them in another thread."""
    return people(now)


@pytest.fixture
def world(us: People, now: datetime) -> World:
    """A world to look at."""
    return world_of(us, now)


@pytest.fixture
def owner(page: Page, world: World, live_server: LiveServer) -> Page:
    """A page in which the owner is signed in."""
    client = Client()
    client.force_login(User.objects.get(pk=world.people.owner.actor.id), backend=BACKEND)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url, "httpOnly": True}]
    )
    return page


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A window as narrow as a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, reduced_motion="reduce", has_touch=True
    )
    yield context
    context.close()
