"""What every request gets: an id, the address it came from, and headers that close the browser's doors."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

from portal.logs import request_id

Handler = Callable[[HttpRequest], HttpResponse]

ACCEPTABLE_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
PERMISSIONS_POLICY: Final = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


def request_context(get_response: Handler) -> Handler:
    """Sets `request.request_id` and `request.source_ip`; the id is also in each log line and in the reply."""

    def middleware(request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        identity = offered if ACCEPTABLE_ID.fullmatch(offered) else f"req_{uuid7().hex}"
        request.request_id = identity  # type: ignore[attr-defined]  # Django's request is open for this
        request.source_ip = source_ip(request, settings.RAYDOCK.trusted_proxies)  # type: ignore[attr-defined]
        before = request_id.set(identity)
        try:
            response = get_response(request)
        finally:
            request_id.reset(before)
        response["X-Request-Id"] = identity
        return response

    return middleware


def source_ip(request: HttpRequest, proxies: int) -> str | None:
    """The address of the caller, believing `proxies` hops of X-Forwarded-For counted from our side."""
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(hops) >= proxies:
        return hops[-proxies]
    return request.META.get("REMOTE_ADDR") or None


def security_headers(get_response: Handler) -> Handler:
    """Adds the headers Django has no setting for, and keeps pages with people's data out of shared caches."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def refuse_nul(get_response: Handler) -> Handler:
    """Refuses NUL in addresses, forms and cookies: PostgreSQL stores it nowhere. The API checks its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if any("\0" in text for text in _sent(request)):
            raise BadRequest
        return get_response(request)

    return middleware


def _sent(request: HttpRequest) -> Iterator[str]:
    yield request.path
    yield from request.COOKIES.values()
    if not request.path.startswith("/api/"):
        for form in (request.GET, request.POST):
            for _, values in form.lists():
                yield from map(str, values)
