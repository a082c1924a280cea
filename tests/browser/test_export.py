"""Exports by keyboard, and what the copy button takes."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.world import World


def test_the_forms_change_by_keyboard_and_are_copied(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(f"{live_server.url}/clouds/{world.reserved.id}/export")
    form = owner.get_by_role("region", name="raydock-sandbox-euc1.sh")
    expect(form).to_be_hidden()

    owner.get_by_role("radio", name="Terraform").focus()
    owner.keyboard.press("ArrowRight")
    owner.keyboard.press("ArrowRight")
    expect(form).to_be_visible()

    owner.get_by_role("button", name="Copy raydock-sandbox-euc1.sh").press("Enter")
    expect(owner.locator("#status")).to_have_text("Copied")
    assert owner.evaluate("navigator.clipboard.readText()") == form.text_content()
