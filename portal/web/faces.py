"""The frame around every face of a cloud: its tabs, the actions of its state, and what runs on it."""

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.urls import reverse

from clouds import queries
from clouds.models import Cloud, Operation
from clouds.states import CloudState, Kind, course
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


class Action(NamedTuple):
    """One button in the head of a cloud. `post` makes it a form, since it changes something."""

    label: str
    icon: str
    url: str
    css: str
    post: bool


def face(  # noqa: PLR0913 - what every face says about itself
    request: PageRequest,
    cloud: Cloud,
    name: str,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """Show one face of a cloud. It keeps itself fresh while an operation runs, unless a person may be typing."""
    moving = cloud.state in {CloudState.CONNECTING, CloudState.SETTING_UP, CloudState.DELETING}
    operation = context.get("operation")
    live = name != "settings" and (moving or (operation is not None and operation.state in OPEN))
    shown = {
        **context,
        "cloud": cloud,
        "face": name,
        "tabs": tabs(cloud, request.actor),
        "actions": actions(cloud, request.actor),
    }
    crumbs = [CRUMB, (cloud.name, None)]
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
        for name, label, view, permission in FACES
        if actor.may(permission)
    ]


def actions(cloud: Cloud, actor: Actor) -> list[Action]:
    """Return what can be done with a cloud in its state, the main thing last."""
    state = CloudState(cloud.state)
    if not actor.may(Permission.CLOUD_OPERATE):
        return []

    def link(label: str, icon: str, view: str, css: str = "primary") -> Action:
        return Action(label, icon, reverse(view, args=[cloud.id]), css, post=False)

    verify = Action("Verify", "shield-check", reverse("web:cloud-verify", args=[cloud.id]), "", post=True)
    if state in {CloudState.RESERVED, CloudState.CONNECTING}:
        return [link("Connect", "link", "web:cloud-connect")]
    if state is CloudState.CONNECTED:
        return [link("Create", "play", "web:cloud-create")]
    if state is CloudState.SETUP_FAILED:
        return [link("Resume set-up", "rotate-cw", "web:cloud-create")]
    if state is CloudState.ATTENTION:
        return [link("Set up again", "wrench", "web:cloud-create", ""), verify._replace(css="primary")]
    if state is CloudState.DELETE_FAILED:
        return [link("Delete again", "trash-2", "web:cloud-settings", "danger")]
    return [verify._replace(css="primary")] if course(Kind.VERIFY, state) else []


def under_way(operation: Operation | None) -> dict[str, Any]:
    """Return what the progress of the latest operation shows; its events are read only while it is open."""
    if operation is None or operation.state not in OPEN:
        return {"operation": operation}
    events = queries.events_after(operation)
    told = [event.message for event in events if event.message and event.state != "planned"]
    return {
        "operation": operation,
        "phases": phases(operation.kind, operation.state, steps(events), checked=checked(operation)),
        "latest": told[-1] if told else "",
    }


def checked(operation: Operation) -> str:
    """Say how many checks of this operation's verification have passed; empty where none has begun."""
    found = queries.last_verification(operation.cloud)
    if found is None or found.operation_id != operation.id:
        return ""
    total = found.passed + found.warned + found.failed + found.unknown
    return f"{found.passed} of {total} passed" if total else "Reading everything again"
