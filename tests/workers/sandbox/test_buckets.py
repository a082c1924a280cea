"""S3: permissions under AWS's names, bucket policies, and what a new bucket is like."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox import OTHER_CUSTOMER, SandboxProcess
from tests.workers.sandbox.policies import TAG, allow, deny, policy, trust

Refused = Callable[..., tuple[str, int, str]]


@pytest.fixture
def bucket(sandbox: SandboxProcess, name: str) -> str:
    sandbox.admin("s3").create_bucket(Bucket=name)
    sandbox.admin("s3").put_object(Bucket=name, Key="a/b c.txt", Body=b"hello")
    return name


def role_client(sandbox: SandboxProcess, name: str, *statements: dict[str, Any], **more: Any) -> Any:
    arn = sandbox.customer_role(
        f"{name}-role", trust(), {"own": policy(*statements)} if statements else {}, **more
    )
    return sandbox.client("s3", sandbox.assume(arn))


@pytest.mark.parametrize(
    ("call", "permission", "more"),
    [
        ("head_bucket", "s3:ListBucket", {}),
        ("list_objects_v2", "s3:ListBucket", {}),
        ("list_object_versions", "s3:ListBucketVersions", {}),
        ("list_multipart_uploads", "s3:ListBucketMultipartUploads", {}),
        ("get_bucket_location", "s3:GetBucketLocation", {}),
        ("get_bucket_encryption", "s3:GetEncryptionConfiguration", {}),
        ("get_public_access_block", "s3:GetBucketPublicAccessBlock", {}),
        ("delete_bucket_cors", "s3:PutBucketCORS", {}),
        ("get_object", "s3:GetObject", {"Key": "a/b c.txt"}),
        ("head_object", "s3:GetObject", {"Key": "a/b c.txt"}),
        ("delete_object", "s3:DeleteObject", {"Key": "a/b c.txt"}),
    ],
)
def test_permission_names(
    sandbox: SandboxProcess, refused: Refused, bucket: str, call: str, permission: str, more: Any
) -> None:
    everything_else = role_client(sandbox, bucket, allow("s3:*"), deny(permission))
    code, status, _ = refused(getattr(everything_else, call), Bucket=bucket, **more)
    assert (code, status) in {("AccessDenied", 403), ("403", 403)}
    resource = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    getattr(role_client(sandbox, bucket, allow(permission, resource)), call)(Bucket=bucket, **more)


def test_listing_by_prefix(sandbox: SandboxProcess, refused: Refused, bucket: str) -> None:
    client = role_client(sandbox, bucket, allow("s3:ListBucket", "*", StringLike={"s3:prefix": "a/*"}))
    assert client.list_objects_v2(Bucket=bucket, Prefix="a/b")["KeyCount"] == 1
    assert refused(client.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_objects_under_a_prefix(sandbox: SandboxProcess, refused: Refused, bucket: str) -> None:
    probe = allow(
        ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], f"arn:aws:s3:::{bucket}/.raydock/probe/*"
    )
    client = role_client(sandbox, bucket, probe)
    key = ".raydock/probe/op_1"
    client.put_object(Bucket=bucket, Key=key, Body=b"probe")
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"probe"
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    for call in (client.get_object, client.delete_object):
        assert refused(call, Bucket=bucket, Key="a/b c.txt")[0] == "AccessDenied"


def test_a_bulk_delete_names_what_it_may_not_delete(sandbox: SandboxProcess, bucket: str) -> None:
    s3 = sandbox.admin("s3")
    for key in ("mine/1 & 2", "mine/3"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    client = role_client(sandbox, bucket, allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/mine/*"))
    asked = {"Objects": [{"Key": "a/b c.txt"}, {"Key": "mine/1 & 2"}, {"Key": "mine/3", "VersionId": "v1"}]}
    answer = client.delete_objects(Bucket=bucket, Delete=asked)
    assert [one["Key"] for one in answer["Deleted"]] == ["mine/1 & 2"]
    errors = [(one["Key"], one.get("VersionId"), one["Code"]) for one in answer["Errors"]]
    assert errors == [("a/b c.txt", None, "AccessDenied"), ("mine/3", "v1", "AccessDenied")]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b c.txt", "mine/3"]
    nothing = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/b c.txt"}]})
    assert "Deleted" not in nothing
    assert len(nothing["Errors"]) == 1


def put_policy(sandbox: SandboxProcess, bucket: str, *statements: dict[str, Any]) -> None:
    sandbox.admin("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(*statements)))


def on_bucket(statement: dict[str, Any], bucket: str, principal: Any) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {**statement, "Resource": resources, "Principal": principal}


def test_a_bucket_policy_grants_inside_the_account(
    sandbox: SandboxProcess, refused: Refused, bucket: str
) -> None:
    client = role_client(sandbox, bucket)
    assert refused(client.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    role = sandbox.admin("iam").get_role(RoleName=f"{bucket}-role")["Role"]["Arn"]
    put_policy(sandbox, bucket, on_bucket(allow("s3:ListBucket"), bucket, {"AWS": role}))
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert refused(client.get_object, Bucket=bucket, Key="a/b c.txt")[0] == "AccessDenied"


def test_a_bucket_policy_denies_everybody(sandbox: SandboxProcess, refused: Refused, bucket: str) -> None:
    client = role_client(sandbox, bucket, allow("s3:*"))
    put_policy(sandbox, bucket, on_bucket(deny("s3:GetObject"), bucket, "*"))
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert refused(client.get_object, Bucket=bucket, Key="a/b c.txt")[0] == "AccessDenied"


def test_a_tls_only_policy_lets_the_sandbox_s_callers_in(sandbox: SandboxProcess, bucket: str) -> None:
    plain_http = deny("s3:*", "*", Bool={"aws:SecureTransport": "false"})
    put_policy(sandbox, bucket, on_bucket(plain_http, bucket, "*"))
    client = role_client(sandbox, bucket, allow("s3:*"))
    assert client.get_object(Bucket=bucket, Key="a/b c.txt")["Body"].read() == b"hello"


def test_another_account_needs_both_sides(sandbox: SandboxProcess, refused: Refused, bucket: str) -> None:
    client = role_client(sandbox, bucket, allow("s3:*"), account_id=OTHER_CUSTOMER)
    assert refused(client.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    put_policy(sandbox, bucket, on_bucket(allow("s3:ListBucket"), bucket, {"AWS": OTHER_CUSTOMER}))
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    sandbox.customer_role(f"{bucket}-role", trust(), {}, account_id=OTHER_CUSTOMER)
    assert refused(client.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_a_bucket_policy_must_name_roles_that_exist(
    sandbox: SandboxProcess, refused: Refused, bucket: str
) -> None:
    statement = on_bucket(allow("s3:*"), bucket, {"AWS": "arn:aws:iam::222222222222:role/nobody"})
    document = json.dumps(policy(statement))
    code, _, message = refused(sandbox.admin("s3").put_bucket_policy, Bucket=bucket, Policy=document)
    assert (code, "Invalid principal" in message) == ("MalformedPolicy", True)


def test_a_new_bucket_is_as_aws_makes_it(sandbox: SandboxProcess, name: str) -> None:
    s3 = sandbox.admin("s3", region="eu-central-1")
    wanted = [{"Key": TAG, "Value": name}]
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1", "Tags": wanted}
    )
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == wanted
    rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    owner = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-central-1"


def test_creating_an_own_bucket_again_changes_nothing(sandbox: SandboxProcess, name: str) -> None:
    s3 = sandbox.admin("s3")
    s3.create_bucket(Bucket=name)
    s3.delete_public_access_block(Bucket=name)
    s3.create_bucket(Bucket=name)
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_public_access_block(Bucket=name)


def test_tags_at_creation_are_a_permission_of_their_own(
    sandbox: SandboxProcess, refused: Refused, name: str
) -> None:
    tagged = {"Bucket": name, "CreateBucketConfiguration": {"Tags": [{"Key": TAG, "Value": name}]}}
    assert (
        refused(role_client(sandbox, name, allow("s3:CreateBucket")).create_bucket, **tagged)[0]
        == "AccessDenied"
    )
    client = role_client(sandbox, name, allow(["s3:CreateBucket", "s3:TagResource"], f"arn:aws:s3:::{name}"))
    client.create_bucket(**tagged)


def test_a_deleted_bucket_leaves_nothing_for_its_name(
    sandbox: SandboxProcess, refused: Refused, name: str
) -> None:
    s3 = sandbox.admin("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": [{"Key": TAG, "Value": name}]})
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    assert refused(s3.get_bucket_tagging, Bucket=name)[0] == "NoSuchTagSet"


def test_objects_with_awkward_names(sandbox: SandboxProcess, bucket: str) -> None:
    s3 = sandbox.admin("s3")
    for key in ("a+b", "ü/ö", "100%", "a//b", "x?y=z&w"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
