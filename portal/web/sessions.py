"""Who asks for a page: from the browser's session to an actor, one declared permission, one way to refuse."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from iam import access, audit, tenancy
from iam.errors import Denied, NotFound, Problem
from iam.models import User
from iam.permissions import Permission
from portal.api.bodies import refuse_external_id
from portal.web import errors
from portal.web.pages import PageRequest

ORGANIZATION_KEY = "organization"
READS = ("GET", "HEAD")
CHANGES = ("POST",)
View = Callable[..., HttpResponseBase]
Again = Callable[..., HttpResponseBase]
V = TypeVar("V", bound=View)


def page(
    permission: Permission, *, methods: tuple[str, ...] = READS, again: Again = errors.refusal
) -> Callable[[View], View]:
    """Make a view a page of signed-in people who hold the permission.

    The view runs inside its organization's scope, with `request.actor` set. A Denied is written to the audit
    log and becomes an error page. Any other Problem goes to `again(request, problem, **arguments)` after what
    the view had begun was rolled back: a form shows itself with what was wrong; without one there is an error
    page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return _to_sign_in(request)
            asked = cast("PageRequest", request)
            try:
                _enter(asked, request.user)
                with tenancy.scope(asked.actor.organization_id):
                    asked.actor.require(permission, target_id=next(iter(kwargs.values()), ""))
                    refuse_external_id({**asked.GET, **asked.POST})
                    return view(asked, **kwargs)
            except Denied as denied:
                audit.append_denied(actor=asked.actor, denied=denied, now=timezone.now())
                return errors.refusal(asked, denied)
            except NotFound as nothing:
                return errors.refusal(asked, nothing)
            except Problem as problem:
                with tenancy.scope(asked.actor.organization_id):
                    return again(asked, problem, **kwargs)

        answer = require_http_methods([*methods])(guarded)
        # Read by the test that tries every address.
        answer.permission, answer.methods = permission, methods  # type: ignore[attr-defined]
        return answer

    return decorate


def back_to(name: str, *takes: str) -> Again:
    """Make an `again` that leads back to a page, with what was wrong as a message on it.

    `takes` names the arguments of the view that the page's address needs.
    """

    def again(request: PageRequest, problem: Problem, **kwargs: Any) -> HttpResponseBase:
        messages.error(request, problem.message)
        return HttpResponseRedirect(reverse(name, kwargs={one: kwargs[one] for one in takes}))

    return again


def open_to_anyone(view: V) -> V:
    """Declare that a view needs no permission: signing in and out."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def _enter(request: PageRequest, user: User) -> None:
    """Set who acts: the person in the organization the session remembers, or in the one joined first."""
    request.organizations = access.organizations_of(user)
    remembered = request.session.get(ORGANIZATION_KEY)
    known = {one.id for one in request.organizations}
    request.actor = access.actor_for_session(
        user,
        remembered if remembered in known else None,
        source_ip=request.source_ip,
        request_id=request.request_id,
    )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page and back. htmx cannot follow that for a part of a page, so the page moves."""
    asked = cast("PageRequest", request)
    if asked.htmx:
        return HttpResponseClientRedirect(str(redirect_to_login(_shown(asked)).url))
    return redirect_to_login(request.get_full_path())


def _shown(request: PageRequest) -> str:
    """Return the address of the page that htmx says it is on, or of the start where that is no address."""
    try:
        return request.htmx.current_url_abs_path or "/"
    except ValueError:
        return "/"
