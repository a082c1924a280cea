"""Faults strike the calls they are meant for, and do what they say: each kind, once and for good."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ReadTimeoutError

from tests.sandbox import CUSTOMER, SandboxProcess
from tests.workers.sandbox.policies import EVERYTHING, tags, trust

Refused = Callable[..., tuple[str, int, str]]


def vpcs(sandbox: SandboxProcess, cloud: str) -> int:
    mine = [{"Name": "tag:raydock-cloud-id", "Values": [cloud]}]
    return len(sandbox.admin("ec2").describe_vpcs(Filters=mine)["Vpcs"])


def create(client: Any, cloud: str) -> Any:
    return client.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", cloud))


@pytest.mark.parametrize(
    ("kind", "service", "call", "code", "status"),
    [
        ("throttle", "ec2", "describe_vpcs", "RequestLimitExceeded", 503),
        ("throttle", "iam", "list_roles", "Throttling", 400),
        ("throttle", "sts", "get_caller_identity", "Throttling", 400),
        ("throttle", "s3", "list_buckets", "SlowDown", 503),
        ("throttle", "efs", "describe_file_systems", "ThrottlingException", 400),
        ("deny", "ec2", "describe_vpcs", "UnauthorizedOperation", 403),
        ("deny", "iam", "list_roles", "AccessDenied", 403),
        ("deny", "s3", "list_buckets", "AccessDenied", 403),
        ("error", "ec2", "describe_vpcs", "InternalError", 500),
        ("error", "iam", "list_roles", "InternalFailure", 500),
        ("error", "s3", "list_buckets", "InternalError", 500),
    ],
)
def test_refusals_in_each_service_s_shape(
    sandbox: SandboxProcess, refused: Refused, kind: str, service: str, call: str, code: str, status: int
) -> None:
    sandbox.fault(".*", kind)
    client = sandbox.admin(service)
    assert refused(getattr(client, call))[:2] == (code, status)
    getattr(client, call)()


@pytest.mark.parametrize("kind", ["throttle", "deny", "error"])
def test_a_refused_call_was_not_executed(
    sandbox: SandboxProcess, refused: Refused, name: str, kind: str
) -> None:
    sandbox.fault("ec2:CreateVpc", kind)
    refused(create, client=sandbox.admin("ec2"), cloud=name)
    assert vpcs(sandbox, name) == 0


def test_executed_and_the_reply_is_a_500(sandbox: SandboxProcess, refused: Refused, name: str) -> None:
    sandbox.fault("ec2:CreateVpc", "lost_error")
    assert refused(create, client=sandbox.admin("ec2"), cloud=name)[:2] == ("InternalError", 500)
    assert vpcs(sandbox, name) == 1


def test_executed_and_the_reply_never_comes(sandbox: SandboxProcess, name: str) -> None:
    sandbox.fault("ec2:CreateVpc", "lost_reply")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        create(sandbox.admin("ec2"), name)
    assert vpcs(sandbox, name) == 1
    last = sandbox.calls(action="ec2:CreateVpc")[-1]
    assert (last["status"], last["allowed"], last["fault"] is not None) == (None, True, True)


def test_not_executed_and_no_reply(sandbox: SandboxProcess, name: str) -> None:
    sandbox.fault("ec2:CreateVpc", "timeout")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        create(sandbox.admin("ec2"), name)
    assert vpcs(sandbox, name) == 0


def test_a_late_reply(sandbox: SandboxProcess, name: str) -> None:
    sandbox.fault("ec2:CreateVpc", "delay", seconds=0.3, times=None)
    started = time.monotonic()
    create(sandbox.admin("ec2"), name)
    assert time.monotonic() - started >= 0.3
    with pytest.raises(ReadTimeoutError):
        create(sandbox.admin("ec2", read_timeout=0.1), name)


def test_the_nth_call(sandbox: SandboxProcess) -> None:
    sandbox.fault("ec2:DescribeVpcs", "throttle", first=3, times=2)
    client, answers = sandbox.admin("ec2"), []
    for _ in range(6):
        try:
            client.describe_vpcs()
            answers.append("ok")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    throttled = "RequestLimitExceeded"
    assert answers == ["ok", "ok", throttled, throttled, "ok", "ok"]


def test_for_good_until_it_is_taken_away(sandbox: SandboxProcess, refused: Refused) -> None:
    fault = sandbox.fault("ec2:Describe.*", "deny", times=None)
    client = sandbox.admin("ec2")
    for call in (client.describe_vpcs, client.describe_subnets, client.describe_vpcs):
        assert refused(call)[0] == "UnauthorizedOperation"
    [set_now] = sandbox.faults()["faults"]
    assert (set_now["id"], set_now["matched"], set_now["struck"]) == (fault, 3, 3)
    sandbox.control("DELETE", "faults", id=fault)
    assert client.describe_vpcs()["Vpcs"]


def test_only_one_region_account_or_caller(sandbox: SandboxProcess, refused: Refused, name: str) -> None:
    role = sandbox.customer_role(name, trust(), {"all": EVERYTHING})
    session = sandbox.client("ec2", sandbox.assume(role, session_name="op_hit"))
    sandbox.fault("ec2:.*", "throttle", times=None, region="eu-west-1")
    sandbox.fault("ec2:.*", "throttle", times=None, account_id="333333333333")
    sandbox.fault("ec2:.*", "throttle", times=None, caller=".*/op_hit")
    assert sandbox.admin("ec2").describe_vpcs()["Vpcs"]
    for client in (sandbox.admin("ec2", region="eu-west-1"), sandbox.admin("ec2", "333333333333"), session):
        assert refused(client.describe_vpcs)[0] == "RequestLimitExceeded"


def test_own_code_message_and_status(sandbox: SandboxProcess, refused: Refused) -> None:
    sandbox.fault("iam:ListRoles", "error", code="ServiceUnavailable", message="Back soon.", status=503)
    assert refused(sandbox.admin("iam").list_roles) == ("ServiceUnavailable", 503, "Back soon.")


def test_the_sdk_s_own_retries_are_calls_too(sandbox: SandboxProcess) -> None:
    sandbox.fault("ec2:DescribeVpcs", "throttle", times=2)
    client = sandbox.admin("ec2", retries={"total_max_attempts": 3})
    assert client.describe_vpcs()["ResponseMetadata"]["RetryAttempts"] == 2


def test_latency_is_waited_side_by_side(sandbox: SandboxProcess) -> None:
    client = sandbox.admin("ec2", max_pool_connections=8)
    client.describe_vpcs()
    sandbox.switch(latency=0.2)
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: client.describe_vpcs()["Vpcs"], range(8)))
    assert 0.2 <= time.monotonic() - started < 8 * 0.2


def test_how_often_each_action_was_called(sandbox: SandboxProcess) -> None:
    sandbox.control("DELETE", "calls")
    client = sandbox.admin("ec2")
    for _ in range(3):
        client.describe_vpcs()
    assert sandbox.faults()["counts"]["ec2:DescribeVpcs"] == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "ec2:(", "kind": "deny"},
        {"action": "ec2:CreateVpc", "kind": "explode"},
        {"action": "ec2:CreateVpc"},
        {"kind": "deny"},
        {"action": "ec2:CreateVpc", "kind": "deny", "tims": 3},
    ],
)
def test_a_fault_that_makes_no_sense(sandbox: SandboxProcess, wrong: Any) -> None:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        sandbox.control("POST", "faults", wrong)
    assert caught.value.response.status_code == 400
    assert CUSTOMER not in caught.value.response.json()["message"]
