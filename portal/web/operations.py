"""Operations: the list, one with its steps, timeline and AWS calls, and what a person can do about it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from clouds import queries
from clouds.models import Cloud, Operation
from clouds.queries import OperationFilters
from clouds.services import operations as service
from clouds.states import CloudState, Kind, OperationState, course
from iam.permissions import Permission
from portal.web import words
from portal.web.faces import checked
from portal.web.pages import PageRequest, pager, render
from portal.web.progress import OPEN, phases, steps, timeline
from portal.web.sessions import CHANGES, back_to, page

CALLS_SHOWN = 25
MOST_CALLS = 200
STATES = [(state.value, words.word(state).label) for state in OperationState]
KINDS = list(words.OPERATION_KINDS.items())
AGAIN = back_to("web:operation", "operation_id")


@page(Permission.OPERATION_READ)
def operations(request: PageRequest) -> HttpResponse:
    """Show the operations that fit the filters, newest first, fresh while one of them runs."""
    chosen = {name: request.GET.get(name, "") for name in ("state", "kind", "cloud")}
    filters = OperationFilters(cloud=chosen["cloud"], kind=chosen["kind"], state=chosen["state"])
    found = queries.operations(request.actor, filters, request.GET.get("cursor", ""))
    query = urlencode({name: value for name, value in chosen.items() if value})
    context = {
        "operations": found.results,
        "filters": chosen,
        "states": STATES,
        "kinds": KINDS,
        **pager(request, found.next, query),
    }
    live = any(one.state in OPEN for one in found.results)
    crumbs = [("Operations", None)]
    return render(request, "web/operations.html", context, section="operations", crumbs=crumbs, live=live)


@page(Permission.OPERATION_READ)
def operation(request: PageRequest, operation_id: str) -> HttpResponse:
    """Show one operation as it goes: phases, steps, timeline, AWS calls."""
    found = queries.operation_for(request.actor, operation_id)
    limit = MOST_CALLS if "calls" in request.GET else CALLS_SHOWN
    events, calls = queries.events_after(found), queries.aws_calls(found, limit=limit)
    lines = steps(events)
    context = {
        "operation": found,
        "cloud": found.cloud,
        "phases": phases(found.kind, found.state, lines, checked=checked(found)),
        "steps": lines,
        "timeline": timeline(events),
        "calls": calls.results,
        "more_calls": bool(calls.next),
        **_possible(found, found.cloud),
    }
    live, label = found.state in OPEN, words.OPERATION_KINDS.get(found.kind, found.kind)
    crumbs = [("Operations", reverse("web:operations")), (f"{label} of {found.cloud.name}", None)]
    return render(request, "web/operation.html", context, section="operations", crumbs=crumbs, live=live)


@page(Permission.OPERATION_CONTROL, methods=CHANGES, again=AGAIN)
def cancel(request: PageRequest, operation_id: str) -> HttpResponse:
    """Ask an operation to stop."""
    found = queries.operation_for(request.actor, operation_id)
    service.cancel(actor=request.actor, operation=found, now=timezone.now())
    messages.success(request, "The operation was asked to stop.")
    if found.kind == Kind.CONNECT:
        return redirect("web:cloud-connect", cloud_id=found.cloud_id)
    return redirect("web:operation", operation_id=operation_id)


@page(Permission.OPERATION_CONTROL, methods=CHANGES, again=AGAIN)
def retry(request: PageRequest, operation_id: str) -> HttpResponse:
    """Ask for the same again; it goes on where the other stopped."""
    found = queries.operation_for(request.actor, operation_id)
    again = service.retry(actor=request.actor, operation=found, now=timezone.now())
    return redirect("web:operation", operation_id=again.id)


@page(Permission.OPERATION_CONTROL, methods=CHANGES, again=AGAIN)
def take_down(request: PageRequest, operation_id: str) -> HttpResponse:
    """Ask for what a set-up made to be removed."""
    found = queries.operation_for(request.actor, operation_id)
    removal = service.take_down(actor=request.actor, operation=found, now=timezone.now())
    return redirect("web:operation", operation_id=removal.id)


def _possible(operation: Operation, cloud: Cloud) -> dict[str, Any]:
    """Say what can still be done about an operation, given what its cloud is now."""
    ended_badly = operation.state in {OperationState.FAILED, OperationState.CANCELLED}
    state = CloudState(cloud.state)
    return {
        "can_retry": ended_badly and course(Kind(operation.kind), state) is not None,
        "can_take_down": operation.kind in {Kind.SETUP, Kind.TAKEDOWN}
        and operation.state not in OPEN
        and course(Kind.TAKEDOWN, state) is not None,
    }
