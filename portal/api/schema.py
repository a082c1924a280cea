"""How the API describes itself: OpenAPI 3.1, made from the views, and a page to read it on."""

from typing import Any, Final, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

PROBLEM: Final = {
    "description": "A refusal, as RFC 9457 has it.",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "code", "detail", "fields", "request_id"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "code": {"type": "string", "description": "Stable, for programs."},
                    "detail": {"type": "string", "description": "What happened, why, and the next step."},
                    "fields": {
                        "type": "object",
                        "additionalProperties": {"type": "array", "items": {"type": "string"}},
                    },
                    "request_id": {"type": "string"},
                },
            }
        }
    },
}
IDEMPOTENCY_KEY: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A request with a key that came before gets the reply it got then; the work is done once.",
}
IF_MATCH: Final = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "The ETag of what you read: the change is refused (412) if it was changed since.",
}


class Schema(AutoSchema):
    """Describes a view: adds what all endpoints share."""

    def get_operation(self, *args: Any, **options: Any) -> Any:
        """Return the OpenAPI operation with the shared headers and the shape of refusals."""
        operation = super().get_operation(*args, **options)
        if operation is None:
            return None
        headers: dict[str, list[Any]] = {
            "POST": [IDEMPOTENCY_KEY],
            "DELETE": [IDEMPOTENCY_KEY],
            "PATCH": [IDEMPOTENCY_KEY, IF_MATCH],
            "PUT": [IDEMPOTENCY_KEY, {**IF_MATCH, "required": True}],
        }
        added = [] if self.method in getattr(self.view, "looks", ()) else headers.get(self.method, [])
        if added:
            operation["parameters"] = [*operation.get("parameters", []), *added]
        operation["responses"]["default"] = PROBLEM
        return operation

    def get_summary(self) -> str:
        """Return the first paragraph of the handler's docstring."""
        return str(super().get_description() or "").partition("\n\n")[0].replace("\n", " ")

    def get_description(self, *_: str) -> str:
        """Return the rest of it."""
        return str(super().get_description() or "").partition("\n\n")[2]

    def get_serializer_name(self, serializer: Any, direction: Literal["request", "response"]) -> str:
        """Return a component's name: that of its class, without our word for replies."""
        name = str(super().get_serializer_name(serializer, direction))
        return name.removesuffix("Shape")

    def _get_request_body(self, direction: str = "request") -> Any:
        """Return the body's description; a DELETE may have one here (what to keep, and why)."""
        method = self.method
        if method == "DELETE" and self.get_request_serializer() is not None:
            self.method = "POST"
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = method
        return body


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the bearer token."""

    target_class = "portal.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "An API token, rdk_…"}


class Session(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the console's session."""

    target_class = "portal.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "apiKey", "in": "cookie", "name": "raydock-session"}


class Document(SpectacularAPIView):
    """The description itself, as YAML or JSON."""

    authentication_classes = ()


class Docs(SpectacularSwaggerSplitView):
    """A page to read the description and try it, without a content delivery network."""

    authentication_classes = ()
    url_name = "api:schema"
    template_name = "api/docs.html"
