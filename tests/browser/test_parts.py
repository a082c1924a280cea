"""What the console's little script and the native parts do: menus, dialogs, copy, theme, live parts."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clouds.models import Cloud, Operation
from tests.browser.test_pages import barriers
from tests.world import World


def test_the_theme_is_kept_and_the_page_comes_in_it(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(live_server.url + "/clouds")
    owner.get_by_role("button", name="Theme").click()
    owner.get_by_role("button", name="Dark").click()

    assert (
        owner.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(12, 12, 15)"
    )

    # Without the script, so only the server can have done it.
    nothing = {"body": "", "content_type": "text/javascript"}
    owner.route("**/console.js", lambda route: route.fulfill(**nothing))
    owner.reload()
    assert owner.locator("html").get_attribute("data-theme") == "dark"


def test_copy_puts_the_whole_text_on_the_clipboard(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(f"{live_server.url}/clouds/{world.reserved.id}/connect")

    owner.get_by_text("Terraform", exact=True).click()
    owner.get_by_role("button", name="Copy raydock-role.tf").click()

    copied = owner.evaluate("navigator.clipboard.readText()")
    assert world.reserved.external_id in copied
    assert copied == owner.locator("#form-terraform").text_content()
    expect(owner.get_by_role("status").first).to_have_text("Copied")


def test_the_lines_of_a_fix_have_the_width_of_the_page(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(f"{live_server.url}/clouds/{world.ready.id}/checks")
    check = owner.locator("details", has=owner.get_by_text("AWS CLI", exact=True)).first
    check.locator("summary").click()

    for width, least in ((1440, 800), (390, 220)):
        owner.set_viewport_size({"width": width, "height": 900})
        box = check.locator("pre").first.bounding_box()
        assert box
        assert box["width"] > least


def test_filters_as_one_types_and_keeps_the_address(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(live_server.url + "/clouds")

    owner.keyboard.press("/")
    owner.keyboard.type("prod")

    expect(owner.get_by_role("row")).to_have_count(2)  # the head and one cloud
    expect(owner).to_have_url(live_server.url + "/clouds?q=prod&state=")
    expect(owner.get_by_role("searchbox")).to_be_focused()


def test_a_dialog_opens_only_with_the_name_and_closes_by_escape(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(f"{live_server.url}/clouds/{world.ready.id}/settings")
    owner.get_by_role("button", name="Delete…").click()
    assert barriers(owner) == []
    delete = owner.get_by_role("button", name="Delete the cloud")

    owner.get_by_label("Type prod-training to confirm").fill("prod")
    expect(delete).to_be_disabled()
    owner.get_by_label("Type prod-training to confirm").fill("prod-training")
    expect(delete).to_be_enabled()

    owner.keyboard.press("Escape")
    expect(owner.get_by_role("dialog")).to_be_hidden()


def test_the_menu_of_a_phone_opens_and_leads_on(owner: Page, world: World, live_server: LiveServer) -> None:
    owner.set_viewport_size({"width": 390, "height": 844})
    owner.goto(live_server.url + "/clouds")
    menu = owner.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()

    owner.get_by_role("button", name="Open the menu").click()
    assert barriers(owner) == []
    menu.get_by_role("link", name="Audit").click()

    expect(owner.get_by_role("heading", name="Audit", exact=True)).to_be_visible()


def test_a_live_page_follows_its_operation_and_then_rests(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(f"{live_server.url}/clouds/{world.busy.id}")
    owner.get_by_text("The same over REST").click()

    with owner.expect_request(lambda request: request.headers.get("hx-request") == "true"):
        Operation.objects.filter(pk=world.running.pk).update(steps_done=1)
    expect(owner.get_by_text("1 of 2 steps")).to_be_visible()
    assert owner.locator("details[open]").count() == 1  # what a person has opened stays open

    Operation.objects.filter(pk=world.running.pk).update(state="succeeded", message="All is there.")
    Cloud.objects.filter(pk=world.busy.pk).update(state="active")
    expect(owner.locator(".page-head .badge")).to_have_text("Ready")
    expect(owner.locator("[hx-trigger]")).to_have_count(0)  # nothing is left that would ask again


def test_a_form_is_sent_once_however_often_one_clicks(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    owner.goto(live_server.url + "/clouds/new")
    owner.get_by_label("Name").fill("twice")

    owner.get_by_role("button", name="Reserve").dblclick()

    owner.wait_for_url("**/connect")
    assert Cloud.objects.filter(name="twice").count() == 1


def test_forms_of_htmx_carry_the_token(owner: Page, world: World, live_server: LiveServer) -> None:
    owner.goto(live_server.url + "/clouds")

    with owner.expect_request(lambda request: request.headers.get("hx-request") == "true") as asked:
        owner.get_by_label("Status", exact=True).select_option("active")

    assert len(asked.value.headers["x-csrftoken"]) > 30
