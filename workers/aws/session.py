"""Entering a customer's account: the one place that assumes roles, and the one that tries to without a right.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session

from iam.ids import new_external_id
from iam.policy.documents import canonical
from iam.policy.grants import POWERLESS
from workers.aws.client import Client, Transport
from workers.aws.errors import AwsError, Kind
from workers.aws.ports import Credentials, Door, Recorder

SESSION_SECONDS = 900
RENEW_BEFORE = timedelta(minutes=5)
ASSUME = "sts:AssumeRole"
SET_SOURCE_IDENTITY = "sts:SetSourceIdentity"
TAG_SESSION = "sts:TagSession"
_KEPT = 2048

# What a trust policy may lack, and the parameters that we then have to do without.
_OPTIONAL = {SET_SOURCE_IDENTITY: "SourceIdentity", TAG_SESSION: "Tags"}

Base = Callable[[], Credentials]


@dataclass(frozen=True)
class Entry:
    """An assumed role. `lacking`: what its trust policy did not grant, so that we are less visible there."""

    credentials: Credentials
    lacking: tuple[str, ...]


class Sessions:
    """The assumed roles of one process, kept in memory until five minutes before they run out."""

    def __init__(
        self, transport: Transport, base: Base, now: Callable[[], datetime], *, version: str = "0"
    ) -> None:
        self._transport = transport
        self._base = base
        self._now = now
        self._version = version
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, ...], Entry] = OrderedDict()

    def assume(self, door: Door, policy: str, *, record: Recorder) -> tuple[Client, tuple[str, ...]]:
        """A client inside the customer's account, narrowed to `policy`, and what the trust policy lacks.

        Raises AwsError: Denied while AWS does not let us in, which a role younger than two minutes may cause.
        """
        key = _key(door, policy)
        entry = self._kept(key)
        if entry is None:
            entry = self._enter(door, policy, record)
            self._keep(key, entry)
        return self._client(door, entry.credentials, record), entry.lacking

    def lets_in(self, door: Door, external_id: str | None, *, record: Recorder) -> bool:
        """Whether AWS lets us in with this external ID, or with none: for any but the right one it must not.

        The keys of a session that comes of it can do nothing, and are dropped at once. Raises AwsError when
        AWS gave no clear answer.
        """
        request = _request(door, external_id) | {"Policy": canonical(POWERLESS)}
        try:
            self._portal(door, record).call(ASSUME, request)
        except AwsError as error:
            if error.kind is Kind.DENIED:
                return False
            raise
        return True

    def _enter(self, door: Door, policy: str, record: Recorder) -> Entry:
        request = _request(door, door.external_id) | {"Policy": policy} | _correlation(door)
        portal = self._portal(door, record)
        lacking: tuple[str, ...] = ()
        while True:
            try:
                reply = portal.call(ASSUME, request)
            except AwsError as error:
                parameter = _OPTIONAL.get(error.missing_action, "") if error.kind is Kind.DENIED else ""
                if parameter not in request:
                    raise
                lacking = (*lacking, error.missing_action)
                request = {name: value for name, value in request.items() if name != parameter}
            else:
                return Entry(_credentials(reply["Credentials"]), lacking)

    def _portal(self, door: Door, record: Recorder) -> Client:
        """Speaks as the portal itself, to the STS of the cloud's own region."""
        return self._client(door, self._base(), record)

    def _client(self, door: Door, credentials: Credentials, record: Recorder) -> Client:
        agent = f"raydock/{self._version} {door.operation_id}"
        return Client(self._transport, door.region, credentials, agent, record)

    def _kept(self, key: tuple[str, ...]) -> Entry | None:
        with self._lock:
            entry = self._entries.get(key)
        if entry is None or entry.credentials.expires_at is None:
            return None
        return entry if entry.credentials.expires_at - RENEW_BEFORE > self._now() else None

    def _keep(self, key: tuple[str, ...], entry: Entry) -> None:
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > _KEPT:
                self._entries.popitem(last=False)


def environment_keys() -> Base:
    """The worker's own keys, from wherever its environment keeps them (variables, profile, instance role)."""
    found = botocore.session.Session().get_credentials()
    if found is None:
        message = "The worker has no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for it."
        raise AwsError(Kind.DENIED, "NoCredentials", message, action=ASSUME)

    def keys() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token or "")

    return keys


def wrong_external_id() -> str:
    """An external ID shaped like ours that nobody was given: a role that takes any of ours is open to all."""
    return new_external_id()


def _request(door: Door, external_id: str | None) -> dict[str, Any]:
    request: dict[str, Any] = {
        "RoleArn": door.role_arn,
        "RoleSessionName": door.operation_id,
        "DurationSeconds": SESSION_SECONDS,
    }
    return request if external_id is None else request | {"ExternalId": external_id}


def _correlation(door: Door) -> dict[str, Any]:
    """Who asked, and for what, in the customer's own CloudTrail."""
    tags = {"raydock-cloud-id": door.cloud_id, "raydock-organization-id": door.organization_id}
    return {
        "SourceIdentity": door.actor_id,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def _credentials(reply: Mapping[str, Any]) -> Credentials:
    expires_at = reply["Expiration"].astimezone(UTC)
    return Credentials(reply["AccessKeyId"], reply["SecretAccessKey"], reply["SessionToken"], expires_at)


def _key(door: Door, policy: str) -> tuple[str, ...]:
    """Never shared between organizations, roles, powers or operations: sessions bear an operation's name."""
    digest = hashlib.sha256(policy.encode()).hexdigest()
    return (door.organization_id, door.role_arn, door.external_id, door.operation_id, digest)
