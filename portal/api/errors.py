"""How refusals and failures are said over REST: application/problem+json, RFC 9457."""

import json
import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework import exceptions as drf

from iam import audit
from iam.actors import Actor
from iam.errors import Denied, NotFound, Problem, TooMany

log = logging.getLogger(__name__)
ADVICE = {
    "parse_error": "The body could not be read as JSON: {detail} Send valid JSON in UTF-8.",
    "not_authenticated": "No one is signed in. Send `Authorization: Bearer <token>` with an API token.",
    "method_not_allowed": "{detail} The API description at /api/v1/docs lists the methods of each address.",
    "unsupported_media_type": "{detail} Send the body as application/json.",
}


def problem_response(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Return the response that says what went wrong. A refusal for want of a permission is audited here."""
    view, request = context.get("view"), context["request"]
    request_id = str(getattr(request, "request_id", ""))
    problem = as_problem(error)
    actor = getattr(view, "actor", None)
    if isinstance(problem, Denied) and isinstance(actor, Actor):
        audit.append_denied(actor=actor, denied=problem, now=timezone.now())
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("a request failed", exc_info=error, extra={"request_id": request_id})
    return problem_reply(problem, request_id)


def problem_reply(problem: Problem, request_id: str) -> HttpResponse:
    """Return a problem as an HTTP response."""
    body = {
        "type": f"urn:raydock:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.message,
        "fields": problem.fields,
        "request_id": request_id,
    }
    response = HttpResponse(json.dumps(body), status=problem.status, content_type="application/problem+json")
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="raydock"'
    if isinstance(problem, TooMany):
        response["Retry-After"] = str(problem.retry_after)
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = "2"
    return response


def as_problem(error: Exception) -> Problem:
    """Return any error as a Problem; what is not a refusal is our own failure, which tells nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, drf.ValidationError):
        return _invalid(error)
    if isinstance(error, drf.APIException):
        return _framework(error)
    return _django(error)


def _django(error: Exception) -> Problem:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return Problem("permission_denied", "You may not do this.", status=403)
    if isinstance(error, RequestDataTooBig):
        return Problem("body_too_large", "The body is larger than 1 MiB. Send a smaller one.", status=413)
    if isinstance(error, SuspiciousOperation):
        return Problem("request_invalid", "The request is malformed. Check how it was put together.")
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(
            "database_unavailable",
            "The database does not answer just now. Try again in a moment; under the same Idempotency-Key "
            "nothing is done twice.",
            status=503,
        )
    return Problem(
        "internal_error",
        "Something failed on our side. Try again; if it stays, report the request_id.",
        status=500,
    )


def _framework(error: drf.APIException) -> Problem:
    code, detail = str(error.default_code), str(error.detail)
    if isinstance(error, drf.PermissionDenied):
        code = "csrf_failed"
    return Problem(code, ADVICE.get(code, "{detail}").format(detail=detail), status=error.status_code)


def _invalid(error: drf.ValidationError) -> Problem:
    fields = _fields(error.detail)
    return Problem(
        "invalid",
        f"Something in the request is wrong: {', '.join(sorted(fields))}. Correct that and send it again.",
        fields=fields,
    )


def _fields(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Return nested errors as one level: "options.zones": ["…"]."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            here = "body" if name == "non_field_errors" and not path else f"{path}.{name}".strip(".")
            found.update(_fields(inner, here))
        return found
    texts = detail if isinstance(detail, list) else [detail]
    return {path or "body": [str(text) for text in texts]}
