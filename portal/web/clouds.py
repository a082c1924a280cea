"""The list of clouds: numbers on top, filters, the table, and the same as CSV."""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse

from clouds import queries
from clouds.models import Cloud
from clouds.queries import CloudFilters
from clouds.states import CloudState
from iam.paging import MOST
from iam.permissions import Permission
from portal.web import words
from portal.web.pages import PageRequest, pager, render
from portal.web.sessions import page

COLUMNS = (
    "id",
    "name",
    "state",
    "region",
    "account_id",
    "checks_passed",
    "checks_total",
    "verified_at",
    "created_at",
    "provider",
    "project_id",
)
TROUBLE = (CloudState.ATTENTION, CloudState.SUSPENDED, CloudState.SETUP_FAILED, CloudState.DELETE_FAILED)
UNFINISHED = (CloudState.RESERVED, CloudState.CONNECTED)
STATES = [(state.value, words.word(state).label) for state in CloudState if state is not CloudState.DELETED]


@page(Permission.CLOUD_READ)
def clouds(request: PageRequest) -> HttpResponse:
    """Show the clouds that fit the filters."""
    filters = _filters(request)
    found = queries.clouds(request.actor, filters, request.GET.get("cursor", ""))
    glance = queries.overview(request.actor)
    total = sum(glance.clouds.values())
    chosen = {name: value for name, value in (("q", filters.q), ("state", filters.state)) if value}
    context = {
        "clouds": found.results,
        "total": total,
        "roles_behind": glance.roles_behind,
        "stats": _stats(glance.clouds, glance.open_operations, total),
        "filters": filters,
        "states": STATES,
        "query": urlencode(chosen),
        **pager(request, found.next, urlencode(chosen)),
    }
    return render(
        request, "web/clouds.html", context, crumbs=[("Clouds", None)], live=glance.open_operations > 0
    )


@page(Permission.CLOUD_READ)
def export(request: PageRequest) -> HttpResponse:
    """Give the filtered list as CSV, all pages of it."""
    text = StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows([_cell(getattr(cloud, name)) for name in COLUMNS] for cloud in _all(request))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="clouds.csv"'
    return response


def _filters(request: PageRequest) -> CloudFilters:
    return CloudFilters(q=request.GET.get("q", "").strip(), state=request.GET.get("state", ""))


def _all(request: PageRequest) -> Iterator[Cloud]:
    filters, cursor = _filters(request), ""
    while True:
        found = queries.clouds(request.actor, filters, cursor, limit=MOST)
        yield from found.results
        cursor = found.next
        if not cursor:
            return


def _cell(value: Any) -> str:
    """Return a value for a spreadsheet; text that a spreadsheet would run as a formula is quoted."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _stats(by_state: Mapping[str, int], busy: int, total: int) -> list[dict[str, Any]]:
    """Return the four numbers on top of the list."""
    ready, trouble, unfinished = (
        sum(by_state.get(state, 0) for state in states)
        for states in ((CloudState.ACTIVE,), TROUBLE, UNFINISHED)
    )
    return [
        {"label": "Ready", "value": ready, "note": f"of {total} cloud{'' if total == 1 else 's'}"},
        {
            "label": "Need attention",
            "value": trouble,
            "note": "a check or an operation failed" if trouble else "nothing is wrong",
            "tone": "warn" if trouble else "",
        },
        {"label": "Work under way", "value": busy, "note": f"operation{'' if busy == 1 else 's'} running"},
        {"label": "Not created yet", "value": unfinished, "note": "reserved or connected"},
    ]
