"""The rules of trust that hold for whatever an operation does, read in the sandbox's own log (PRODUCT 3)."""

from collections.abc import Mapping
from typing import Any

import pytest

from clouds.models import Cloud
from clouds.states import Kind
from iam.errors import Problem
from tests.workers.desk import Desk, states
from tests.workers.faults.lives import connected
from workers.aws.client import Transport
from workers.aws.session import ASSUME


def seen(desk: Desk, cloud: Cloud) -> list[dict[str, Any]]:
    """What AWS was asked on this cloud's behalf, by whichever operation."""
    ours = set(cloud.operations.values_list("id", flat=True))
    return [row for row in desk.sandbox.calls() if ours & set(row["user_agent"].split())]


def entered(rows: list[dict[str, Any]]) -> set[str]:
    """The roles that somebody asked to assume."""
    asked = [row["checks"] for row in rows if row["action"] == "sts:AssumeRole"]
    return {check["resource"] for checks in asked for check in checks}


def asked_of_sts(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The parameters of each AssumeRole that goes out from now on."""
    sent: list[Mapping[str, Any]] = []
    send = Transport.send

    def noting(transport: Transport, action: str, params: Mapping[str, Any], **more: Any) -> Any:
        if action == ASSUME:
            sent.append(params)
        return send(transport, action, params, **more)

    monkeypatch.setattr(Transport, "send", noting)
    return sent


def test_t14_t19_t22_only_the_cross_account_role_is_assumed_narrowly_and_no_trust_policy_is_edited(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud, sent = connected(desk), asked_of_sts(monkeypatch)
    before = desk.place(cloud).admin("iam").get_role(RoleName=desk.spec(cloud).cross_account_role_name)
    assert desk.do(cloud, Kind.SETUP).state == "succeeded"
    assert desk.do(desk.fresh(cloud), Kind.VERIFY).state == "succeeded"
    assert desk.do(desk.fresh(cloud), Kind.ROTATE, wait_seconds=0).state == "failed"
    rows = seen(desk, cloud)
    # T14: the cluster role is passed to instances, never assumed.
    assert entered(rows) == {cloud.role_arn}
    passed = {
        check["resource"] for row in rows for check in row["checks"] if check["action"] == "iam:PassRole"
    }
    assert passed == {desk.spec(cloud).cluster_role_arn}
    # T19: every session, also one that should not come of a try, is short, named and narrowed.
    operations = set(cloud.operations.values_list("id", flat=True))
    assert sent
    assert all(one["RoleSessionName"] in operations for one in sent)
    assert all((one["DurationSeconds"], "Policy" in one) == (900, True) for one in sent)
    # T22: the role is as the customer made it, and nobody has tried to change that.
    assert not [row for row in rows if row["action"] == "iam:UpdateAssumeRolePolicy"]
    after = desk.place(cloud).admin("iam").get_role(RoleName=desk.spec(cloud).cross_account_role_name)
    assert after["Role"]["AssumeRolePolicyDocument"] == before["Role"]["AssumeRolePolicyDocument"]


def test_t16_the_role_is_the_row_s_when_the_turn_starts_not_when_it_was_asked_for(desk: Desk) -> None:
    cloud, other = connected(desk), connected(desk)
    Cloud.objects.filter(pk=cloud.pk).update(state="setup_failed")
    asked = desk.ask(desk.fresh(cloud), Kind.VERIFY)
    # Meanwhile the cloud was connected to another role, one that trusts this cloud too.
    name = str(other.role_arn).rpartition("/")[2]
    document = desk.place(cloud).admin("iam").get_role(RoleName=desk.spec(cloud).cross_account_role_name)
    desk.sandbox.customer_role(name, document["Role"]["AssumeRolePolicyDocument"])
    Cloud.objects.filter(pk=other.pk).update(role_arn=None)
    Cloud.objects.filter(pk=cloud.pk).update(role_arn=other.role_arn)
    desk.finish(asked)
    assert entered(seen(desk, cloud)) == {other.role_arn}


def test_t21_who_knows_the_id_of_another_s_cloud_gets_no_further_than_who_does_not(desk: Desk) -> None:
    cloud = connected(desk)
    stranger = Desk(desk.sandbox, desk.pool)
    theirs = stranger.reserved()
    with pytest.raises(Problem) as refused:
        stranger.ask(theirs, Kind.CONNECT, role_arn=cloud.role_arn, external_id=cloud.external_id)
    assert list(refused.value.fields) == ["external_id"]
    tried = stranger.do(theirs, Kind.CONNECT, role_arn=cloud.role_arn, wait_seconds=0)
    assert states(theirs, tried) == ("failed", "role_not_assumable", "reserved")
