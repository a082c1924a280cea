"""What every REST endpoint has in common: who asks, may they, what did they send, how it is answered."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar, Final, Literal, TypeAlias

from django.db import transaction
from django.http import HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from iam import tenancy
from iam.actors import Actor
from iam.errors import Problem
from iam.idempotency import Reply, once
from iam.paging import LIMIT, Page
from iam.permissions import Permission
from portal.api.authentication import SessionAuthentication, TokenAuthentication
from portal.api.bodies import Body, Nothing, refuse_external_id, refuse_unstorable
from portal.api.errors import problem_response
from portal.api.etags import etag, matches
from portal.api.parsers import StrictJSONParser
from portal.api.schema import Schema

PUBLIC: Final = "public"
Need: TypeAlias = Permission | Literal["public"]
Handler: TypeAlias = Callable[..., Reply | StreamingHttpResponse]
SAFE: Final = frozenset({"get", "head"})
METHODS: Final = ("get", "post", "patch", "put", "delete")


class OnlyJSON(BaseContentNegotiation):
    """Answers JSON whatever is accepted: there is nothing else to choose from."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser for the request's content type, if there is one."""
        return next((parser for parser in parsers if parser.accepts(request.content_type)), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the JSON renderer."""
        return renderers[0], renderers[0].media_type


class View(APIView):
    """An endpoint. `needs` names the permission of each method; a method without one cannot be defined.

    `queries` holds the fields that the query of a GET may have, `change_queries` that of any other method;
    `looks` names methods beside GET that change nothing. A handler runs inside its organization's
    scope, and in one transaction where it may write. It gets the ids of the URL by name, finds `self.actor`,
    `self.now` and `self.asked` (the query), and returns a Reply (see `answer`).
    """

    needs: ClassVar[Mapping[str, Need]] = {}
    queries: ClassVar[type[Body]] = Nothing
    change_queries: ClassVar[type[Body]] = Nothing
    looks: ClassVar[frozenset[str]] = frozenset()
    actor: Actor
    now: datetime
    asked: dict[str, Any]

    http_method_names = [*METHODS, "head"]
    authentication_classes = (TokenAuthentication, SessionAuthentication)
    permission_classes = ()
    parser_classes: tuple[type[BaseParser], ...] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OnlyJSON
    schema = Schema()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for method in METHODS:
            if method in vars(cls):
                if method.upper() not in cls.needs:
                    message = f"{cls.__name__}.{method} declares no permission in `needs`"
                    raise TypeError(message)
                setattr(cls, method, _guarded(vars(cls)[method]))

    @property
    def need(self) -> Need | None:
        """The permission that this request needs."""
        method = str(self.request.method)
        return self.needs.get("GET" if method == "HEAD" else method)

    def initial(self, request: Request, *args: Any, **ids: Any) -> None:
        """Find out who asks and refuse what is refused everywhere, before any handler runs."""
        self.now = timezone.now()
        need = self.need
        if need is None:
            raise MethodNotAllowed(str(request.method))
        if need != PUBLIC:
            self.actor = self._actor(request)
            target = str(next(iter(ids.values()), ""))
            self.actor.require(need, target_kind=need.value.partition(".")[0], target_id=target)
        self.raw = bytes(request.body)
        refuse_external_id(dict(request.query_params))
        if self.raw:
            refuse_external_id(request.data)
            refuse_unstorable(request.data)
        query = self.queries if request.method in {"GET", "HEAD"} else self.change_queries
        self.asked = self._checked(query(data=request.query_params.dict()))

    def _actor(self, request: Request) -> Actor:
        if not isinstance(request.auth, Actor):
            raise NotAuthenticated
        return request.auth

    def body(self, kind: type[Body]) -> dict[str, Any]:
        """Return what the request's body says, checked; raise for unknown and for wrong fields."""
        return self._checked(kind(data=self.request.data if self.raw else {}))

    @staticmethod
    def _checked(read: Body) -> dict[str, Any]:
        read.is_valid(raise_exception=True)
        found: dict[str, Any] = read.validated_data
        return found

    def require_unchanged(self, current: object) -> None:
        """Raise Problem("precondition_failed", 412) if If-Match names another state than the current one."""
        wanted = self.request.headers.get("If-Match")
        if wanted and not matches(wanted, etag(encode(current))):
            raise Problem(
                "precondition_failed",
                "This was changed since you read it. Read it again, and send the change with its new ETag.",
                status=412,
            )

    def listing(self, found: Page[Any], render: Callable[[Any], object] = lambda row: row) -> Reply:
        """Answer a page of a list, with the address of the next one."""
        following = None
        if found.next:
            query = self.request.query_params.copy()
            query["cursor"] = found.next
            following = self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")
        return answer({"results": [render(row) for row in found.results], "next": following})

    def get_exception_handler(self) -> Callable[..., HttpResponse]:
        """Say every refusal as problem+json."""
        return problem_response


def encode(data: object) -> bytes:
    """Return the JSON of a reply. Times are ISO 8601 in UTC."""
    return json.dumps(data, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()


def answer(data: object = None, *, status: int = 200, location: str = "") -> Reply:
    """Return a reply with this JSON body. 204 has none."""
    return Reply(status, {"Location": location} if location else {}, b"" if status == 204 else encode(data))  # noqa: PLR2004


def page_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the paging part of a checked query."""
    return {"cursor": query.get("cursor", ""), "limit": query.get("limit", LIMIT)}


def _guarded(handler: Handler) -> Callable[..., HttpResponse | StreamingHttpResponse]:
    """Wrap a handler: scope, transaction, idempotency, and the HTTP response of its reply."""

    @wraps(handler)
    def run(view: View, request: Request, **ids: str) -> HttpResponse | StreamingHttpResponse:
        if view.need == PUBLIC:
            reply = handler(view, request, **ids)
        else:
            with _stage(view, request):
                reply = _perform(view, request, lambda: handler(view, request, **ids))
        return reply if isinstance(reply, StreamingHttpResponse) else respond(request, reply)

    return run


def _stage(view: View, request: Request) -> AbstractContextManager[Any]:
    stage = ExitStack()
    stage.enter_context(tenancy.scope(view.actor.organization_id))
    if not _only_looks(view, request):
        stage.enter_context(transaction.atomic())
    return stage


def _only_looks(view: View, request: Request) -> bool:
    return str(request.method).lower() in SAFE or str(request.method) in view.looks


def _perform(
    view: View, request: Request, work: Callable[[], Reply | StreamingHttpResponse]
) -> Reply | StreamingHttpResponse:
    key = request.headers.get("Idempotency-Key")
    if key is None or _only_looks(view, request):
        return work()
    sent = f"{request.method} {request.get_full_path()}\n".encode() + view.raw
    return once(actor=view.actor, key=key, request=sent, now=view.now, work=_plain(work))


def _plain(work: Callable[[], Reply | StreamingHttpResponse]) -> Callable[[], Reply]:
    def reply() -> Reply:
        done = work()
        if not isinstance(done, Reply):
            message = "only reads stream"
            raise TypeError(message)
        return done

    return reply


def respond(request: Request, reply: Reply) -> HttpResponse:
    """Return the HTTP response of a reply; 304 where a GET already has it."""
    headers = dict(reply.headers)
    if request.method in {"GET", "HEAD"}:
        headers.setdefault("ETag", etag(reply.body))
        if matches(request.headers.get("If-None-Match", ""), headers["ETag"]):
            return HttpResponseNotModified(headers=headers)
    content_type = headers.pop("Content-Type", "application/json") if reply.body else None
    response = HttpResponse(reply.body, status=reply.status, headers=headers, content_type=content_type)
    if not reply.body:
        del response["Content-Type"]
    return response
