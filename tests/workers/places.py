"""A place to build in: a cloud's spec, and the role that its customer made for it in a running sandbox."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from clouds.specs import CloudSpec
from iam.ids import new_id
from iam.policy.documents import canonical
from iam.policy.grants import control_plane_policy, session_policy
from iam.policy.trust import trust_policy
from tests.sandbox import CUSTOMER, PORTAL_ROLE, SandboxProcess
from workers.aws.client import Client, Transport
from workers.aws.ports import CallRecord, Credentials, Door
from workers.aws.session import Base, Sessions
from workers.operations.entry import names_of

REGION = "us-west-2"
ORIGIN = "https://raydock.example.com"


@dataclass
class Place:
    """One cloud to be, in a sandbox; `calls` is what its sessions recorded."""

    sandbox: SandboxProcess
    spec: CloudSpec
    sessions: Sessions
    operation_id: str = field(default_factory=lambda: new_id("op"))
    calls: list[CallRecord] = field(default_factory=list)

    @property
    def door(self) -> Door:
        return Door(
            organization_id=self.spec.organization_id,
            cloud_id=self.spec.cloud_id,
            account_id=self.spec.account_id,
            region=self.spec.region,
            role_arn=self.spec.cross_account_role_arn or "",
            external_id=self.spec.external_id or "",
            operation_id=self.operation_id,
            actor_id="usr_tester",
        )

    def enter(self, kind: str) -> Client:
        policy = canonical(session_policy(kind, names_of(self.spec)))
        client, _ = self.sessions.assume(self.door, policy, record=self.calls.append)
        return client

    def seen(self) -> list[dict[str, Any]]:
        """The sandbox's log of this place's sessions and of the tries to enter it."""
        rows = self.sandbox.calls()
        mine = (self.operation_id, self.spec.cross_account_role_arn)
        return [row for row in rows if row["session_name"] == mine[0] or row["principal"] == mine[1]]

    def admin(self, service: str) -> Any:
        """Plain boto3 as the account's administrator."""
        return self.sandbox.admin(service, self.spec.account_id, region=self.spec.region)

    def own(self) -> list[dict[str, Any]]:
        """What exists in the account with this cloud's tag, but the customer's own role."""
        mine = self.spec.cloud_id
        found = self.sandbox.inventory(self.spec.account_id)
        return [one for one in found if one["tags"].get("raydock-cloud-id") == mine]


def worker_keys(sandbox: SandboxProcess) -> Base:
    held = sandbox.keys["worker"]
    keys = Credentials(held["access_key_id"], held["secret_access_key"], held.get("session_token", ""))
    return lambda: keys


def transport(sandbox: SandboxProcess) -> Transport:
    """Speaks to the sandbox and never waits between two tries of a look."""
    return Transport(sandbox.url, pause=lambda _: None)


def sessions(sandbox: SandboxProcess) -> Sessions:
    return Sessions(transport(sandbox), worker_keys(sandbox), lambda: datetime.now(UTC), version="test")


def new_spec(*, account_id: str = CUSTOMER, region: str = REGION, **more: Any) -> CloudSpec:
    """A cloud that no other test knows, as its row would describe it before it is connected."""
    cloud_id = new_id("cld")
    usual = {
        "cloud_id": cloud_id,
        "organization_id": new_id("org"),
        "name": f"cloud-{cloud_id[-6:]}",
        "region": region,
        "account_id": account_id,
        "console_origin": ORIGIN,
        "portal_role_arn": PORTAL_ROLE,
        "external_id": f"ext-{cloud_id}",
    }
    return CloudSpec(**{**usual, **more})


def customer_role(
    sandbox: SandboxProcess,
    spec: CloudSpec,
    *,
    trust: Mapping[str, Any] | None = None,
    policies: Mapping[str, Any] | None = None,
) -> CloudSpec:
    """The customer makes the role that Raydock asks for (or another one); the spec with its ARN."""
    name = f"raydock-{spec.cloud_id[-10:]}"
    arn = f"arn:aws:iam::{spec.account_id}:role/{name}"
    wanted = {"raydock": control_plane_policy(names_of(replace(spec, cross_account_role_arn=arn)))}
    sandbox.customer_role(
        name,
        trust or trust_policy(spec.portal_role_arn, spec.external_id or ""),
        wanted if policies is None else policies,
        account_id=spec.account_id,
    )
    return replace(spec, cross_account_role_arn=arn)


def new_place(sandbox: SandboxProcess, entered: Sessions, **more: Any) -> Place:
    """A connected cloud in which nothing is built yet."""
    return Place(sandbox, customer_role(sandbox, new_spec(**more)), entered)


@contextmanager
def threads(number: int = 32) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(number, thread_name_prefix="aws") as pool:
        yield pool
