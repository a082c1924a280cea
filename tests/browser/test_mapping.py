"""The mapping by hand: break a rule, see why, mend it, simulate, save, go back, find it all in the log."""

import re

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clouds.versions import ConfigVersion
from iam import tenancy
from tests.browser.test_pages import barriers
from tests.world import World


def editor(page: Page, name: str) -> str:
    """The text in a field of the editor."""
    return page.get_by_role("textbox", name=name).input_value()


def save(page: Page, why: str) -> None:
    page.get_by_label("Comment").fill(why)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version")).to_be_visible()


def test_a_rule_is_broken_mended_simulated_saved_and_rolled_back(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    page = owner
    page.goto(f"{live_server.url}/clouds/{world.ready.id}/access")
    page.get_by_role("navigation", name="Access").get_by_role("link", name="Mapping").click()

    # Break a rule: its remark says where, and nothing can be saved.
    rules = page.get_by_role("region", name="Rules")
    second = rules.get_by_role("group", name="Rule 2")
    second.get_by_label("Workloads").fill("project in (vision")
    expect(second.get_by_text("a comma or ')' should stand here")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 thing to mend")).to_be_visible()
    expect(page.locator("#faults")).to_contain_text("Line 9, column 35")
    assert "project in (vision" in editor(page, "YAML")
    assert barriers(page) == []

    # Mend it so that it can be read but is hidden by the rule before it: lint says which, with an example.
    second.get_by_label("Workloads").fill("project in (vision)")
    expect(second.get_by_text("asks for the same workloads as rule 1")).to_be_visible()
    expect(second.get_by_text("For example:")).to_contain_text("project=vision")
    save(page, "broken by mistake")

    # Mend it: moved up by keyboard alone, it is reached; the focus stays in the hand.
    second.get_by_label("Workloads").fill("project=vision,workload-type=job")
    expect(second.get_by_text("is never reached")).to_be_visible()
    page.get_by_role("button", name="Move rule 2 up").focus()
    page.keyboard.press("Enter")
    expect(rules.get_by_role("group", name="Rule 1").get_by_label("get the role")).to_have_value("job-nodes")
    expect(page.get_by_role("button", name="Move rule 1 down")).to_be_focused()
    expect(page.get_by_text("is never reached")).to_have_count(0)

    # What saving would do stands beside the button, which is at hand from the top of the page.
    effect = page.get_by_role("region", name="Save").get_by_role("link")
    expect(effect).to_contain_text("change")
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()

    # Simulate: three fields, and why.
    page.get_by_label("Type", exact=True).select_option("job")
    page.get_by_label("Project", exact=True).fill("vision")
    answer = page.get_by_role("region", name="Answer")
    expect(answer.get_by_role("heading")).to_have_text("It gets job-nodes")
    expect(answer.get_by_role("row").filter(has_text="not reached: rule 1 matched first")).to_have_count(2)
    changes = page.get_by_role("region", name="Who changes")
    expect(changes.get_by_role("row").filter(has_text="vision · ").first).to_contain_text("job-nodes")
    save(page, "mended")

    # Go back.
    page.get_by_role("link", name="Version 1", exact=True).click()
    page.get_by_role("button", name="Go back to this version").click()
    assert barriers(page) == []
    page.get_by_label("Reason").fill("one rule is enough")
    page.get_by_role("button", name="Go back", exact=True).click()
    expect(page.get_by_text("Version 1 counts again, as version 5.")).to_be_visible()
    expect(page.get_by_role("region", name="Rules").get_by_role("group")).to_have_count(1)

    # Each of them is in the log, with before and after.
    for action, count, before, after in (
        ("cloud.configure", 4, "project in (vision)", "project=vision,workload-type=job"),
        ("cloud.restore_config", 1, "job-nodes", "project=vision"),
    ):
        page.goto(f"{live_server.url}/audit?action={action}&cloud={world.ready.id}")
        links = page.get_by_role("link", name=action, exact=True)
        expect(links).to_have_count(count)
        links.first.click()
        diff = page.get_by_role("table", name="Before and after")
        expect(diff.locator("del").filter(has_text=before)).to_have_count(1)
        expect(diff.locator("ins").filter(has_text=after)).to_have_count(1)


def test_yaml_is_edited_beside_the_rules_and_keeps_its_comments(
    owner: Page, world: World, live_server: LiveServer
) -> None:
    page = owner
    page.goto(f"{live_server.url}/clouds/{world.connected.id}/mapping")
    expect(page.get_by_text("Which role does a workload's machine get?")).to_be_visible()

    page.get_by_role("button", name="Add a rule").click()
    expect(page.get_by_label("Workloads")).to_be_focused()
    page.keyboard.type("user=ann@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("ann-nodes")
    expect(page.get_by_role("textbox", name="YAML")).to_have_value(re.compile("value: ann-nodes"))

    text = editor(page, "YAML").replace("  rules:\n", "  rules:\n    # Ann asked for it\n")
    page.get_by_role("textbox", name="YAML").fill(text + "  oops: [")
    expect(page.get_by_text("The YAML cannot be read", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="YAML").fill(text)
    expect(page.get_by_label("get the role")).to_have_value("ann-nodes")

    page.get_by_label("get the role").fill("ann-role")
    expect(page.get_by_role("textbox", name="YAML")).to_have_value(
        re.compile("# Ann asked for it\n.*\n.*ann-role")
    )
    save(page, "")
    with tenancy.everyone():
        kept = ConfigVersion.objects.get(cloud=world.connected)
    assert (
        "    # Ann asked for it\n    - selector: user=ann@example.com\n      value: ann-role\n" in kept.source
    )
