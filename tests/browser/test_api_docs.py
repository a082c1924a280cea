"""The API's own page: readable without a content delivery network, under the strict policy of all pages."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from tests.api.world import calls
from tests.people import People


def test_the_description_is_rendered_from_here_alone(page: Page, us: People, live_server: LiveServer) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(f"{live_server.url}/api/v1/docs")
    expect(page.get_by_role("heading", name="Raydock")).to_be_visible()
    expect(page.locator(".opblock")).to_have_count(len(calls()))
    page.locator(".opblock", has_text="/clouds/{cloud_id}/setup").get_by_role("button").first.click()
    expect(page.get_by_text("Create what the cloud needs in the account")).to_be_visible()
    hosts = {urlsplit(request.url).netloc for request in asked if not request.url.startswith("data:")}
    assert hosts == {urlsplit(live_server.url).netloc}
