"""The one gateway to AWS: every call of the product goes out here, once, under its own name, and is recorded.

SDK clients are costly to build (some 15 ms and megabytes each) and hold nothing of a customer, so a process
keeps one per service and region. Keys and user agent are given per call, in a context variable that only this
module sets, and a call outside one is refused: no call can go out under the keys of another session.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import botocore
import botocore.loaders
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, ReadOnlyCredentials
from botocore.credentials import Credentials as SdkCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from workers.aws.actions import split
from workers.aws.errors import AwsError, translate
from workers.aws.fence import ask
from workers.aws.ports import CallRecord, Credentials, Recorder

READ_ATTEMPTS = 3
SERVICES = ("sts", "ec2", "iam", "s3", "service-quotas")
_READ_PAUSE = 0.1
_POOL_CONNECTIONS = 64
_SDK_NAME = f"Botocore/{botocore.__version__}"


class _Caller(NamedTuple):
    credentials: Credentials
    agent: str


_caller: ContextVar[_Caller] = ContextVar("aws_caller")


@contextmanager
def _as(caller: _Caller) -> Iterator[None]:
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


class _PerCall(SdkCredentials):
    """Whose keys sign a request: those of the call that is being made on this thread."""

    def __init__(self) -> None:
        super().__init__("", "")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        keys = _caller.get().credentials
        return ReadOnlyCredentials(keys.access_key, keys.secret_key, keys.token)


class _PerCallProvider(CredentialProvider):
    METHOD = CANONICAL_NAME = "per-call"

    def load(self) -> SdkCredentials:
        return _PerCall()


def _name_agent(request: AWSRequest, **_: object) -> None:
    """Say who calls. Last of all, because the SDK writes its own name late; the signature leaves it out."""
    usual = request.headers.get("User-Agent", "")
    request.headers.replace_header("User-Agent", f"{_caller.get().agent} {usual}")


def _ask(**_: object) -> None:
    """Send nothing for work that is no longer ours. This is the last moment: built, signed, not yet sent."""
    ask()


class Transport:
    """A process's SDK clients, one per service and region, all of one endpoint (empty: real AWS)."""

    def __init__(self, endpoint_url: str = "", *, pause: Callable[[float], None] = time.sleep) -> None:
        self.endpoint_url = endpoint_url
        self.pause = pause
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = botocore.session.Session()
        # The global endpoint of STS would answer from another region than the cloud's.
        self._session.set_config_variable("sts_regional_endpoints", "regional")
        self._session.register_component("data_loader", botocore.loaders.create_loader())
        self._session.register_component("credential_provider", CredentialResolver([_PerCallProvider()]))

    def send(
        self, action: str, params: Mapping[str, Any], *, region: str, credentials: Credentials, agent: str
    ) -> Mapping[str, Any]:
        """One HTTP request, signed with these keys. Raises what the SDK raises."""
        service, method = split(action)
        client = self._client(service, region)
        with _as(_Caller(credentials, agent)):
            reply: dict[str, Any] = getattr(client, method)(**params)
            body = reply.get("Body")
            return reply if body is None else reply | {"Body": body.read()}

    def warm(self, region: str) -> None:
        """Read the SDK's service models ahead of the first call, which takes most of a second."""
        for service in SERVICES:
            self._client(service, region)

    def _client(self, service: str, region: str) -> Any:
        key = (service, region)
        client = self._clients.get(key)
        if client is None:
            with self._lock:
                client = self._clients.get(key) or self._make(service, region)
                self._clients[key] = client
        return client

    def _make(self, service: str, region: str) -> Any:
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint_url or None,
            config=Config(
                connect_timeout=5,
                read_timeout=20,
                retries={"mode": "standard", "total_max_attempts": 1},
                max_pool_connections=_POOL_CONNECTIONS,
                # The SDK spells its own name, system and features anew for each call, a tenth of its time.
                user_agent=_SDK_NAME,
                s3={"us_east_1_regional_endpoint": "regional"},
            ),
        )
        client.meta.events.register_last("request-created", _name_agent)
        client.meta.events.register_first("before-send", _ask)
        return client


def _ignore(_: CallRecord) -> None:
    """Where nobody keeps the records (a probe in a test)."""


@dataclass(frozen=True)
class Client:
    """One session's calls: what `Aws` promises, over one transport, in one region, under one set of keys."""

    transport: Transport
    region: str
    credentials: Credentials
    agent: str
    record: Recorder = _ignore

    def call(self, action: str, params: Mapping[str, Any], *, mutating: bool = False) -> Mapping[str, Any]:
        """See `Aws.call`."""
        for attempt in range(READ_ATTEMPTS):
            try:
                return self._once(action, params, mutating=mutating)
            except AwsError as error:
                if mutating or not error.transient or attempt + 1 == READ_ATTEMPTS:
                    raise
                self.transport.pause(random.uniform(0, _READ_PAUSE * 2**attempt))  # noqa: S311 - jitter
        raise AssertionError("a loop that returns or raises")  # pragma: no cover

    def _once(self, action: str, params: Mapping[str, Any], *, mutating: bool) -> Mapping[str, Any]:
        started, at = time.perf_counter(), datetime.now(UTC)
        try:
            reply = self.transport.send(
                action, params, region=self.region, credentials=self.credentials, agent=self.agent
            )
        except (BotoCoreError, ClientError, ResponseParserError, OSError) as raised:
            error = translate(raised, action=action, mutating=mutating)
            self._keep(action, started, at, error.request_id, error.status, error.code)
            raise error from raised
        metadata = reply.get("ResponseMetadata", {})
        self._keep(action, started, at, metadata.get("RequestId", ""), metadata.get("HTTPStatusCode", 0), "")
        return reply

    def _keep(
        self, action: str, started: float, at: datetime, request_id: str, status: int, error_code: str
    ) -> None:
        service, _, name = action.partition(":")
        ms = round((time.perf_counter() - started) * 1000)
        self.record(CallRecord(service, name, self.region, request_id, status, error_code, ms, at))
