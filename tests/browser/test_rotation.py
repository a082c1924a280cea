"""Rotating the external ID by hand, on a whole Raydock, where a button plays the customer; and its pages."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clouds import queries
from clouds.export.bootstrap import Bootstrap
from clouds.facts import Facts, Role
from clouds.models import Cloud
from clouds.services import operations
from clouds.states import Kind
from iam import tenancy
from iam.policy.trust import trust_policy
from tests.browser.test_pages import barriers
from tests.browser.test_story import Hand, sign_in
from tests.stack import Stack
from tests.world import World

SLOW = 60_000  # milliseconds: two processors may be shared by everything at once


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Raydock as `make run` starts it, with nothing in it."""
    running = Stack(tmp_path_factory.mktemp("rotation")).start()
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture
def hand(page: Page) -> Hand:
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    return Hand(page)


def trusted(stack: Stack, arn: str) -> object:
    """The external IDs that the role admits, asked of AWS itself."""
    role = stack.aws("iam", "us-east-1").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    return role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"]


def test_a_rotation_by_hand_in_the_sandbox(hand: Hand, stack: Stack) -> None:
    page = hand.page
    sign_in(hand, stack)
    hand.click("link", "New cloud")
    hand.type("Name", "rotating")
    hand.click("button", "Reserve")
    hand.click("button", "Create the role in the sandbox account")
    page.wait_for_url("**/create")
    cloud = page.url.split("/")[-2]
    with stack.client() as api:
        first = api.get(f"/clouds/{cloud}/trust").json()
        assert trusted(stack, first["role_arn"]) == first["external_id"]

        page.goto(f"{stack.run['url']}/clouds/{cloud}/access")
        expect(page.get_by_text("the role carries exactly this trust policy")).to_be_visible()
        # By keyboard: the button, and then each step's own button, without a reload.
        page.get_by_role("button", name="Rotate the external ID").press("Enter")
        expect(page.get_by_text("Waiting for the role to admit the new external ID")).to_be_visible()
        pending = api.get(f"/clouds/{cloud}/trust").json()["rotation"]["pending_external_id"]

        page.get_by_role("button", name="Do step 1 in the sandbox account").press("Enter")
        expect(page.get_by_text("Waiting for the role to refuse the old one")).to_be_visible()
        assert trusted(stack, first["role_arn"]) == [first["external_id"], pending]

        page.get_by_role("button", name="Do step 2 in the sandbox account").press("Enter")
        expect(page.get_by_role("button", name="Rotate the external ID")).to_be_visible()
        assert trusted(stack, first["role_arn"]) == pending
        told = api.get(f"/clouds/{cloud}/trust").json()
        assert (told["external_id"], told["rotation"]) == (pending, None)

        # The operation tells it all, and so does the audit log, with before and after.
        operation = api.get(f"/clouds/{cloud}/operations?kind=rotate").json()["results"][0]
        page.goto(f"{stack.run['url']}/operations/{operation['id']}")
        expect(page.locator(".page-head .badge")).to_have_text("Succeeded")
        expect(page.get_by_role("list", name="Rotation").get_by_text("done")).to_have_count(3)
        page.goto(f"{stack.run['url']}/audit?cloud={cloud}")
        page.get_by_role("link", name="cloud.trust.swap").click()
        expect(page.locator("ins", has_text=pending)).to_be_visible()
        expect(page.locator("del", has_text=first["external_id"])).to_be_visible()


def short_of_all(cloud: Cloud, now: datetime) -> None:
    """The role was seen with two statements of its policy and a trust policy of its own."""
    spec = queries.spec_of(cloud)
    whole = Bootstrap.of(spec, cloud.external_id, spec.cross_account_role_name).policy
    role = Role(
        name=spec.cross_account_role_name,
        arn=str(cloud.role_arn),
        trust=trust_policy("*", cloud.external_id),
        inline={"raydock": {**whole, "Statement": whole["Statement"][:2]}},
    )
    facts = Facts(at=now, account_id=cloud.account_id, region=cloud.region, roles=(role,))
    with tenancy.scope(cloud.organization_id):
        Cloud.objects.filter(pk=cloud.pk).update(facts=facts.to_json(), facts_at=now, role_revision=0)


@pytest.mark.parametrize("path", ["/clouds/roles", "/clouds/{ready}/access", "/clouds/{connected}/access"])
def test_what_is_attached_and_what_to_do_is_open_to_all(
    owner: Page, world: World, live_server: LiveServer, now: datetime, path: str
) -> None:
    short_of_all(world.ready, now)
    operations.request(actor=world.people.owner.actor, cloud=world.connected, kind=Kind.ROTATE, now=now)
    owner.goto(live_server.url + path.format(ready=world.ready.id, connected=world.connected.id))
    for theme in ("light", "dark"):
        owner.emulate_media(color_scheme=theme)
        assert barriers(owner) == []
    owner.set_viewport_size({"width": 390, "height": 844})
    assert owner.evaluate("document.documentElement.scrollWidth") <= 390
