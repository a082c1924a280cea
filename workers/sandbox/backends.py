"""moto inside this process. Everything that leans on moto's private names stands here or in `PRIVATE_NAMES`.

moto is pinned to one version; tests/contract/test_moto.py says at once when another one breaks these names.
"""

from __future__ import annotations

import gc
import importlib
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError
from botocore.loaders import JSONFileLoader
from moto.backends import get_backend
from moto.core import responses as moto_responses
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from werkzeug.exceptions import HTTPException, NotFound

from workers.sandbox.wire import HttpReply, HttpRequest

MOTO_VERSION = "5.2.5"


@dataclass(frozen=True, slots=True)
class Service:
    """One emulated service: its name in moto, and in botocore's models."""

    moto: str
    model: str
    is_global: bool = False


#: The services that the sandbox answers, by the name in the signature's scope. STS is our own (sts.py).
SERVICES: Mapping[str, Service] = {
    "ec2": Service("ec2", "ec2"),
    "iam": Service("iam", "iam", is_global=True),
    "s3": Service("s3", "s3", is_global=True),
    "sts": Service("sts", "sts", is_global=True),
    "servicequotas": Service("servicequotas", "service-quotas"),
    "elasticfilesystem": Service("efs", "efs"),
    "elasticloadbalancing": Service("elbv2", "elbv2"),
    "memorydb": Service("memorydb", "memorydb"),
}
#: What is kept over a restart.
KEPT_SERVICES = ("ec2", "iam", "s3", "efs", "elbv2", "memorydb")


#: moto types the models of its hundred services one by one; the sandbox reads them by name.
_models_of: Any = get_backend
_NO_BUCKETS = SimpleNamespace(buckets={})


class _ServerRequest(Request):
    """moto adds a Date header of its own unless it believes in a server around it."""

    from_wsgi_server = True


def prepare() -> None:
    """Import what the first calls need, and take moto's own half-checks out of the way.

    moto applies a bucket policy's Deny without reading its conditions, so a TLS-only policy would lock
    everybody out; the layer evaluates bucket policies itself, before moto sees the call.
    """
    bucket_class: Any = FakeBucket
    bucket_class.get_permission = lambda *_: PermissionResult.NEUTRAL
    # moto lists EC2's thousand methods anew at each call, which is a third of the call's time.
    responses: Any = moto_responses
    responses.method_names_from_class = cache(responses.method_names_from_class)
    gc.disable()
    with _each_file_read_once():
        importlib.import_module("moto.ec2.models.core").TaggedEC2Resource.get_tags = _own_tags
        for name in ("ec2", "iam", "s3"):
            _routes(name)
            get_service_router(SERVICES[name].model)
    # What is loaded now stays for good: looking through it at each collection would cost milliseconds.
    gc.enable()
    gc.freeze()


def _own_tags(resource: Any) -> list[dict[str, str]]:
    """Answer a resource's tags by its id; moto looks through the tags of the whole region for them."""
    held = resource.ec2_backend.tags.get(resource.id, {})
    return [{"resource_id": resource.id, "key": key, "value": value} for key, value in held.items()]


@contextmanager
def _each_file_read_once() -> Iterator[None]:
    """Keep botocore from parsing EC2's model (some 100 ms) five times while moto is imported."""
    loader: Any = JSONFileLoader
    plain, seen = loader.load_file, {}

    def load_file(self: JSONFileLoader, path: str) -> Any:
        if path not in seen:
            seen[path] = plain(self, path)
        return seen[path]

    loader.load_file = load_file
    try:
        yield
    finally:
        loader.load_file = plain


def backend(service: str, account_id: str, region: str = "aws") -> Any:
    """Answer moto's model of one service in one account and region; made on first use."""
    return _models_of(service)[account_id][region]


def opened_regions(service: str, account_id: str) -> tuple[str, ...]:
    """Answer the regions of an account in which the service was used."""
    return tuple(_models_of(service)[account_id].keys())


def loaded(service: str, account_id: str) -> Mapping[str, Any]:
    """Answer the models of one service in one account by region, without making any."""
    return dict(_models_of(service).get(account_id, {}))


def put_back(account_id: str, kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the models of an account in place that an earlier process pickled."""
    for service, regions in kept.items():
        held = _models_of(service)[account_id]
        for region, model in regions.items():
            held[region] = model
    for name in kept.get("s3", {}).get("aws", _NO_BUCKETS).buckets:
        s3_backends.bucket_accounts[name] = ("aws", account_id)


def forget() -> None:
    """Drop everything that exists."""
    for service in KEPT_SERVICES:
        _models_of(service).clear()
    s3_backends.bucket_accounts.clear()


def bucket_owner(bucket: str) -> str | None:
    """Answer the account that owns a bucket: names are global, as in AWS."""
    found: tuple[str, str] | None = s3_backends.bucket_accounts.get(bucket)
    return found[1] if found else None


def read_operation(service: Service, http: HttpRequest) -> tuple[str, dict[str, Any]]:
    """Answer the operation's name and its parameters under botocore's names; raises LookupError."""
    request = _ServerRequest(_environ(http))
    try:
        operation, uri_params = get_service_router(service.model).match(request)
    except (NotFound, HTTPException) as error:
        raise LookupError(f"{http.method} {http.path}") from error
    protocol = determine_request_protocol(get_service_model(service.model), request.content_type)
    parsed = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": uri_params,
        }
    )
    return str(operation.name), dict(parsed)


def call(service: Service, http: HttpRequest, account_id: str) -> HttpReply:
    """Answer what moto answers to this request in this account. NotImplementedError is moto's own."""
    environ = _environ(http)
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account_id
    request = _ServerRequest(environ)
    try:
        handler = _handler(service.moto, unquote(http.path))
        answer = handler(request, request.raw_url, dict(request.headers))
    except ClientError as error:
        answer = (400, {}, error.response["Error"]["Message"])
    except HTTPException as error:
        answered = error.get_response(environ)
        answer = (answered.status_code, dict(answered.headers), answered.get_data())
    return _reply(answer)


def _reply(answer: Any) -> HttpReply:
    status, headers, body = answer if isinstance(answer, tuple) and len(answer) == 3 else (200, {}, answer)  # noqa: PLR2004
    data = body.encode() if isinstance(body, str) else bytes(body or b"")
    skipped = {"status", "connection", "transfer-encoding", "server", "date"}
    kept = {str(name): str(value) for name, value in headers.items() if str(name).lower() not in skipped}
    if data:
        kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
    return HttpReply(int(status), tuple(kept.items()), data)


def _environ(http: HttpRequest) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": http.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(http.path, "latin-1"),
        "QUERY_STRING": http.query,
        "RAW_URI": http.target,
        "REQUEST_URI": http.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(http.body),
        "wsgi.errors": sys.stderr,
    }
    for name, value in http.headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(http.body))
    # A literal address makes moto read bucket names from the path, whatever the sandbox is called.
    environ["HTTP_HOST"] = "127.0.0.1"
    return environ


def _handler(service: str, path: str) -> Callable[..., Any]:
    for pattern, handler in _routes(service):
        if pattern.fullmatch(path):
            return handler
    raise NotImplementedError(f"no handler for {path}")


@cache
def _routes(service: str) -> tuple[tuple[re.Pattern[str], Callable[..., Any]], ...]:
    """Answer moto's URL table without Flask around it, which would cost a millisecond per call."""
    found = backend(
        service, "000000000000", "us-east-1" if not SERVICES_BY_MOTO[service].is_global else "aws"
    )
    return tuple(
        (re.compile(re.sub(r"(?<!\?P)<[^>]+>", "[^/]+", path.removesuffix("$")), re.DOTALL), handler)
        for path, handler in found.url_paths.items()
    )


SERVICES_BY_MOTO = {service.moto: service for service in SERVICES.values()}

#: moto's private names that the sandbox uses, for the contract test: module, then the name in it.
PRIVATE_NAMES = (
    ("moto.backends", "get_backend"),
    ("moto.core", "responses.method_names_from_class"),
    ("moto.core.parse", "PROTOCOL_PARSERS"),
    ("moto.core.request", "Request"),
    ("moto.core.request", "determine_request_protocol"),
    ("moto.core.routing", "get_service_router"),
    ("moto.core.utils", "get_service_model"),
    ("moto.ec2.models.core", "TaggedEC2Resource.get_tags"),
    ("moto.iam.access_control", "PermissionResult"),
    ("moto.s3.models", "FakeBucket.get_permission"),
    ("moto.s3.models", "s3_backends"),
)
