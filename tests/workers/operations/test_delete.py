"""Deleting and taking down: nothing of the cloud is left, nothing else is touched, what blocks is named."""

from typing import Any

from clouds.models import Cloud
from clouds.services import operations
from clouds.states import Kind
from tests.sandbox import SandboxProcess
from tests.workers.desk import Desk, states


def left(desk: Desk, cloud: Cloud) -> list[str]:
    return [one["kind"] for one in desk.place(cloud).own()]


def others(desk: Desk, cloud: Cloud) -> list[dict[str, Any]]:
    """What exists in the account without the cloud's tag."""
    found = desk.sandbox.inventory(cloud.account_id)
    return [one for one in found if one["tags"].get("raydock-cloud-id") != cloud.id]


def store(desk: Desk, cloud: Cloud, *keys: str) -> Any:
    s3 = desk.place(cloud).admin("s3")
    for key in keys:
        s3.put_object(Bucket=desk.spec(cloud).bucket_name, Key=key, Body=b"data")
    return s3


def run_instance(desk: Desk, cloud: Cloud) -> str:
    (subnet, *_) = [one for one in desk.facts(cloud).subnets if one.cloud_id == cloud.id]
    ec2 = desk.place(cloud).admin("ec2")
    asked = {"ImageId": "ami-12345678", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    return str(ec2.run_instances(**asked, SubnetId=subnet.id)["Instances"][0]["InstanceId"])


def test_nothing_is_left(desk: Desk) -> None:
    cloud = desk.active()
    operation = desk.do(cloud, Kind.DELETE, bucket="delete")
    assert states(cloud, operation) == ("succeeded", "removed", "deleted"), operation.message
    assert left(desk, cloud) == []
    ec2 = desk.place(cloud).admin("ec2")
    only = [{"Name": "tag:raydock-cloud-id", "Values": [cloud.id]}]
    assert ec2.describe_vpcs(Filters=only)["Vpcs"] == []
    assert ec2.describe_security_groups(Filters=only)["SecurityGroups"] == []


def test_what_does_not_carry_our_tag_is_not_touched(desk: Desk) -> None:
    neighbour = desk.active()
    cloud = desk.active()
    admin = desk.place(cloud).admin
    vpc = admin("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    admin("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")
    admin("ec2").create_internet_gateway()
    admin("s3").create_bucket(
        Bucket=f"decoy-{cloud.id[-8:]}", CreateBucketConfiguration={"LocationConstraint": cloud.region}
    )
    before = others(desk, cloud)
    assert desk.do(cloud, Kind.DELETE, bucket="delete").state == "succeeded"
    assert others(desk, cloud) == before
    assert left(desk, neighbour)


def test_the_bucket_and_its_data_stay_unless_told_otherwise(desk: Desk) -> None:
    cloud = desk.active()
    s3 = store(desk, cloud, "model")
    operation = desk.do(cloud, Kind.DELETE)
    assert states(cloud, operation) == ("succeeded", "removed", "deleted")
    assert left(desk, cloud) == ["AWS::S3::Bucket"]
    bucket = desk.spec(cloud).bucket_name
    assert bucket in operation.message
    assert s3.get_object(Bucket=bucket, Key="model")["Body"].read() == b"data"
    assert desk.spec(cloud).cluster_role_name not in s3.get_bucket_policy(Bucket=bucket)["Policy"]


def test_a_bucket_goes_with_all_versions_markers_and_uploads(desk: Desk) -> None:
    cloud = desk.active()
    bucket, s3 = desk.spec(cloud).bucket_name, desk.place(cloud).admin("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    store(desk, cloud, "a", "a", "b/c")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.create_multipart_upload(Bucket=bucket, Key="big")
    operation = desk.do(cloud, Kind.DELETE, bucket="delete")
    assert operation.state == "succeeded", operation.message
    assert left(desk, cloud) == []


def test_a_running_instance_blocks_and_is_named_until_it_is_gone(desk: Desk) -> None:
    cloud = desk.active()
    instance = run_instance(desk, cloud)
    before = left(desk, cloud)
    operation = desk.do(cloud, Kind.DELETE, bucket="delete")
    assert states(cloud, operation) == ("failed", "instance_running", "delete_failed")
    assert instance in operation.message
    assert instance in operation.fix
    assert left(desk, cloud) == before
    desk.place(cloud).admin("ec2").terminate_instances(InstanceIds=[instance])
    again = operations.retry(actor=desk.actor, operation=operation, now=desk.clock.now())
    ended = desk.finish(again)
    assert ended.state == "succeeded", ended.message
    assert left(desk, cloud) == []


def test_a_stranger_s_subnet_in_our_network_blocks_and_stays(desk: Desk) -> None:
    cloud = desk.active()
    (vpc,) = [one for one in desk.facts(cloud).vpcs if one.cloud_id == cloud.id]
    made = desk.place(cloud).admin("ec2").create_subnet(VpcId=vpc.id, CidrBlock="10.0.240.0/20")
    operation = desk.do(cloud, Kind.DELETE, bucket="delete")
    assert (operation.state, operation.code) == ("failed", "foreign_resource")
    assert made["Subnet"]["SubnetId"] in operation.message


def test_what_was_made_twice_goes_twice(desk: Desk) -> None:
    cloud = desk.active()
    tags = {"raydock-cloud-id": cloud.id, "raydock-name": "vpc"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    desk.place(cloud).admin("ec2").create_vpc(
        CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": listed}]
    )
    assert left(desk, cloud).count("AWS::EC2::VPC") == 2
    assert desk.do(cloud, Kind.DELETE, bucket="delete").state == "succeeded"
    assert left(desk, cloud) == []


def test_a_role_that_is_gone_ends_the_delete_with_what_to_do(desk: Desk) -> None:
    cloud = desk.active()
    iam, name = desk.place(cloud).admin("iam"), desk.spec(cloud).cross_account_role_name
    iam.delete_role_policy(RoleName=name, PolicyName="raydock")
    iam.delete_role(RoleName=name)
    operation = desk.do(cloud, Kind.DELETE, bucket="delete")
    assert states(cloud, operation) == ("failed", "role_not_assumable", "delete_failed")
    assert cloud.external_id in operation.fix
    desk.role_for(cloud)
    assert desk.do(desk.fresh(cloud), Kind.DELETE, bucket="delete").state == "succeeded"
    assert left(desk, cloud) == []


def test_a_create_call_of_unknown_end_is_waited_for_before_absence_is_claimed(
    desk: Desk, aws_sandbox: SandboxProcess
) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateVpc", "timeout", first=2)  # the dry run is the first
    aws_sandbox.fault(".*Create(Role|InstanceProfile|Bucket)", "deny")
    building = desk.turn(desk.ask(cloud, Kind.SETUP))
    operations.cancel(actor=desk.actor, operation=building, now=desk.clock.now())
    aws_sandbox.clear_faults()
    began = desk.clock.now()
    operation = desk.turn(desk.ask(desk.fresh(cloud), Kind.TAKEDOWN))
    assert operation.state == "waiting"
    assert desk.finish(operation).state == "succeeded"
    assert (desk.clock.now() - began).total_seconds() <= desk.patience.grace + 1


def test_a_failed_set_up_is_taken_down_to_nothing(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateVpcEndpoint", "deny", times=None)
    assert desk.do(cloud, Kind.SETUP).state == "failed"
    assert left(desk, cloud)
    aws_sandbox.clear_faults()
    operation = desk.do(desk.fresh(cloud), Kind.TAKEDOWN)
    assert states(cloud, operation) == ("succeeded", "removed", "connected")
    assert left(desk, cloud) == []


def test_a_take_down_does_not_delete_data(desk: Desk, aws_sandbox: SandboxProcess) -> None:
    cloud = desk.connected()
    aws_sandbox.fault("ec2:CreateVpcEndpoint", "deny", times=None)
    desk.do(cloud, Kind.SETUP)
    aws_sandbox.clear_faults()
    s3 = store(desk, cloud, "precious")
    before = left(desk, cloud)
    operation = desk.do(desk.fresh(cloud), Kind.TAKEDOWN)
    assert states(cloud, operation) == ("failed", "bucket_not_empty", "setup_failed")
    assert "precious" in operation.message
    assert left(desk, cloud) == before
    assert s3.get_object(Bucket=desk.spec(cloud).bucket_name, Key="precious")
