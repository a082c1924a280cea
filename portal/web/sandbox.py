"""The sandbox accounts as they are now, so that a person sees creation and deletion happen."""

import re
from typing import Any

from django.http import HttpResponse

from clouds import queries
from clouds.facts import CLOUD_TAG, LOGICAL_TAG
from clouds.queries import CloudFilters
from iam.actors import Actor
from iam.paging import MOST
from iam.permissions import Permission
from portal.web import playground
from portal.web.pages import PageRequest, render
from portal.web.sessions import page

OWNER = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")  # the second half of a cloud's id, which names are made of


@page(Permission.CLOUD_READ)
def sandbox(request: PageRequest) -> HttpResponse:
    """Show what exists in the sandbox accounts, without what AWS makes by itself. It stays fresh."""
    items = [_shown(item) for item in playground.inventory() if not item["default"]]
    context = {"accounts": _accounts(_visible(request.actor, items))}
    crumbs = [("Sandbox account", None)]
    return render(request, "web/sandbox.html", context, section="sandbox", crumbs=crumbs, live=True)


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    """Return one thing with the cloud it belongs to, told by its tag or by its name."""
    found = OWNER.search(item["tags"].get(CLOUD_TAG) or item["name"])
    return {
        **item,
        "cloud_id": f"cld_{found[0]}" if found else "",
        "logical": item["tags"].get(LOGICAL_TAG, ""),
    }


def _visible(actor: Actor, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what belongs to clouds of other organizations, which share the sandbox."""
    if not any(item["cloud_id"] for item in items):
        return items
    ours, cursor = {""}, ""
    while True:
        found = queries.clouds(actor, CloudFilters(deleted=True), cursor, limit=MOST)
        ours |= {cloud.id for cloud in found.results}
        cursor = found.next
        if not cursor:
            return [item for item in items if item["cloud_id"] in ours]


def _accounts(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    accounts = sorted({item["account"] for item in items})
    return [
        {"id": account, "things": [item for item in items if item["account"] == account]}
        for account in accounts
    ]
