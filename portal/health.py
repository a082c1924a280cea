"""Probes: is the process alive, is it ready to serve, and what do the numbers say."""

import logging
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal.metrics import exposition
from portal.readiness import overall, probes

logger = logging.getLogger(__name__)


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """GET /healthz: this process answers. Touches nothing else, so a slow database does not restart it."""
    return JsonResponse({"status": "ok", "version": settings.RAYDOCK.version})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """GET /readyz: 503 when this process cannot serve; 200 "degraded" when it can and others need help.

    A missing worker does not take the console away: that is when people need to look at it.
    """
    found = probes()
    for probe in found:
        if probe.cause:
            logger.warning("Not ready, %s: %s", probe.name, probe.cause)
    state = overall(found)
    body = {
        "status": state,
        "checks": {probe.name: {"status": probe.state, "detail": probe.detail} for probe in found},
    }
    return JsonResponse(body, status=503 if state == "broken" else 200)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics: Prometheus text, for the bearer of RAYDOCK_METRICS_TOKEN; 404 where none is set."""
    token = settings.RAYDOCK.metrics_token.get_secret_value()
    if not token:
        return HttpResponse("Metrics are closed. Set RAYDOCK_METRICS_TOKEN to open them.\n", status=404)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not compare_digest(given.encode(), token.encode()):
        return HttpResponse("A bearer token is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    text, content_type = exposition()
    return HttpResponse(text, content_type=content_type)
