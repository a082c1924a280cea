"""The frame around every face of a cloud: its tabs, the actions of its state, and what runs on it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.urls import reverse

from clouds import queries
from clouds.models import Cloud, Operation, OperationEvent
from clouds.states import CloudState, Kind, OperationState, course
from iam.actors import Actor
from iam.permissions import Permission
from portal.web.pages import PageRequest, render
from portal.web.progress import OPEN, phases, steps

CRUMB = ("Clouds", "/clouds")
FACES = (
    ("overview", "Overview", "web:cloud", Permission.CLOUD_READ),
    ("checks", "Checks", "web:cloud-checks", Permission.CLOUD_READ),
    ("resources", "Resources", "web:cloud-resources", Permission.CLOUD_READ),
    ("activity", "Activity", "web:cloud-activity", Permission.OPERATION_READ),
    ("access", "Access", "web:cloud-access", Permission.CLOUD_READ),
    ("settings", "Settings", "web:cloud-settings", Permission.CLOUD_READ),
)
# On GCP there is nothing to check and nothing made, and of access the mapping alone.
FACES_ON_GCP = (
    FACES[0],
    ("access", "Mapping", "web:cloud-mapping", Permission.CLOUD_READ),
    *(one for one in FACES if one[0] in {"activity", "settings"}),
)
# Faces with a main action of their own, beside which verifying is not the main one.
OWN_ACTION = frozenset({"access"})
# What leads on from each state: label, icon, page, look.
LINKS: Mapping[CloudState, Sequence[tuple[str, str, str, str]]] = {
    CloudState.RESERVED: [("Connect", "link", "web:cloud-connect", "primary")],
    CloudState.CONNECTING: [("Connect", "link", "web:cloud-connect", "primary")],
    CloudState.CONNECTED: [("Create", "play", "web:cloud-create", "primary")],
    CloudState.SETUP_FAILED: [("Resume set-up", "rotate-cw", "web:cloud-create", "primary")],
    CloudState.ATTENTION: [("Set up again", "wrench", "web:cloud-create", "")],
    CloudState.DELETE_FAILED: [("Delete again", "trash-2", "web:cloud-settings", "danger")],
}


_AGAIN = ("Register again", "clipboard-list", "web:cloud-registration", "")
# The same for a registered cloud, in which nothing is made.
REGISTERED_LINKS: Mapping[CloudState, Sequence[tuple[str, str, str, str]]] = {
    CloudState.CONNECTED: [("Register", "clipboard-list", "web:cloud-registration", "primary")],
    CloudState.REGISTERED: [_AGAIN],
    CloudState.ATTENTION: [_AGAIN],
    CloudState.SUSPENDED: [_AGAIN],
}


class Action(NamedTuple):
    """One button in the head of a cloud. `post` makes it a form, since it changes something."""

    label: str
    icon: str
    url: str
    css: str
    post: bool


def face(
    request: PageRequest,
    cloud: Cloud,
    name: str,
    template: str,
    context: dict[str, Any],
    *,
    typing: bool = False,
    status: int = 200,
    trail: Sequence[tuple[str, str | None]] = (),
) -> HttpResponse:
    """Show one face of a cloud. It keeps itself fresh while work goes on, unless a person may be `typing`.

    `trail` names the page inside of the face: labels with their addresses, the last one without.
    """
    moving = cloud.state in {CloudState.CONNECTING, CloudState.SETTING_UP, CloudState.DELETING}
    operation = context.get("operation")
    live = (
        name != "settings" and not typing and (moving or (operation is not None and operation.state in OPEN))
    )
    shown = {
        **context,
        "cloud": cloud,
        "face": name,
        "tabs": tabs(cloud, request.actor),
        "actions": actions(cloud, request.actor, main=name not in OWN_ACTION),
    }
    crumbs = [CRUMB, (cloud.name, reverse("web:cloud", args=[cloud.id]) if trail else None), *trail]
    return render(request, template, shown, crumbs=crumbs, live=live, status=status)


def tabs(cloud: Cloud, actor: Actor) -> list[dict[str, Any]]:
    """Return the faces that the actor may see, with how many checks passed on the one of checks."""
    counted = f"{cloud.checks_passed}/{cloud.checks_total}" if cloud.checks_total else ""
    return [
        {
            "name": name,
            "label": label,
            "url": reverse(view, args=[cloud.id]),
            "count": counted if name == "checks" else "",
            "bad": cloud.checks_passed < cloud.checks_total,
        }
        for name, label, view, permission in (FACES_ON_GCP if cloud.on_gcp else FACES)
        if actor.may(permission)
    ]


def resources_trail(cloud: Cloud, label: str) -> list[tuple[str, str | None]]:
    """Return the trail of a page that is reached from the resources of a cloud."""
    return [("Resources", reverse("web:cloud-resources", args=[cloud.id])), (label, None)]


def actions(cloud: Cloud, actor: Actor, *, main: bool = True) -> list[Action]:
    """Return what can be done with a cloud in its state, the last the page's `main` action if it may be."""
    if not actor.may(Permission.CLOUD_OPERATE):
        return []
    state = CloudState(cloud.state)
    found = [
        Action(label, icon, reverse(view, args=[cloud.id]), css, post=False)
        for label, icon, view, css in links(cloud)
    ]
    if state is not CloudState.SETUP_FAILED and course(Kind.VERIFY, state):
        address = reverse("web:cloud-verify", args=[cloud.id])
        found.append(Action("Verify", "shield-check", address, "primary" if main else "", post=True))
    return found


def links(cloud: Cloud) -> Sequence[tuple[str, str, str, str]]:
    """Return what leads on from a cloud's state; nothing is made in a registered one."""
    state = CloudState(cloud.state)
    if cloud.kind == "managed" or cloud.on_gcp:
        return LINKS.get(state, ())
    return REGISTERED_LINKS.get(state) or [
        one for one in LINKS.get(state, ()) if one[2] != "web:cloud-create"
    ]


def under_way(operation: Operation | None) -> dict[str, Any]:
    """Return what the progress of the latest operation shows; events of one that went well are not read."""
    if operation is None or operation.state == OperationState.SUCCEEDED:
        return {"operation": operation, "made": ()}
    events = queries.events_after(operation)
    told = [event.message for event in events if event.message and event.state != "planned"]
    return {
        "operation": operation,
        "phases": phases(operation.kind, operation.state, steps(events), checked=checked(operation)),
        "latest": told[-1] if told else "",
        "made": made(operation, events),
    }


def made(operation: Operation, events: Iterable[OperationEvent]) -> set[str]:
    """Return the names of the resources that a set-up has made: their first step bears their name."""
    if operation.kind != Kind.SETUP:
        return set()
    return {event.resource for event in events if event.state == "done" and event.step == event.resource}


def checked(operation: Operation) -> str:
    """Say how many checks of this operation's verification have passed; empty where none has begun."""
    found = queries.last_verification(operation.cloud)
    if found is None or found.operation_id != operation.id:
        return ""
    total = found.passed + found.warned + found.failed + found.unknown
    return f"{found.passed} of {total} passed" if total else "Reading everything again"
