"""A small world to look at: one organization with clouds in every state, and work done on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clouds.config.document import from_json
from clouds.configurations import identity_of
from clouds.models import (
    AwsCall,
    Cloud,
    CloudResource,
    Operation,
    OperationEvent,
    Verification,
    VerificationFinding,
)
from clouds.registration import read_registration
from clouds.services.configurations import config_save
from clouds.states import CloudState, Kind, OperationState
from iam import audit, tenancy
from iam.ids import new_id
from iam.models import Organization
from tests import factories
from tests.looks import network_seen
from tests.people import People


@dataclass(frozen=True)
class World:
    """What the pages show: a cloud that is ready, one being set up, one whose set-up failed, and so on."""

    people: People
    ready: Cloud
    busy: Cloud
    failed: Cloud
    reserved: Cloud
    connected: Cloud
    recorded: Cloud
    registered: Cloud
    setup: Operation
    running: Operation
    broken: Operation


def world_of(us: People, now: datetime) -> World:
    """Build the world in the organization of these people."""
    at, made = us.organization, CloudState
    ready_id = new_id("cld")
    ready = factories.cloud(
        at,
        made.ACTIVE,
        id=ready_id,
        name="prod-training",
        now=now,
        checks_passed=2,
        checks_total=3,
        facts=network_seen(ready_id, now).to_json(),
        facts_at=now,
    )
    busy = factories.cloud(at, made.SETTING_UP, name="research", now=now)
    failed = factories.cloud(at, made.SETUP_FAILED, name="partner", now=now)
    setup = factories.operation(
        ready,
        Kind.SETUP,
        OperationState.SUCCEEDED,
        due_at=now,
        started_at=now,
        finished_at=now + timedelta(seconds=4),
        steps_done=2,
        steps_total=2,
        message="The cloud is ready.",
    )
    running = factories.operation(busy, Kind.SETUP, OperationState.RUNNING, started_at=now, steps_total=2)
    broken = factories.operation(
        failed,
        Kind.SETUP,
        OperationState.FAILED,
        started_at=now,
        finished_at=now,
        code="denied",
        message="AWS refused ec2:CreateVpc.",
        fix="Attach the policy control-plane to the role again.",
    )
    for operation in (setup, running, broken):
        furnish(operation, now)
    verified(ready, setup, now)
    audit.append(
        actor=us.owner.actor,
        action="cloud.rename",
        entity="cloud",
        target_id=ready.id,
        target_name=ready.name,
        cloud_id=ready.id,
        operation_id=setup.id,
        before={"name": "old"},
        after={"name": "prod-training"},
        now=now,
    )
    mapped(us, ready, now)
    return World(
        people=us,
        ready=ready,
        busy=busy,
        failed=failed,
        reserved=factories.cloud(at, made.RESERVED, name="sandbox-euc1", now=now),
        connected=factories.cloud(at, made.CONNECTED, name="batch", now=now),
        recorded=on_gcp(at, now),
        registered=stuck(at, now),
        setup=setup,
        running=running,
        broken=broken,
    )


def mapped(us: People, cloud: Cloud, now: datetime) -> None:
    """Give a cloud two versions of a mapping, the second with a rule that is never reached."""
    rules = [("project=vision", "vision-nodes"), ("project=vision,workload-type=job", "job-nodes")]
    with tenancy.scope(cloud.organization_id):
        for count in (1, 2):
            mapping = {
                "mode": "CUSTOMER_MANAGED",
                "rules": [{"selector": selector, "value": value} for selector, value in rules[:count]],
                "default_rule": "CLOUD_DEFAULT",
            }
            data = {
                "cloud_deployment_id": cloud.deployment_id,
                "cloud_provider": "AWS",
                "dataplane_iam_mapping": mapping,
            }
            document = from_json(data, identity_of(cloud))
            config_save(actor=us.owner.actor, cloud=cloud, document=document, reason="vision", now=now)


def on_gcp(at: Organization, now: datetime) -> Cloud:
    """A record of a cloud on GCP."""
    return factories.cloud(
        at,
        CloudState.RECORDED,
        name="lab",
        provider="gcp",
        kind="registered",
        region="europe-west4",
        account_id="",
        project_id="ray-lab-123456",
        role_arn=None,
        options={
            "bucket": "acme-lab",
            "cluster_service_account": "ray-nodes@ray-lab-123456.iam.gserviceaccount.com",
            "service_accounts": ["ray-jobs@ray-lab-123456.iam.gserviceaccount.com"],
        },
        now=now,
    )


def stuck(at: Organization, now: datetime, check: str = "sg.self_in") -> Cloud:
    """A registered cloud that one check keeps from being active."""
    given = {
        "vpc": "own network",
        "subnets": ["own a", "own b"],
        "security_groups": ["nodes"],
        "cluster_role": "arn:aws:iam::222222222222:role/ray/nodes",
        "bucket": "s3://ray-data",
        "private_network": True,
    }
    known = read_registration(given, account_id=factories.ACCOUNT, region=factories.REGION)
    cloud = factories.cloud(
        at, CloudState.REGISTERED, kind="registered", registration=known.to_json(), now=now
    )
    operation = factories.operation(cloud, Kind.REGISTER, OperationState.SUCCEEDED, finished_at=now)
    with tenancy.scope(at.id):
        verification = Verification.objects.create(
            organization_id=at.id,
            cloud=cloud,
            operation=operation,
            started_at=now,
            finished_at=now,
            failed=1,
            failed_musts=1,
        )
        VerificationFinding.objects.create(
            organization_id=at.id,
            verification=verification,
            check_id=check,
            area=check.partition(".")[0],
            severity="must",
            status="FAIL",
            title="Nodes reach each other",
            observed="No rule lets them.",
        )
    return cloud


def furnish(operation: Operation, now: datetime) -> None:
    """Give an operation two steps, some events and a call that worked and one that did not."""
    at = operation.organization_id
    ends = {"succeeded": "done", "failed": "failed"}.get(operation.state, "running")
    told = [("vpc", "planned"), ("bucket", "planned"), ("vpc", "done"), ("bucket", ends)]
    with tenancy.scope(at):
        for seq, (step, state) in enumerate(told, 1):
            kind = "AWS::EC2::VPC" if step == "vpc" else "AWS::S3::Bucket"
            OperationEvent.objects.create(
                organization_id=at,
                operation=operation,
                seq=seq,
                at=now,
                step=step,
                resource=step,
                kind=kind,
                state=state,
                message=f"{step} is {state}",
            )
        for status, error in ((200, ""), (403, "AccessDenied")):
            AwsCall.objects.create(
                organization_id=at,
                operation=operation,
                service="ec2",
                action="CreateVpc",
                region="eu-central-1",
                request_id="8d8c5b52-0c3e-4a7b-9d4f-1f9a2e7c6b11",
                status=status,
                error_code=error,
                ms=52,
                at=now,
            )


def verified(cloud: Cloud, operation: Operation, now: datetime) -> None:
    """Give a cloud resources and a verification with a pass, a warning and a failure."""
    at = cloud.organization_id
    with tenancy.scope(at):
        for name, kind, identity in (
            ("vpc", "AWS::EC2::VPC", "vpc-0a61f3d2c94e8b710"),
            ("subnet-use1-az1", "AWS::EC2::Subnet", "subnet-0a1"),
            ("bucket", "AWS::S3::Bucket", "raydock-cld-1"),
        ):
            CloudResource.objects.create(
                organization_id=at,
                cloud=cloud,
                logical_name=name,
                kind=kind,
                aws_id=identity,
                state="present",
                operation=operation,
                created_at=now,
                updated_at=now,
            )
        run = Verification.objects.create(
            organization_id=at,
            cloud=cloud,
            operation=operation,
            started_at=now,
            finished_at=now,
            passed=1,
            warned=1,
            failed=1,
        )
        for check, area, status in (
            ("vpc.dns", "vpc", "PASS"),
            ("vpc.s3_endpoint", "vpc", "WARN"),
            ("sg.self_in", "sg", "FAIL"),
        ):
            VerificationFinding.objects.create(
                organization_id=at,
                verification=run,
                check_id=check,
                area=area,
                severity="must",
                status=status,
                subject="vpc-0a61f3d2c94e8b710",
                title=f"{check} holds",
                observed="no rule",
                expected="a rule",
                detail="Nodes cannot reach each other.",
                fix="Add the rule.",
                cli="aws ec2 authorize-…",
                terraform="ingress { self = true }",
                console_path="VPC > Security groups",
            )
