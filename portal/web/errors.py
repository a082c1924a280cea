"""What a person sees when something is refused, missing or broken: what happened, why, and the next step."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from iam.errors import NotFound, Problem
from portal.api.errors import problem_reply
from portal.web.pages import theme

TITLES = {
    400: "This request cannot be read",
    403: "You may not see or do this",
    404: "There is nothing here",
    405: "This address does not do that",
    409: "This cannot be done now",
    429: "Too many tries",
    500: "Raydock made a mistake",
}
ICONS = {403: "lock", 404: "map-pin-off", 429: "hourglass", 500: "bug"}


def refusal(request: HttpRequest, problem: Problem, **arguments: Any) -> HttpResponse:
    """Show why something was refused. The arguments of the page that was asked for say nothing here."""
    del arguments
    return _alone(request, problem.status, problem.message, problem.code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show that a request could not be read (Django's handler400)."""
    del exception  # it may hold what a stranger sent
    if request.path.startswith("/api/"):
        problem = Problem("request_invalid", "The request is malformed. Check how it was put together.")
        return problem_reply(problem, getattr(request, "request_id", ""))
    message = "The browser sent something that Raydock cannot read. Go back, reload the page and try again."
    return _alone(request, 400, message, "bad_request")


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """Show that a form was not believed (Django's handler403 and CSRF_FAILURE_VIEW)."""
    del exception, reason
    message = (
        "The form you sent was not accepted, because it was made in another session or is too old. "
        "Go back, reload the page and send it again."
    )
    return _alone(request, 403, message, "form_not_accepted")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show that no page has this address (Django's handler404)."""
    del exception
    return refusal(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Show that something broke (Django's handler500), with the id under which the log has it."""
    message = (
        "An unexpected error happened and was written to the log. Nothing is half done: a change happens "
        "whole or not at all. Try again; if it happens again, give the operator the request id below."
    )
    return _alone(request, 500, message, "internal_error")


def _alone(request: HttpRequest, status: int, message: str, code: str) -> HttpResponse:
    """Render the error page, which needs no session and no database."""
    context: dict[str, Any] = {
        "title": TITLES.get(status, "This did not work"),
        "icon": ICONS.get(status, "circle-alert"),
        "message": message,
        "code": code,
        "status": status,
        "request_id": getattr(request, "request_id", ""),
        "theme": theme(request),
    }
    return render(request, "web/error.html", context, status=status)
