"""How a request says who asks: with a bearer token, or with the console's session."""

from typing import Any

from django.utils import timezone
from rest_framework import authentication
from rest_framework.request import Request

from iam.access import actor_for_session, actor_for_token
from iam.actors import Actor
from iam.errors import Problem
from portal.web.sessions import ORGANIZATION_KEY


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer rdk_…`."""

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        """Return the actor of the token, or None where no Authorization header was sent."""
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _, raw = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem(
                "authorization_invalid",
                "The Authorization header must read `Bearer <token>`. Send an API token that way.",
                status=401,
            )
        actor = actor_for_token(raw.strip(), now=timezone.now(), **origin(request))
        return actor, actor

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in WWW-Authenticate of a 401."""
        return 'Bearer realm="raydock"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The console's session cookie, with its CSRF token on writes."""

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        """Return the signed-in person in the organization that the session is in, or None."""
        found = super().authenticate(request)
        if found is None:
            return None
        chosen = request.session.get(ORGANIZATION_KEY)
        return found[0], actor_for_session(found[0], chosen, **origin(request))


def origin(request: Request) -> dict[str, Any]:
    """Return where the request came from, for the audit log."""
    return {
        "source_ip": getattr(request, "source_ip", None),
        "request_id": getattr(request, "request_id", ""),
    }
