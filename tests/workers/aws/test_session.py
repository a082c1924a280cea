"""Entering an account: by the row's external ID, for a short time, under the operation's name, narrowed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from iam.policy.trust import trust_policy
from tests.sandbox import SandboxProcess
from tests.workers.places import Place, customer_role, new_place, new_spec, transport, worker_keys
from workers.aws.errors import AwsError, Kind
from workers.aws.ports import CallRecord
from workers.aws.session import RENEW_BEFORE, SESSION_SECONDS, Sessions, wrong_external_id

NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})


def ignore(_: CallRecord) -> None:
    """A record that nobody asks for."""


def test_t05_the_row_s_external_id_is_sent(place: Place) -> None:
    place.enter("verify")
    other = replace(place.door, external_id="another", operation_id="op_other")
    with pytest.raises(AwsError) as caught:
        place.sessions.assume(other, NOTHING, record=ignore)
    assert caught.value.kind is Kind.DENIED


def test_t07_t08_without_or_with_a_wrong_external_id_nobody_comes_in(place: Place) -> None:
    assert not place.sessions.lets_in(place.door, None, record=ignore)
    assert not place.sessions.lets_in(place.door, wrong_external_id(), record=ignore)


def test_a_role_that_asks_for_no_external_id_is_found_out(
    aws_sandbox: SandboxProcess, entered: Sessions
) -> None:
    spec = new_spec()
    trust = trust_policy(spec.portal_role_arn, "x")
    for statement in trust["Statement"]:
        statement.pop("Condition", None)
    spec = customer_role(aws_sandbox, spec, trust=trust)
    door = Place(aws_sandbox, spec, entered).door
    assert entered.lets_in(door, None, record=ignore)
    assert entered.lets_in(door, wrong_external_id(), record=ignore)


def test_t08_a_role_that_takes_any_external_id_of_ours_is_found_out(
    aws_sandbox: SandboxProcess, entered: Sessions
) -> None:
    spec = new_spec()
    trust = trust_policy(spec.portal_role_arn, "x")
    for statement in trust["Statement"]:
        statement["Condition"] = {"StringLike": {"sts:ExternalId": "rdk-ext-*"}}
    door = Place(aws_sandbox, customer_role(aws_sandbox, spec, trust=trust), entered).door
    assert not entered.lets_in(door, None, record=ignore)
    assert entered.lets_in(door, wrong_external_id(), record=ignore)


def test_an_unclear_answer_is_not_taken_for_a_refusal(place: Place, aws_sandbox: SandboxProcess) -> None:
    aws_sandbox.fault("sts:AssumeRole", "throttle", times=None)
    with pytest.raises(AwsError):
        place.sessions.lets_in(place.door, None, record=ignore)


def test_t19_a_session_is_short_named_tagged_and_narrow(place: Place) -> None:
    client = place.enter("verify")
    expires = client.credentials.expires_at
    assert expires
    assert timedelta(seconds=SESSION_SECONDS - 60) < expires - datetime.now(UTC) <= timedelta(seconds=900)
    client.call("ec2:DescribeVpcs", {})
    row = place.seen()[-1]
    assert row["session_name"] == place.operation_id
    assert row["source_identity"] == "usr_tester"
    assert row["session_tags"] == {
        "raydock-cloud-id": place.spec.cloud_id,
        "raydock-organization-id": place.spec.organization_id,
    }
    with pytest.raises(AwsError, match="ec2:CreateInternetGateway"):
        client.call("ec2:CreateInternetGateway", {}, mutating=True)


def test_the_sts_of_the_cloud_s_own_region_is_asked(aws_sandbox: SandboxProcess, entered: Sessions) -> None:
    place = new_place(aws_sandbox, entered, region="eu-west-1")
    place.enter("verify")
    assert [(one.action, one.region) for one in place.calls] == [("AssumeRole", "eu-west-1")]


@pytest.mark.parametrize("missing", ["sts:SetSourceIdentity", "sts:TagSession"])
def test_a_trust_policy_without_names_lets_us_in_and_we_say_so(
    aws_sandbox: SandboxProcess, entered: Sessions, missing: str
) -> None:
    spec = new_spec()
    trust = trust_policy(spec.portal_role_arn, spec.external_id or "")
    trust["Statement"] = [one for one in trust["Statement"] if one["Action"] != missing]
    place = Place(aws_sandbox, customer_role(aws_sandbox, spec, trust=trust), entered)
    _, lacking = entered.assume(place.door, NOTHING, record=place.calls.append)
    assert lacking == (missing,)
    assert [one.error_code for one in place.calls] == ["AccessDenied", ""]


def test_turns_that_follow_each_other_enter_once(place: Place) -> None:
    assert place.enter("verify").credentials is place.enter("verify").credentials
    assert [one.action for one in place.calls] == ["AssumeRole"]


def test_another_power_another_operation_or_another_organization_enters_anew(place: Place) -> None:
    first = place.enter("verify").credentials
    assert place.enter("setup").credentials is not first
    place.operation_id = "op_second"
    assert place.enter("verify").credentials is not first
    place.spec = replace(place.spec, organization_id="org_other")
    assert place.enter("verify").credentials is not first
    assert [one.action for one in place.calls] == ["AssumeRole"] * 4


def test_a_session_is_renewed_before_it_runs_out(aws_sandbox: SandboxProcess, place: Place) -> None:
    now = datetime.now(UTC)
    times = iter([now, now + timedelta(seconds=SESSION_SECONDS) - RENEW_BEFORE + timedelta(seconds=5)])
    place.sessions = Sessions(transport(aws_sandbox), worker_keys(aws_sandbox), lambda: next(times))
    first = place.enter("verify").credentials
    assert place.enter("verify").credentials is first
    assert place.enter("verify").credentials is not first


def test_t20_a_refusal_tells_nothing_of_keys(place: Place) -> None:
    door = replace(place.door, external_id="another")
    with pytest.raises(AwsError) as caught:
        place.sessions.assume(door, NOTHING, record=ignore)
    held = place.sandbox.keys["worker"]
    assert held["secret_access_key"] not in str(caught.value)
    assert held["access_key_id"] not in str(caught.value)
