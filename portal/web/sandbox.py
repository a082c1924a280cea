"""The sandbox accounts as they are now, so that a person sees creation and deletion happen."""

from typing import Any

from django.http import HttpResponse

from clouds.facts import CLOUD_TAG, LOGICAL_TAG
from iam.permissions import Permission
from portal.web import playground
from portal.web.pages import PageRequest, render
from portal.web.sessions import page


@page(Permission.CLOUD_READ)
def sandbox(request: PageRequest) -> HttpResponse:
    """Show what exists in the sandbox accounts, without what AWS makes by itself. It stays fresh."""
    items = playground.inventory()
    context = {"accounts": _accounts([item for item in items if not item["default"]])}
    crumbs = [("Sandbox account", None)]
    return render(request, "web/sandbox.html", context, section="sandbox", crumbs=crumbs, live=True)


def _accounts(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = [
        {**item, "cloud_id": item["tags"].get(CLOUD_TAG, ""), "logical": item["tags"].get(LOGICAL_TAG, "")}
        for item in items
    ]
    accounts = sorted({item["account"] for item in shown})
    return [{"id": account, "things": [item for item in shown if item["account"] == account]} for account in accounts]
