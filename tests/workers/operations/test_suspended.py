"""A role that lost its condition (T10): the cloud is suspended, whatever else is going on with it."""

from typing import Any

import pytest

from clouds.models import AwsCall, Cloud
from clouds.queries import spec_of
from clouds.states import CloudState, Kind
from iam.errors import Problem
from iam.policy.trust import trust_policy
from tests.workers.desk import Desk, states
from tests.workers.faults.lives import connected
from workers.journal import Journal


def cloud_in(desk: Desk, state: CloudState) -> Cloud:
    """A cloud whose role is as it should be, in this state."""
    cloud = connected(desk)
    Cloud.objects.filter(pk=cloud.pk).update(state=state)
    return desk.fresh(cloud)


def lose_condition(desk: Desk, cloud: Cloud) -> None:
    document: dict[str, Any] = trust_policy(spec_of(cloud).portal_role_arn, cloud.external_id)
    del document["Statement"][0]["Condition"]
    desk.role_for(cloud, trust=document)


@pytest.mark.parametrize("state", [CloudState.ATTENTION, CloudState.SETUP_FAILED])
def test_t10_wherever_a_verification_finds_the_door_open_the_cloud_is_suspended(
    desk: Desk, state: CloudState
) -> None:
    cloud = cloud_in(desk, state)
    lose_condition(desk, cloud)
    assert states(cloud, desk.do(cloud, Kind.VERIFY)) == ("succeeded", "verified", "suspended")
    desk.role_for(cloud)
    # Nothing was ever built here, so there is much to do; but it is suspended no more.
    assert states(cloud, desk.do(cloud, Kind.VERIFY)) == ("succeeded", "verified", "attention")


def test_t10_a_suspended_cloud_is_changed_by_nothing_but_its_end(desk: Desk) -> None:
    cloud = cloud_in(desk, CloudState.SUSPENDED)
    with pytest.raises(Problem) as refused:
        desk.ask(cloud, Kind.SETUP)
    assert (refused.value.code, refused.value.status) == ("not_possible_now", 409)
    assert "Mend the trust policy" in refused.value.message
    for kind in (Kind.VERIFY, Kind.ROTATE):
        assert desk.ask(cloud, kind).state == "queued"


def test_t10_a_set_up_that_began_meanwhile_does_not_swallow_the_suspension(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = cloud_in(desk, CloudState.ATTENTION)
    lose_condition(desk, cloud)
    keep, asked = Journal.save_findings, []

    def beside(journal: Journal, *found: Any, **more: Any) -> None:
        asked.append(desk.ask(desk.fresh(cloud), Kind.SETUP))
        keep(journal, *found, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "save_findings", beside)
        verified = desk.finish(desk.ask(cloud, Kind.VERIFY))
    (setup,) = asked
    assert states(cloud, verified) == ("succeeded", "verified", "setting_up")
    # The set-up finds it when it starts, and enters the account no more (T16).
    assert states(cloud, desk.finish(setup)) == ("failed", "cloud_suspended", "suspended")
    assert not AwsCall.objects.filter(operation=setup).exists()
    desk.role_for(cloud)
    assert states(cloud, desk.do(cloud, Kind.VERIFY)) == ("succeeded", "verified", "attention")
    assert desk.ask(desk.fresh(cloud), Kind.SETUP).state == "queued"


def test_t10_a_connect_that_finds_the_cloud_s_own_role_open_suspends_it(desk: Desk) -> None:
    cloud = cloud_in(desk, CloudState.ACTIVE)
    lose_condition(desk, cloud)
    tried = desk.do(cloud, Kind.CONNECT, role_arn=cloud.role_arn)
    assert states(cloud, tried) == ("failed", "external_id_not_required", "suspended")
    assert desk.fresh(cloud).role_arn == cloud.role_arn


def test_t10_another_role_that_is_open_is_only_refused(desk: Desk) -> None:
    cloud = cloud_in(desk, CloudState.ACTIVE)
    other = connected(desk)
    lose_condition(desk, other)
    tried = desk.do(cloud, Kind.CONNECT, role_arn=other.role_arn)
    assert states(cloud, tried) == ("failed", "external_id_not_required", "active")
