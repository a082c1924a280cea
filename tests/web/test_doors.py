"""Every address of the console, tried by an owner, an auditor, a stranger and nobody."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from iam import tenancy
from iam.errors import NotFound
from iam.models import AuditEvent
from iam.permissions import ROLES, MemberRole, Permission
from portal.web.urls import urlpatterns
from tests.web.conftest import Visit, count, one
from tests.world import World


def declared(pattern: URLPattern, name: str) -> Any:
    """What the view says about itself."""
    return getattr(pattern.callback, name)


OPEN = {"sign-in", "sign-out", "invitation", "switch-organization"}
GUARDED = [pattern for pattern in urlpatterns if pattern.name not in OPEN]
READS = [pattern for pattern in GUARDED if "GET" in declared(pattern, "methods")]
CHANGES = [pattern for pattern in GUARDED if "POST" in declared(pattern, "methods")]
# Shows what the sandbox process holds; it is not there in these tests, which the page has to say.
WITHOUT_SANDBOX = {"sandbox"}
# Leads on to where the cloud stands.
LEADS_ON = {"cloud-connect", "cloud-create", "cloud-registration"}
PAGE, MOVED, REFUSED, NOTHING, AWAY = 200, 302, 403, 404, 503

pytestmark = pytest.mark.django_db


def address(pattern: URLPattern, world: World) -> str:
    """The address with ids of the world in it."""
    known = {
        "cloud_id": world.ready.id,
        "operation_id": world.setup.id,
        "event_id": one(AuditEvent, action="cloud.rename").pk,
        "member_id": world.people.member.place_id,
        "account_id": world.people.program.actor.id,
        "token_id": world.people.owner.actor.token_id,
        "invitation_id": "inv_none",
        "form": "terraform",
        "name": "control-plane",
        "number": 1,
    }
    return reverse(f"web:{pattern.name}", kwargs={name: known[name] for name in pattern.pattern.converters})


def expected(pattern: URLPattern) -> int:
    if pattern.name in WITHOUT_SANDBOX:
        return AWAY
    return MOVED if pattern.name in LEADS_ON else PAGE


def name_of(pattern: URLPattern) -> str:
    return str(pattern.name)


@pytest.mark.parametrize("pattern", urlpatterns, ids=name_of)
def test_says_who_may_come_in(pattern: URLPattern) -> None:
    permission = declared(pattern, "permission")
    assert isinstance(permission, Permission) or (permission is None and pattern.name in OPEN)


@pytest.mark.parametrize("pattern", READS, ids=name_of)
def test_shows_an_owner_everything(pattern: URLPattern, world: World, visit: Visit) -> None:
    answer = visit(world.people.owner).get(address(pattern, world))

    assert answer.status_code == expected(pattern)


@pytest.mark.parametrize("pattern", READS, ids=name_of)
def test_shows_an_auditor_what_may_be_read(pattern: URLPattern, world: World, visit: Visit) -> None:
    allowed = declared(pattern, "permission") in ROLES[MemberRole.AUDITOR]

    answer = visit(world.people.auditor).get(address(pattern, world))

    assert answer.status_code == (expected(pattern) if allowed else REFUSED)


@pytest.mark.parametrize("pattern", CHANGES, ids=name_of)
def test_lets_an_auditor_change_nothing(pattern: URLPattern, world: World, visit: Visit) -> None:
    browser = visit(world.people.auditor)

    answer = browser.post(address(pattern, world), {"name": "taken over"})

    assert answer.status_code == REFUSED
    assert last_event().outcome == "denied"
    assert last_event().actor_id == world.people.auditor.actor.id


@pytest.mark.parametrize("pattern", [one for one in READS if one.pattern.converters], ids=name_of)
def test_tells_a_stranger_nothing(pattern: URLPattern, world: World, visit: Visit) -> None:
    answer = visit(world.people.stranger).get(address(pattern, world))

    assert answer.status_code == NOTHING
    assert NotFound().message in answer.content.decode()
    assert world.ready.name not in answer.content.decode()


@pytest.mark.parametrize("pattern", [one for one in READS if not one.pattern.converters], ids=name_of)
def test_shows_a_stranger_an_own_empty_house(pattern: URLPattern, world: World, visit: Visit) -> None:
    answer = visit(world.people.stranger).get(address(pattern, world))

    assert answer.status_code == expected(pattern)
    assert world.ready.name not in answer.content.decode()
    assert world.people.owner.actor.label not in answer.content.decode()


@pytest.mark.parametrize("pattern", [one for one in CHANGES if one.pattern.converters], ids=name_of)
def test_lets_a_stranger_change_nothing(pattern: URLPattern, world: World, visit: Visit) -> None:
    before = count(AuditEvent, organization_id=world.people.organization.id)

    answer = visit(world.people.stranger).post(
        address(pattern, world), {"role": "owner", "name": "taken over"}
    )

    assert answer.status_code == NOTHING
    assert count(AuditEvent, organization_id=world.people.organization.id) == before


@pytest.mark.parametrize("pattern", GUARDED, ids=name_of)
def test_leads_nobody_to_the_sign_in_page(pattern: URLPattern, world: World) -> None:
    method = Client().get if pattern in READS else Client().post

    answer = method(address(pattern, world))

    assert answer.status_code == MOVED
    assert answer["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("pattern", READS, ids=name_of)
def test_moves_the_whole_page_when_a_part_finds_nobody_signed_in(pattern: URLPattern, world: World) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/clouds"}

    answer = Client().get(address(pattern, world), headers=headers)

    assert answer["HX-Redirect"] == "/sign-in?next=/clouds"


def test_takes_no_form_that_it_did_not_make(world: World, visit: Visit) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = visit(world.people.owner).cookies

    answer = browser.post(
        reverse("web:cloud-delete", args=[world.ready.id]), {"confirm_name": world.ready.name}
    )

    assert answer.status_code == REFUSED
    assert "Go back, reload the page" in answer.content.decode()


def test_answers_a_removed_member_as_nobody_special(world: World, visit: Visit) -> None:
    browser = visit(world.people.member)
    end = reverse("web:member-end", args=[world.people.member.place_id])
    visit(world.people.owner).post(end)

    assert browser.get("/clouds").status_code == NOTHING


def last_event() -> AuditEvent:
    with tenancy.everyone():
        return AuditEvent.objects.order_by("-at", "-seq").first() or AuditEvent()
