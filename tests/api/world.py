"""One of everything, and one good request for each method of each address of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.urls import URLPattern

from clouds.config.document import from_json
from clouds.configurations import identity_of
from clouds.models import (
    AwsCall,
    Cloud,
    CloudResource,
    Operation,
    Verification,
    VerificationFinding,
)
from clouds.services.configurations import config_save
from clouds.services.events import Event, add_events
from clouds.states import FINAL, CloudState, Kind, OperationState
from iam import audit
from iam.ids import new_id
from iam.invitations import invitation_create
from iam.models import Invitation
from iam.permissions import MemberRole
from portal.api.urls import urlpatterns
from portal.api.view import View
from tests import factories
from tests.looks import network_seen
from tests.people import PASSWORD, People

PREFIX = "/api/v1/"
NEW_PERSON = {"name": "Gert Guest", "password": PASSWORD}


@dataclass
class World:
    """An organization where something of each kind exists; `secret` belongs to the open invitation."""

    us: People
    now: datetime
    cloud: Cloud
    operation: Operation
    invitation: Invitation
    secret: str
    event_id: str

    def ids(self) -> dict[str, str]:
        """What to put into an address, by the name of its parameter."""
        return {
            "organization_id": self.us.organization.id,
            "member_id": self.us.member.place_id,
            "invitation_id": self.invitation.id,
            "service_account_id": self.us.program.place_id,
            "token_id": self.us.owner.actor.token_id or "",
            "cloud_id": self.cloud.id,
            "operation_id": self.operation.id,
            "event_id": self.event_id,
            "name": "control-plane",
            "number": "2",
        }


@dataclass(frozen=True)
class Example:
    """A request that an owner may make: in which world, with what, and how it is answered."""

    body: Callable[[World], Mapping[str, Any]] | None = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    cloud: CloudState = CloudState.ACTIVE
    operation: OperationState = OperationState.SUCCEEDED
    kind: str = "managed"


def just(**body: Any) -> Callable[[World], Mapping[str, Any]]:
    """A body that is the same in every world."""
    return lambda _: body


def configuration(*rules: tuple[str, str]) -> Callable[[World], Mapping[str, Any]]:
    """A whole configuration with these rules."""
    return lambda world: {
        "cloud_deployment_id": world.cloud.deployment_id,
        "cloud_provider": "AWS",
        "compute_stack": "VM",
        "dataplane_iam_mapping": mapping(*rules),
    }


def mapping(*rules: tuple[str, str]) -> dict[str, Any]:
    """A mapping with these rules, each a selector and a role."""
    return {
        "mode": "CUSTOMER_MANAGED",
        "rules": [{"selector": selector, "value": value} for selector, value in rules],
        "default_rule": "CLOUD_DEFAULT",
    }


BECAUSE = just(reason="because")
JOBS, VISION = ("workload-type=job", "jobs"), ("project=vision", "vision")
EXAMPLES: Mapping[str, Mapping[str, Example]] = {
    "organizations": {"GET": Example()},
    "organizations/<typeid:organization_id>": {
        "GET": Example(),
        "PATCH": Example(just(name="Renamed", reason="merger")),
    },
    "members": {"GET": Example()},
    "members/<typeid:member_id>": {
        "GET": Example(),
        "PATCH": Example(just(role="auditor")),
        "DELETE": Example(just(reason="left"), status=204),
    },
    "invitations": {
        "GET": Example(),
        "POST": Example(just(email="new@example.com", role="member"), status=201),
    },
    "invitations/accept": {
        "POST": Example(lambda world: {**NEW_PERSON, "secret": world.secret}, status=201),
    },
    "invitations/<typeid:invitation_id>": {"GET": Example(), "DELETE": Example(just(), status=204)},
    "service-accounts": {
        "GET": Example(),
        "POST": Example(just(name="ci", role="member"), status=201),
    },
    "service-accounts/<typeid:service_account_id>": {
        "GET": Example(),
        "DELETE": Example(just(), status=204),
    },
    "tokens": {
        "GET": Example(),
        "POST": Example(just(name="laptop", scopes=["read"], expires_at=None), status=201),
    },
    "tokens/<typeid:token_id>": {"GET": Example(), "DELETE": Example(just(), status=204)},
    "clouds": {
        "GET": Example(query="state=active&region=eu-central-1&deleted=false&q=c&limit=10"),
        "POST": Example(
            just(
                name="fresh",
                region="eu-central-1",
                account_id="222222222222",
                options={"vpc_cidr": "10.1.0.0/16", "zones": 2},
            ),
            status=201,
        ),
    },
    "clouds/<typeid:cloud_id>": {
        "GET": Example(),
        "PATCH": Example(just(name="other", delete_protection=True)),
        "DELETE": Example(lambda world: {"confirm_name": world.cloud.name, "reason": "over"}, status=202),
    },
    "clouds/<typeid:cloud_id>/connect": {
        "POST": Example(
            just(role_arn="arn:aws:iam::222222222222:role/mine", wait_seconds=0),
            status=202,
            cloud=CloudState.RESERVED,
        ),
    },
    "clouds/<typeid:cloud_id>/setup": {"POST": Example(BECAUSE, status=202, cloud=CloudState.CONNECTED)},
    "clouds/<typeid:cloud_id>/verify": {"POST": Example(just(only=["vpc.exists"]), status=202)},
    "clouds/<typeid:cloud_id>/register": {
        "GET": Example(kind="registered"),
        "POST": Example(
            just(
                vpc="vpc-0123456789abcdef0",
                subnets=["subnet-0123456789abcdef0", "nodes-b"],
                security_groups=["nodes"],
                cluster_role="arn:aws:iam::222222222222:role/ray/nodes",
                bucket="s3://ray-data",
                private_network=True,
                reason="ours",
            ),
            status=202,
            kind="registered",
        ),
    },
    "clouds/<typeid:cloud_id>/activate": {
        "POST": Example(just(), cloud=CloudState.REGISTERED, kind="registered"),
    },
    "clouds/<typeid:cloud_id>/plan": {"GET": Example(query="operation=setup")},
    "clouds/<typeid:cloud_id>/resources": {"GET": Example()},
    "clouds/<typeid:cloud_id>/findings": {"GET": Example()},
    "clouds/<typeid:cloud_id>/verifications": {"GET": Example()},
    "clouds/<typeid:cloud_id>/operations": {"GET": Example(query="kind=setup&open=false")},
    "clouds/<typeid:cloud_id>/trust": {"GET": Example()},
    "clouds/<typeid:cloud_id>/trust/rotate": {
        "POST": Example(just(wait_seconds=60, reason="the ID was in a screenshot"), status=202),
    },
    "clouds/<typeid:cloud_id>/policies": {"GET": Example()},
    "clouds/<typeid:cloud_id>/policies/<slug:name>": {"GET": Example()},
    "clouds/<typeid:cloud_id>/config": {
        "GET": Example(query="format=json"),
        "PUT": Example(configuration(VISION), query="reason=because", headers={"If-Match": '"v2-json"'}),
    },
    "clouds/<typeid:cloud_id>/config/versions": {"GET": Example(query="limit=10")},
    "clouds/<typeid:cloud_id>/config/versions/<int:number>": {"GET": Example()},
    "clouds/<typeid:cloud_id>/config/versions/<int:number>/diff": {"GET": Example(query="against=0")},
    "clouds/<typeid:cloud_id>/config/rollback": {
        "POST": Example(just(version=1, reason="because"), status=201),
    },
    "clouds/<typeid:cloud_id>/iam-mapping/resolve": {
        "POST": Example(just(labels={"workload-type": "job", "user": "a@b.example"})),
    },
    "clouds/<typeid:cloud_id>/iam-mapping/simulate": {
        "POST": Example(just(config=mapping(VISION, JOBS), workloads=[{"project": "vision"}])),
    },
    "clouds/<typeid:cloud_id>/iam-mapping/lint": {"POST": Example(just(config=mapping(JOBS, JOBS)))},
    "clouds/<typeid:cloud_id>/exports/ray-cluster": {
        "GET": Example(query="format=json&workload-type=job&project=p&user=a@example.com"),
    },
    "clouds/<typeid:cloud_id>/exports/ray-roles": {"GET": Example(query="workload-type=job")},
    "clouds/<typeid:cloud_id>/exports/terraform": {"GET": Example(query="role=create")},
    "clouds/<typeid:cloud_id>/exports/cloudformation": {"GET": Example(query="format=json")},
    "clouds/<typeid:cloud_id>/exports/aws-cli": {"GET": Example()},
    "operations": {"GET": Example(query="state=succeeded")},
    "operations/<typeid:operation_id>": {"GET": Example()},
    "operations/<typeid:operation_id>/events": {"GET": Example(query="after=0")},
    "operations/<typeid:operation_id>/aws-calls": {"GET": Example()},
    "operations/<typeid:operation_id>/cancel": {
        "POST": Example(BECAUSE, status=202, cloud=CloudState.SETTING_UP, operation=OperationState.QUEUED),
    },
    "operations/<typeid:operation_id>/retry": {
        "POST": Example(BECAUSE, status=202, cloud=CloudState.SETUP_FAILED, operation=OperationState.FAILED),
    },
    "operations/<typeid:operation_id>/take-down": {
        "POST": Example(BECAUSE, status=202, cloud=CloudState.SETUP_FAILED, operation=OperationState.FAILED),
    },
    "audit-events": {"GET": Example(query="outcome=succeeded&from=2026-01-01T00:00:00Z&q=found")},
    "audit-events/export": {"GET": Example(query="format=jsonl")},
    "audit-events/integrity": {"GET": Example()},
    "audit-events/<typeid:event_id>": {"GET": Example()},
}


@dataclass(frozen=True)
class Call:
    """One method of one address."""

    method: str
    route: str
    view: type[View]
    example: Example = field(compare=False, hash=False)

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    def path(self, world: World) -> str:
        """The address in this world."""
        address = self.route
        for name, value in world.ids().items():
            for kind in ("typeid", "slug", "int"):
                address = address.replace(f"<{kind}:{name}>", value)
        query = f"?{self.example.query}" if self.example.query else ""
        return f"{PREFIX}{address}{query}"

    def body(self, world: World) -> Mapping[str, Any] | None:
        """The body in this world; None for none."""
        return self.example.body(world) if self.example.body else None


def views() -> dict[str, type[View]]:
    """All addresses of the API with their views, but for the API's description and the address of nothing."""
    found: dict[str, type[View]] = {}
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "cls", None)
        if isinstance(view, type) and issubclass(view, View):
            found[str(pattern.pattern)] = view
    return found


def calls() -> list[Call]:
    """Every method of every address. A new one without an example raises KeyError: write it above."""
    return [
        Call(method, route, view, EXAMPLES[route][method])
        for route, view in views().items()
        for method in view.needs
    ]


def build(us: People, now: datetime, example: Example) -> World:
    """A world in which the example's request is possible."""
    cloud_id = new_id("cld")
    cloud = factories.cloud(
        us.organization.id,
        example.cloud,
        id=cloud_id,
        kind=example.kind,
        facts=network_seen(cloud_id, now).to_json(),
        facts_at=now,
        now=now,
    )
    ended: dict[str, Any] = {"finished_at": now} if example.operation in FINAL else {}
    before = CloudState.CONNECTED
    operation = factories.operation(
        cloud, Kind.SETUP, example.operation, created_at=now, cloud_before=before, **ended
    )
    with us.owner.here:
        _history(cloud, operation, now)
        offer = invitation_create(
            actor=us.owner.actor, email="guest@example.com", role=MemberRole.MEMBER, now=_soon_valid()
        )
        _configured(us, cloud, now)
        event_id = str(audit.events(actor=us.owner.actor).results[0]["id"])
    return World(us, now, cloud, operation, offer.invitation, offer.secret, event_id)


def _configured(us: People, cloud: Cloud, now: datetime) -> None:
    """Two versions of a configuration."""
    for rules in ([JOBS], [JOBS, VISION]):
        data = {
            "cloud_deployment_id": cloud.deployment_id,
            "cloud_provider": "AWS",
            "dataplane_iam_mapping": mapping(*rules),
        }
        document = from_json(data, identity_of(cloud))
        config_save(actor=us.owner.actor, cloud=cloud, document=document, now=now)


def _soon_valid() -> datetime:
    """A moment from which an invitation is still open: requests come with the real time."""
    return datetime.now(tz=factories.NOW.tzinfo) - timedelta(minutes=1)


def _history(cloud: Cloud, operation: Operation, now: datetime) -> None:
    """Something to list under the cloud and the operation."""
    ours = {"organization_id": cloud.organization_id}
    add_events(operation, [Event("Created.", "done", step="vpc")], now)
    operation.save(update_fields=["last_event"])
    AwsCall.objects.create(
        **ours,
        operation=operation,
        service="ec2",
        action="CreateVpc",
        region=cloud.region,
        request_id="aws-1",
        status=200,
        ms=12,
        at=now,
    )
    CloudResource.objects.create(
        **ours,
        cloud=cloud,
        operation=operation,
        logical_name="vpc",
        kind="AWS::EC2::VPC",
        aws_id="vpc-1",
        state="present",
        created_at=now,
        updated_at=now,
    )
    verification = Verification.objects.create(
        **ours, cloud=cloud, operation=operation, started_at=now, finished_at=now, passed=1
    )
    VerificationFinding.objects.create(
        **ours,
        verification=verification,
        check_id="vpc.exists",
        area="network",
        severity="must",
        status="PASS",
    )
