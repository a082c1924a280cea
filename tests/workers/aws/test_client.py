"""The gateway: every call is sent once under its own name, recorded, and its error said in our words."""

import logging

import pytest

from tests.sandbox import SandboxProcess
from tests.workers.places import REGION, Place, transport, worker_keys
from workers.aws.client import READ_ATTEMPTS, Client
from workers.aws.errors import AwsError, Kind
from workers.aws.ports import CallRecord


def vpc(place: Place) -> dict[str, object]:
    tags = [{"Key": "raydock-cloud-id", "Value": place.spec.cloud_id}]
    return {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc", "Tags": tags}]}


def test_a_call_is_recorded_without_its_parameters(place: Place) -> None:
    aws = place.enter("setup")
    place.calls.clear()
    made = aws.call("ec2:CreateVpc", vpc(place), mutating=True)
    (record,) = place.calls
    assert (record.service, record.action, record.region, record.status) == ("ec2", "CreateVpc", REGION, 200)
    assert record.request_id == made["ResponseMetadata"]["RequestId"]
    assert record.error_code == ""
    assert place.spec.cloud_id not in repr(record)


def test_every_request_names_release_and_operation(place: Place) -> None:
    place.enter("verify").call("ec2:DescribeVpcs", {})
    agents = {row["user_agent"].rsplit("Botocore")[0] for row in place.seen()}
    assert agents == {f"raydock/test {place.operation_id} "}


def test_a_throttled_look_is_sent_again_and_each_try_recorded(
    place: Place, aws_sandbox: SandboxProcess
) -> None:
    aws = place.enter("verify")
    place.calls.clear()
    aws_sandbox.fault("ec2:DescribeVpcs", "throttle", times=READ_ATTEMPTS - 1)
    assert aws.call("ec2:DescribeVpcs", {})["Vpcs"]
    assert [one.error_code for one in place.calls] == ["RequestLimitExceeded"] * (READ_ATTEMPTS - 1) + [""]


def test_a_look_that_stays_throttled_gives_up(place: Place, aws_sandbox: SandboxProcess) -> None:
    aws = place.enter("verify")
    aws_sandbox.fault("ec2:DescribeVpcs", "throttle", times=None)
    with pytest.raises(AwsError) as caught:
        aws.call("ec2:DescribeVpcs", {})
    assert (caught.value.kind, caught.value.ambiguous) == (Kind.THROTTLED, False)


@pytest.mark.parametrize(
    ("fault", "kind", "ambiguous"),
    [
        ("throttle", Kind.THROTTLED, False),
        ("deny", Kind.DENIED, False),
        ("error", Kind.UNAVAILABLE, True),
        ("timeout", Kind.UNAVAILABLE, True),
        ("lost_error", Kind.UNAVAILABLE, True),
        ("lost_reply", Kind.UNAVAILABLE, True),
    ],
)
def test_a_change_is_sent_exactly_once(
    place: Place, aws_sandbox: SandboxProcess, fault: str, kind: Kind, *, ambiguous: bool
) -> None:
    aws = place.enter("setup")
    aws_sandbox.fault("ec2:CreateVpc", fault, times=None)
    with pytest.raises(AwsError) as caught:
        aws.call("ec2:CreateVpc", vpc(place), mutating=True)
    assert (caught.value.kind, caught.value.ambiguous) == (kind, ambiguous)
    assert [row["action"] for row in place.seen()].count("ec2:CreateVpc") == 1
    assert len(place.own()) == int(fault.startswith("lost"))


def test_a_denial_names_the_missing_permission(place: Place) -> None:
    with pytest.raises(AwsError) as caught:
        place.enter("verify").call("ec2:CreateVpc", vpc(place), mutating=True)
    assert (caught.value.kind, caught.value.missing_action) == (Kind.DENIED, "ec2:CreateVpc")


def test_a_permission_is_named_as_iam_names_it(place: Place, aws_sandbox: SandboxProcess) -> None:
    aws_sandbox.fault("s3:ListObjectsV2", "deny", message="Access Denied")
    with pytest.raises(AwsError) as caught:
        place.enter("verify").call("s3:ListObjectsV2", {"Bucket": place.spec.bucket_name})
    assert caught.value.missing_action == "s3:ListBucket"


def test_what_is_not_there_is_missing(place: Place) -> None:
    with pytest.raises(AwsError) as caught:
        place.enter("verify").call("iam:GetRole", {"RoleName": place.spec.cluster_role_name})
    assert (caught.value.kind, caught.value.code) == (Kind.MISSING, "NoSuchEntity")


def test_no_answer_at_all_was_never_carried_out(aws_process: SandboxProcess) -> None:
    records: list[CallRecord] = []
    nobody = transport(SandboxProcess(aws_process.folder, port=9))
    client = Client(nobody, REGION, worker_keys(aws_process)(), "raydock/test op_x", records.append)
    with pytest.raises(AwsError) as caught:
        client.call("ec2:CreateVpc", {"CidrBlock": "10.0.0.0/16"}, mutating=True)
    assert (caught.value.kind, caught.value.ambiguous) == (Kind.UNAVAILABLE, False)
    assert [one.error_code for one in records] == ["EndpointConnectionError"]


def test_wrong_parameters_are_a_defect_told_as_such(place: Place) -> None:
    with pytest.raises(AwsError) as caught:
        place.enter("verify").call("ec2:DescribeVpcs", {"Nope": 1})
    assert caught.value.kind is Kind.INVALID


def test_t20_no_text_and_no_log_line_holds_keys(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "workers")
    aws = place.enter("verify")
    with pytest.raises(AwsError) as caught:
        aws.call("ec2:CreateVpc", {"CidrBlock": "10.0.0.0/16"}, mutating=True)
    keys = aws.credentials
    for text in (repr(aws), repr(keys), str(caught.value), repr(place.calls), caplog.text):
        assert not [one for one in (keys.access_key, keys.secret_key, keys.token) if one in text]
