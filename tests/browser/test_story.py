"""The whole story by hand, on a whole Raydock: new cloud, watch it, verify, break, mend, delete, audit."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

SLOW = 60_000  # milliseconds: two processors may be shared by everything at once
NAME = "story"


@dataclass
class Hand:
    """A hand that counts what it does."""

    page: Page
    clicks: int = 0
    typed: int = 0

    def click(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
        self.clicks += 1

    def type(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)
        self.typed += 1


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Raydock as `make run` starts it, with nothing in it."""
    running = Stack(tmp_path_factory.mktemp("story")).start()
    yield running
    assert running.stop() == 0, running.log()


@pytest.fixture
def hand(page: Page) -> Hand:
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    return Hand(page)


def sign_in(hand: Hand, stack: Stack) -> None:
    hand.page.goto(stack.run["url"])
    hand.type("E-mail", stack.run["email"])
    hand.type("Password", stack.run["password"])
    hand.click("button", "Sign in")
    expect(hand.page.get_by_role("heading", name="Clouds", exact=True)).to_be_visible()


def state_is(hand: Hand, word: str) -> None:
    expect(hand.page.locator(".page-head .badge")).to_have_text(word)


def test_a_cloud_from_nothing_to_verified_to_gone(hand: Hand, stack: Stack) -> None:
    page = hand.page
    sign_in(hand, stack)

    # From "New cloud" to a running set-up: at most 5 clicks and 2 typed fields.
    hand.clicks = hand.typed = 0
    hand.click("link", "New cloud")
    hand.type("Name", NAME)
    hand.click("button", "Reserve")
    hand.click("button", "Create the role in the sandbox account")
    page.wait_for_url("**/create")  # nobody clicked: the page moved on by itself
    expect(page.get_by_role("row").filter(has_text="internet-gateway")).to_be_visible()
    hand.click("button", "Create the cloud")
    page.wait_for_url("**/clouds/cld_*")
    assert hand.clicks <= 5
    assert hand.typed <= 2

    # It is watched without a reload, and ends with its checks.
    state_is(hand, "Ready")
    cloud = page.url.rpartition("/")[2]
    assert made(stack, cloud)
    expect(page.get_by_role("img", name="Layout of story")).to_contain_text("vpc-")
    assert page.locator("[hx-trigger]").count() == 0  # and then stops asking

    # Somebody breaks it; the check says what, and how to mend it.
    break_group(stack, page)
    hand.click("button", "Verify")
    state_is(hand, "Needs attention")
    page.get_by_role("navigation", name="Cloud").get_by_role("link", name="Checks").click()
    page.locator("summary").filter(has_text="Nodes reach each other").click()
    expect(page.get_by_text("aws ec2 authorize-security-group-ingress")).to_be_visible()

    # Set up again mends it.
    hand.click("link", "Set up again")
    hand.click("button", "Create the cloud")
    state_is(hand, "Ready")

    # What the sandbox account holds, seen with one's own eyes.
    hand.click("link", "Sandbox account")
    expect(page.get_by_role("row").filter(has_text=cloud).first).to_be_visible()

    # Delete it: the name typed, the bucket too.
    page.goto(f"{stack.run['url']}/clouds/{cloud}/settings")
    hand.click("button", "Delete…")
    expect(page.get_by_role("button", name="Delete the cloud")).to_be_disabled()
    page.get_by_label("Delete it with everything in it").check()
    hand.type(f"Type {NAME} to confirm", NAME)
    hand.click("button", "Delete the cloud")
    state_is(hand, "Deleted")
    assert made(stack, cloud) == []

    # The log tells it all, and holds.
    hand.click("link", "Audit")
    for action in ("cloud.create", "cloud.connect", "cloud.setup", "cloud.verify", "cloud.delete"):
        expect(page.get_by_role("link", name=action, exact=True).first).to_be_visible()
    hand.click("link", "Verify")
    expect(page.get_by_text("The chain holds")).to_be_visible()


def made(stack: Stack, cloud: str) -> list[str]:
    """The VPCs, subnets and groups in the account that carry the cloud's tag, asked of AWS itself."""
    tagged = [{"Name": "tag:raydock-cloud-id", "Values": [cloud]}]
    ec2 = stack.aws("ec2", "us-east-1")
    vpcs = ec2.describe_vpcs(Filters=tagged)["Vpcs"]
    subnets = ec2.describe_subnets(Filters=tagged)["Subnets"]
    groups = ec2.describe_security_groups(Filters=tagged)["SecurityGroups"]
    return [
        *(one["VpcId"] for one in vpcs),
        *(one["SubnetId"] for one in subnets),
        *(g["GroupId"] for g in groups),
    ]


def break_group(stack: Stack, page: Page) -> None:
    """Take away the rule by which nodes reach each other, as somebody in the AWS console might."""
    ec2 = stack.aws("ec2", "us-east-1")
    group = page.locator(".facts").get_by_text("sg-").inner_text()
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    inside = [rule for rule in rules if rule["UserIdGroupPairs"]]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=inside)
