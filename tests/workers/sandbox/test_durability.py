"""What was answered is still so after `kill -9`, and after a plain stop; and a process ends when told to."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.sandbox import CUSTOMER, PORTAL, SandboxProcess
from tests.workers.sandbox.policies import EC2_TRUST, ENTER, EVERYTHING, tags, trust

TOKEN = "token-1"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A process of this test's own, which it may kill."""
    with SandboxProcess(tmp_path) as running:
        yield running


def test_everything_survives_a_kill(own: SandboxProcess) -> None:
    ec2, s3, iam = own.admin("ec2"), own.admin("s3"), own.admin("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", "cld_1"))["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc, ClientToken=TOKEN)["RouteTable"]["RouteTableId"]
    s3.create_bucket(Bucket="kept-bucket")
    s3.put_object(Bucket="kept-bucket", Key="a", Body=b"hello")
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    role = own.customer_role("entered", trust(actions=ENTER), {"all": EVERYTHING})
    session = own.assume(role, SourceIdentity="usr_1")
    before, keys = own.inventory(everything=True), own.keys
    own.kill()
    own.start()
    assert own.ready_line.endswith(", with the state of its last run\n")
    assert own.keys == keys
    assert own.inventory(everything=True) == before
    assert own.client("ec2", session).describe_vpcs(VpcIds=[vpc])["Vpcs"]
    ec2 = own.admin("ec2")
    assert ec2.create_route_table(VpcId=vpc, ClientToken=TOKEN)["RouteTable"]["RouteTableId"] == table
    assert own.admin("s3").get_object(Bucket="kept-bucket", Key="a")["Body"].read() == b"hello"
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        own.admin("s3", "333333333333").create_bucket(Bucket="kept-bucket")
    own.admin("iam").remove_role_from_instance_profile(InstanceProfileName="node", RoleName="node")
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_vpc(VpcId=vpc)


def test_every_answered_change_survives_a_kill_amid_many(own: SandboxProcess) -> None:
    own.switch(vpcs_per_region=10_000)
    ec2 = own.admin("ec2", max_pool_connections=8)
    answered: list[str] = []

    def create(number: int) -> None:
        try:
            made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", str(number)))
        except (BotoCoreError, ClientError):
            return
        answered.append(made["Vpc"]["VpcId"])
        if len(answered) == 20:
            own.kill()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(60)))
    assert 20 <= len(answered) < 60
    own.start()
    kept = {vpc["VpcId"] for vpc in own.admin("ec2").describe_vpcs()["Vpcs"]}
    assert set(answered) <= kept


def test_a_plain_stop_keeps_what_was_not_waited_for_and_spoiled_state_is_set_aside(tmp_path: Path) -> None:
    own = SandboxProcess(tmp_path, options=["--no-durable"]).start()
    vpc = own.admin("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert own.stop() == 0
    with own:
        assert own.admin("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"]
    kept = tmp_path / "sandbox" / f"{CUSTOMER}.pickle"
    kept.write_bytes(kept.read_bytes()[:100])
    with own:
        assert "starts empty, because the kept state could not be read" in own.ready_line
        assert own.inventory() == []
        assert kept.with_suffix(".unreadable").exists()
        assert own.worker().get_caller_identity()["Account"] == PORTAL


def test_a_lost_folder_is_said_and_calls_go_on(own: SandboxProcess) -> None:
    assert own.http.get(f"{own.url}/sandbox/health").json()["problem"] == ""
    shutil.rmtree(own.folder / "sandbox")
    assert own.admin("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert "no longer keeps its state" in own.http.get(f"{own.url}/sandbox/health").json()["problem"]
