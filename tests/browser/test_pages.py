"""Every page in a real browser: no complaint, no barrier, both themes, and 390 px wide."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from iam.models import AuditEvent
from tests.world import World

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "clouds": "/clouds",
    "roles": "/clouds/roles",
    "no cloud fits": "/clouds?q=nowhere",
    "new cloud": "/clouds/new",
    "new cloud on GCP": "/clouds/new/gcp",
    "cloud on GCP": "/clouds/{recorded}",
    "mapping of a cloud on GCP": "/clouds/{recorded}/mapping",
    "settings of a cloud on GCP": "/clouds/{recorded}/settings",
    "files for Ray": "/clouds/{ready}/ray",
    "registration": "/clouds/{registered}/registration",
    "registered cloud": "/clouds/{registered}",
    "checks to answer for": "/clouds/{registered}/checks",
    "settings of a registered cloud": "/clouds/{registered}/settings",
    "connect": "/clouds/{reserved}/connect",
    "create": "/clouds/{connected}/create",
    "ready cloud": "/clouds/{ready}",
    "busy cloud": "/clouds/{busy}",
    "failed cloud": "/clouds/{failed}",
    "checks": "/clouds/{ready}/checks",
    "resources": "/clouds/{ready}/resources",
    "export": "/clouds/{ready}/export",
    "export with the role": "/clouds/{reserved}/export",
    "activity": "/clouds/{ready}/activity",
    "access": "/clouds/{ready}/access",
    "policies": "/clouds/{ready}/policies",
    "policy": "/clouds/{ready}/policies/control-plane-services",
    "policy of a role": "/clouds/{ready}/policies/ray-head",
    "mapping": "/clouds/{ready}/mapping?sim-workload-type=job&sim-project=vision",
    "no mapping": "/clouds/{connected}/mapping",
    "version of a mapping": "/clouds/{ready}/mapping/versions/1",
    "settings": "/clouds/{ready}/settings",
    "operations": "/operations",
    "operation that ran": "/operations/{setup}",
    "operation that runs": "/operations/{running}",
    "operation that failed": "/operations/{broken}",
    "audit": "/audit",
    "audit filtered": "/audit?cloud={ready}&outcome=succeeded",
    "audit event": "/audit/{event}",
    "integrity": "/audit/integrity",
    "members": "/organization",
    "service accounts": "/organization/service-accounts",
    "tokens": "/organization/tokens",
}


def filled(path: str, world: World) -> str:
    event = AuditEvent.objects.filter(action="cloud.rename").values_list("pk", flat=True)[0]
    names = (
        "ready",
        "busy",
        "failed",
        "reserved",
        "connected",
        "recorded",
        "registered",
        "setup",
        "running",
        "broken",
    )
    return path.format(event=event, **{name: getattr(world, name).id for name in names})


def barriers(page: Page) -> list[str]:
    """What axe finds: the rule, how bad it is, and where."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_every_page_is_silent_open_to_all_and_fits_a_phone(
    owner: Page, world: World, live_server: LiveServer, path: str
) -> None:
    owner.goto(live_server.url + filled(path, world))
    assert owner.locator("h1").count() == 1

    for theme in ("light", "dark"):
        owner.emulate_media(color_scheme=theme)
        assert barriers(owner) == [], theme

    owner.set_viewport_size({"width": 390, "height": 844})
    assert owner.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", ["/sign-in", "/invitations/rdi_unknown"])
def test_pages_for_nobody_are_open_to_all(page: Page, live_server: LiveServer, path: str) -> None:
    page.goto(live_server.url + path)

    assert barriers(page) == []


def test_the_error_page_is_open_to_all(page: Page, live_server: LiveServer, complaints: list[str]) -> None:
    page.goto(live_server.url + "/no/such/page")

    assert barriers(page) == []
    assert [one for one in complaints if "404" not in one] == []
    complaints.clear()  # the browser tells of the 404 itself
