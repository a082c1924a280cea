"""The control API: closed without the token; switches, the log, what exists, and the customer's part."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox import CUSTOMER, OTHER_CUSTOMER, ROOT, SandboxProcess
from tests.workers.sandbox.policies import EVERYTHING, TAG, allow, policy, tags, trust

PATHS = [
    ("GET", "faults"),
    ("POST", "faults"),
    ("DELETE", "faults"),
    ("GET", "calls"),
    ("GET", "inventory"),
    ("POST", "switches"),
    ("POST", "customer/role"),
    ("DELETE", "customer/role"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_closed_without_the_token(sandbox: SandboxProcess, method: str, path: str) -> None:
    for headers in ({}, {"X-Sandbox-Token": "guess"}):
        answer = sandbox.http.request(method, f"{sandbox.url}/sandbox/{path}", headers=headers, content="{}")
        assert (answer.status_code, answer.json()["code"]) == (401, "token_needed")


def test_health_is_open(sandbox: SandboxProcess) -> None:
    assert sandbox.http.get(f"{sandbox.url}/sandbox/health").json()["status"] == "ok"


def refusal(
    sandbox: SandboxProcess, method: str, path: str, body: Any = None, **query: Any
) -> dict[str, Any]:
    with pytest.raises(httpx.HTTPStatusError) as caught:
        sandbox.control(method, path, body, **query)
    answer: dict[str, Any] = caught.value.response.json()
    return answer


def test_what_there_is_not(sandbox: SandboxProcess) -> None:
    assert "GET /sandbox/calls" in refusal(sandbox, "GET", "nothing")["message"]


def test_switches(sandbox: SandboxProcess) -> None:
    assert sandbox.switch(latency=0.001)["latency"] == 0.001
    assert sandbox.control("GET", "switches")["latency"] == 0.001
    for wrong in (
        {"latncy": 1},
        {"latency": "fast"},
        {"latency": -1},
        {"durable": 1},
        {"vpcs_per_region": True},
    ):
        assert refusal(sandbox, "POST", "switches", wrong)["code"] == "invalid"


def test_the_log_can_be_followed(sandbox: SandboxProcess, name: str) -> None:
    role = sandbox.customer_role(name, trust(), {"all": EVERYTHING})
    since = sandbox.calls()[-1]["seq"] if sandbox.calls() else 0
    session = sandbox.assume(role, session_name=f"op_{name}")
    sandbox.client("ec2", session, user_agent_extra="raydock/0 op").describe_vpcs()
    first, second = sandbox.calls(since=since)
    assert (first["action"], second["action"]) == ("sts:AssumeRole", "ec2:DescribeVpcs")
    assert first["checks"] == [{"action": "sts:AssumeRole", "resource": role, "allowed": True}]
    assert (second["session_name"], second["account_id"], second["status"]) == (f"op_{name}", CUSTOMER, 200)
    assert "raydock/0 op" in second["user_agent"]
    assert sandbox.calls(session_name=f"op_{name}") == [second]


@pytest.mark.parametrize(
    ("service", "call"),
    [
        *(("ec2", "describe_vpcs"), ("iam", "list_roles"), ("s3", "list_buckets")),
        *(("sts", "get_caller_identity"), ("efs", "describe_file_systems")),
    ],
)
def test_request_ids_are_those_of_the_log(sandbox: SandboxProcess, service: str, call: str) -> None:
    client = sandbox.admin(service)
    answer = getattr(client, call)()
    assert sandbox.calls()[-1]["request_id"] == answer["ResponseMetadata"]["RequestId"]
    sandbox.fault(".*", "deny")
    with pytest.raises(client.exceptions.ClientError) as caught:
        getattr(client, call)()
    shown = caught.value.response["ResponseMetadata"]["RequestId"]
    assert sandbox.calls()[-1]["request_id"] == shown


def test_what_exists(sandbox: SandboxProcess, name: str) -> None:
    sandbox.admin("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", name))
    sandbox.admin("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"Tags": [{"Key": TAG, "Value": name}]}
    )
    sandbox.customer_role(name, trust(), tags={TAG: name})
    rows = {row["kind"]: row for row in sandbox.inventory() if row["tags"] == {TAG: name}}
    assert set(rows) == {"AWS::EC2::VPC", "AWS::S3::Bucket", "AWS::IAM::Role"}
    bucket, role, vpc = rows["AWS::S3::Bucket"], rows["AWS::IAM::Role"], rows["AWS::EC2::VPC"]
    assert (bucket["arn"], bucket["region"], bucket["objects"]) == (f"arn:aws:s3:::{name}", "us-east-1", 0)
    assert (role["name"], role["arn"]) == (name, f"arn:aws:iam::{CUSTOMER}:role/{name}")
    assert vpc["arn"] == f"arn:aws:ec2:us-east-1:{CUSTOMER}:vpc/{vpc['id']}"
    assert role["created"].endswith("+00:00")
    for row in rows.values():
        assert (row["account"], row["default"]) == (CUSTOMER, False)
    assert not {row["id"] for row in rows.values()} & {row["id"] for row in sandbox.inventory(OTHER_CUSTOMER)}


def test_the_customer_s_part(sandbox: SandboxProcess, name: str) -> None:
    iam = sandbox.admin("iam")
    arn = sandbox.customer_role(name, trust(external_id="xid-1"), {"one": EVERYTHING}, tags={"team": "a"})
    first = iam.get_role(RoleName=name)["Role"]
    assert first["AssumeRolePolicyDocument"] == trust(external_id="xid-1")
    assert first["Tags"] == [{"Key": "team", "Value": "a"}]
    sandbox.customer_role(name, trust(external_id="xid-2"), {"two": policy(allow("s3:*"))})
    second = iam.get_role(RoleName=name)["Role"]
    assert (second["RoleId"], second["AssumeRolePolicyDocument"]) == (
        first["RoleId"],
        trust(external_id="xid-2"),
    )
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["two"]
    only = {"account_id": CUSTOMER, "role_name": name, "trust_policy": trust(external_id="xid-3")}
    sandbox.control("POST", "customer/role", only)
    third = iam.get_role(RoleName=name)["Role"]
    assert third["AssumeRolePolicyDocument"] == trust(external_id="xid-3")
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["two"]
    removed = sandbox.control("DELETE", "customer/role", {"account_id": CUSTOMER, "role_name": name})
    assert removed["role_arn"] == arn
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=name)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"account_id": "111111111111", "role_name": "x", "trust_policy": {}}, "Name the account_id"),
        ({"account_id": CUSTOMER, "trust_policy": {}}, "Name the account_id"),
        ({"account_id": CUSTOMER, "role_name": "x"}, "invalid Json or grammar"),
        (
            {"account_id": CUSTOMER, "role_name": "x", "trust_policy": {"Version": "2012-10-17"}},
            "has no Statement",
        ),
    ],
)
def test_a_customer_s_part_that_makes_no_sense(sandbox: SandboxProcess, body: Any, words: str) -> None:
    assert words in refusal(sandbox, "POST", "customer/role", body)["message"]


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "workers.sandbox", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_taken_port_is_said_in_a_sentence(sandbox: SandboxProcess, tmp_path: Path) -> None:
    ended = run("--port", str(sandbox.port), "--data-dir", str(tmp_path))
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{sandbox.port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_keys_that_cannot_be_read_are_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "sandbox-keys.json").write_text("{")
    ended = run("--port", "0", "--data-dir", str(tmp_path))
    assert (ended.returncode, "Delete it and start again" in ended.stderr) == (1, True)


def test_the_keys_are_private(sandbox: SandboxProcess) -> None:
    keys = sandbox.folder / "sandbox-keys.json"
    assert keys.stat().st_mode & 0o777 == 0o600
    assert (sandbox.folder / "sandbox").stat().st_mode & 0o077 == 0
