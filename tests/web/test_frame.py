"""What stands around every page: signing in and out, the theme, what the browser may run, the error page."""

from datetime import datetime

import pytest
from django.test import Client, RequestFactory

from iam import tenancy
from iam.models import Membership, User
from portal.web.errors import server_error
from tests.people import PASSWORD
from tests.web.conftest import text
from tests.world import World

pytestmark = pytest.mark.django_db


class TestSigningIn:
    def test_lets_in_and_leads_back(self, world: World) -> None:
        email = world.people.owner.actor.label

        answer = Client().post("/sign-in", {"email": email, "password": PASSWORD, "next": "/audit"})

        assert answer["Location"] == "/audit"

    @pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_never_leads_away(self, world: World, away: str) -> None:
        email = world.people.owner.actor.label

        assert (
            Client().post("/sign-in", {"email": email, "password": PASSWORD, "next": away})["Location"] == "/"
        )

    def test_says_the_same_for_a_wrong_password_and_a_stranger(self, world: World) -> None:
        pages = [
            Client().post("/sign-in", {"email": email, "password": "wrong password"}).content.decode()
            for email in (world.people.owner.actor.label, "nobody@ours.example")
        ]

        assert all("do not belong together" in page for page in pages)

    def test_holds_up_who_tries_too_often(self, world: World) -> None:
        email, guest = world.people.owner.actor.label, Client()

        tries = [guest.post("/sign-in", {"email": email, "password": "wrong"}).status_code for _ in range(11)]

        assert tries == [401] * 10 + [429]

    def test_never_writes_a_password_back(self, world: World) -> None:
        page = (
            Client()
            .post("/sign-in", {"email": "a@b.example", "password": "hunter2-hunter2"})
            .content.decode()
        )

        assert "hunter2" not in page

    def test_signs_out(self, owner: Client) -> None:
        owner.post("/sign-out")

        assert owner.get("/clouds").status_code == 302


class TestFrame:
    @pytest.mark.parametrize(
        ("cookie", "expected"),
        [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"'), ('"><script>', "")],
    )
    def test_renders_the_chosen_theme_from_the_first_byte(
        self, owner: Client, cookie: str, expected: str
    ) -> None:
        owner.cookies["raydock_theme"] = cookie

        head = text(owner, "/clouds").partition("<head>")[0]

        assert expected in head
        assert "script" not in head

    def test_holds_no_inline_script_or_style(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}")

        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick" not in page

    def test_sends_the_token_of_forms_with_every_part(self, owner: Client) -> None:
        assert """hx-headers:inherited='{"X-CSRFToken": \"""" in text(owner, "/clouds")

    def test_offers_other_organizations_only_to_who_has_them(self, owner: Client) -> None:
        assert "/organization/switch" not in text(owner, "/clouds")

    def test_changes_the_organization_for_who_has_several(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        person = User.objects.get(pk=world.people.owner.actor.id)
        with tenancy.scope(world.people.others.id):
            Membership.objects.create(
                organization=world.people.others, user=person, role="auditor", created_at=now
            )

        assert "/organization/switch" in text(owner, "/clouds")
        owner.post("/organization/switch", {"organization": world.people.others.id})

        page = text(owner, "/clouds")
        assert "prod-training" not in page
        assert "No clouds yet" in page

    def test_changes_to_no_organization_of_others(self, owner: Client, world: World) -> None:
        owner.post("/organization/switch", {"organization": world.people.others.id})

        assert "prod-training" in text(owner, "/clouds")

    def test_says_in_its_own_look_that_it_broke(self, rf: RequestFactory) -> None:
        request = rf.get("/clouds")
        request.request_id = "req_broken"  # type: ignore[attr-defined]

        answer = server_error(request)

        assert answer.status_code == 500
        assert "req_broken" in answer.content.decode()

    def test_says_in_its_own_look_that_nothing_is_here(self, owner: Client) -> None:
        answer = owner.get("/no/such/page")

        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()
        assert answer["X-Request-Id"] in answer.content.decode()
