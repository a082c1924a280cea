"""Each action of each document is needed: withheld, AWS refuses the work, and the work names the action.

An operation begins without any of its document's actions. What AWS refuses and the operation names is given
to it, and it goes on from what is there, until AWS refuses no more: then it has been given the whole
document, no action more and none less. With RAYDOCK_TEST_SIZE=large each action is withheld alone too.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from clouds.models import Cloud, Operation, OperationEvent, VerificationFinding
from clouds.states import CloudState, Kind
from iam.policy.documents import CURRENT, canonical
from iam.policy.grants import PROBE_PREFIX, actions, control_plane_policy
from iam.policy.grants import Kind as Power
from iam.policy.minimal import minimal_policy
from tests.workers.desk import Desk
from tests.workers.faults.lives import connected
from tests.workers.operations.test_permissions import damage
from workers.aws.client import Client
from workers.aws.ports import Door, Recorder
from workers.aws.session import Sessions
from workers.operations.entry import names_of
from workers.operations.waiting import PROPAGATION

NOTHING = {"Version": CURRENT, "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
TRIES = 15
LARGE = os.environ.get("RAYDOCK_TEST_SIZE") == "large"
Again = Callable[[], Operation]
Begin = Callable[[Desk], Again]
# What only a network changed by hand needs of a set-up, and what only a bucket that stays of a delete.
MENDING = frozenset({"ec2:AuthorizeSecurityGroupEgress", "ec2:ModifyVpcEndpoint", "ec2:ReplaceRoute"})
KEEPING = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy"})


def without(policy: Any, withheld: Iterable[str]) -> dict[str, Any]:
    """A policy without these actions."""
    kept = []
    for one in policy["Statement"]:
        listed = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        left = [action for action in listed if action not in withheld]
        kept += [{**one, "Action": left}] if left else []
    return {"Version": CURRENT, "Statement": kept} if kept else NOTHING


class Withholding(Sessions):
    """The worker's sessions, whose policies lack what is withheld."""

    withheld: set[str]

    def assume(self, door: Door, policy: str, *, record: Recorder) -> tuple[Client, tuple[str, ...]]:
        return super().assume(door, canonical(without(json.loads(policy), self.withheld)), record=record)


@pytest.fixture
def sessions(desk: Desk) -> Withholding:
    """AWS's answers to a role are final from two minutes of its age."""
    desk.clock.jump(desk.clock.now() + 2 * PROPAGATION)
    desk.sessions.__class__ = Withholding
    assert isinstance(desk.sessions, Withholding)
    desk.sessions.withheld = set()
    return desk.sessions


def told(operation: Operation) -> str:
    """What the operation, its failed steps, its notes and its findings say."""
    rows = VerificationFinding.objects.filter(verification__operation=operation).exclude(status="PASS")
    events = OperationEvent.objects.filter(operation=operation)
    said = [operation.message, operation.fix]
    said += [one.message for one in (*events.filter(state="failed"), *events.filter(step="permissions"))]
    said += [text for row in rows for text in (row.observed, row.detail, row.fix)]
    return "\n".join(said)


def unnamed(operation: Operation, lacking: Iterable[str]) -> set[str]:
    """Which of these the operation does not name."""
    text = told(operation)
    return {one for one in lacking if not re.search(rf"{one}(?![A-Za-z])", text)}


def refused(desk: Desk, operation: Operation) -> set[str]:
    """Which permissions AWS asked for in vain, but for the tries to enter that must be refused."""
    rows = [row for row in desk.sandbox.calls() if operation.id in row["user_agent"]]
    asked = {check["action"] for row in rows for check in row["checks"] if not check["allowed"]}
    return asked - {"sts:AssumeRole"}


def learned(desk: Desk, sessions: Withholding, document: Iterable[str], again: Again) -> set[str]:
    """What the operation had to be given until AWS refused no more; the operation named each of it."""
    sessions.withheld = set(document)
    for _ in range(TRIES):
        operation = again()
        lacking = refused(desk, operation)
        assert lacking <= sessions.withheld, "the rest of the document is enough for the rest of the work"
        if not lacking:
            assert operation.state == "succeeded", (operation.code, operation.message)
            return set(document) - sessions.withheld
        named = lacking - unnamed(operation, lacking)
        assert named, (lacking, told(operation))
        sessions.withheld -= named
    raise AssertionError(f"still not done without {sorted(sessions.withheld)}")


def use_managed_policies(desk: Desk, cloud: Cloud) -> None:
    """Roles whose managed policies must be looked at, and taken away before a role can go."""
    place, spec = desk.place(cloud), desk.spec(cloud)
    document = control_plane_policy(names_of(spec))
    part = {**document, "Statement": document["Statement"][:1]}
    made = place.admin("iam").create_policy(PolicyName=spec.cloud_id, PolicyDocument=canonical(part))
    for role in (spec.cluster_role_name, spec.cross_account_role_name):
        place.admin("iam").attach_role_policy(RoleName=role, PolicyArn=made["Policy"]["Arn"])


def use_bucket(desk: Desk, cloud: Cloud, key: str) -> None:
    """An object with a version, and an upload that never ended."""
    s3, bucket = desk.place(cloud).admin("s3"), desk.spec(cloud).bucket_name
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key=key, Body=b"data")
    s3.create_multipart_upload(Bucket=bucket, Key=key)


def built(desk: Desk) -> Cloud:
    cloud = connected(desk)
    operation = desk.do(cloud, Kind.SETUP)
    assert operation.state == "succeeded", operation.message
    return desk.fresh(cloud)


def connecting(desk: Desk) -> Again:
    """Anew, for a cloud that is built: then everything is there to be looked at."""
    cloud = built(desk)
    use_managed_policies(desk, cloud)
    return lambda: desk.do(desk.fresh(cloud), Kind.CONNECT, role_arn=cloud.role_arn)


def setting_up(desk: Desk) -> Again:
    cloud = connected(desk)
    return lambda: desk.do(desk.fresh(cloud), Kind.SETUP)


def mending(desk: Desk) -> Again:
    cloud = built(desk)
    damage(desk, cloud)
    return lambda: desk.do(desk.fresh(cloud), Kind.SETUP)


def verifying(desk: Desk) -> Again:
    cloud = built(desk)
    use_managed_policies(desk, cloud)
    return lambda: desk.do(desk.fresh(cloud), Kind.VERIFY)


def deleting(desk: Desk) -> Again:
    cloud = built(desk)
    use_managed_policies(desk, cloud)
    use_bucket(desk, cloud, "models/1")
    return lambda: desk.do(desk.fresh(cloud), Kind.DELETE, bucket="delete")


def keeping(desk: Desk) -> Again:
    """A bucket that is kept loses the statements that name the cloud's roles."""
    cloud = built(desk)
    return lambda: desk.do(desk.fresh(cloud), Kind.DELETE)


def taking_down(desk: Desk) -> Again:
    cloud = built(desk)
    use_managed_policies(desk, cloud)
    use_bucket(desk, cloud, f"{PROBE_PREFIX}lost")
    Cloud.objects.filter(pk=cloud.pk).update(state=CloudState.SETUP_FAILED)
    return lambda: desk.do(desk.fresh(cloud), Kind.TAKEDOWN)


WORK: dict[str, tuple[Power, Begin]] = {
    "connect": (Power.CONNECT, connecting),
    "set-up": (Power.SETUP, setting_up),
    "mend": (Power.SETUP, mending),
    "verify": (Power.VERIFY, verifying),
    "delete": (Power.DELETE, deleting),
    "keep": (Power.DELETE, keeping),
    "take-down": (Power.TAKEDOWN, taking_down),
}
# The part of its kind's document that each work comes across.
DOCUMENTS: dict[str, frozenset[str]] = {
    **{name: actions(kind) for name, (kind, _) in WORK.items()},
    "set-up": actions("setup") - MENDING,
    "mend": MENDING,
    "delete": actions("delete") - KEEPING,
    "keep": KEEPING,
    "take-down": actions("takedown") - KEEPING,
}


@pytest.mark.usefixtures("mapping")
@pytest.mark.parametrize("name", WORK)
def test_what_an_operation_wants_is_its_document(desk: Desk, sessions: Withholding, name: str) -> None:
    again = WORK[name][1](desk)
    assert learned(desk, sessions, DOCUMENTS[name], again) == DOCUMENTS[name]


def test_no_action_is_left_out_of_the_proof() -> None:
    proven: dict[Power, set[str]] = {kind: set() for kind in Power}
    for name, (kind, _) in WORK.items():
        proven[kind] |= DOCUMENTS[name]
    # A bucket that is kept is a matter of delete alone; the two have the same policy.
    proven[Power.TAKEDOWN] |= KEEPING
    # That a registration calls what it may call and nothing else is held in test_register.
    assert proven.pop(Power.REGISTER) == set()
    assert proven == {kind: actions(kind) for kind in Power if kind is not Power.REGISTER}


def alone() -> Iterator[Any]:
    """Every action of every work; by default one, to prove that it comes to the same."""
    for name, (_, begin) in WORK.items():
        every = sorted(DOCUMENTS[name])
        some = every[len(every) // 2 :][:1] if name == "set-up" else []
        for action in every if LARGE else some:
            yield pytest.param(begin, action, id=f"{name}-{action}")


@pytest.mark.usefixtures("mapping")
@pytest.mark.parametrize(("begin", "action"), alone())
def test_an_action_that_is_withheld_alone_is_refused_and_named(
    desk: Desk, sessions: Withholding, begin: Begin, action: str
) -> None:
    again = begin(desk)
    sessions.withheld = {action}
    operation = again()
    assert refused(desk, operation) == {action}
    assert not unnamed(operation, {action})
    sessions.withheld = set()
    assert again().state == "succeeded"


@pytest.mark.parametrize("operation", ["setup", "verify", "delete"])
def test_one_operation_runs_under_its_own_minimal_policy(desk: Desk, operation: str) -> None:
    kind = Kind(operation)
    cloud = connected(desk) if kind is Kind.SETUP else built(desk)
    policy = minimal_policy(operation, names_of(desk.spec(cloud)))
    desk.role_for(cloud, policies={"raydock": policy})
    asked = {"bucket": "delete"} if kind is Kind.DELETE else {}
    done = desk.do(desk.fresh(cloud), kind, **asked)
    assert done.state == "succeeded", done.message
    assert refused(desk, done) == set()
