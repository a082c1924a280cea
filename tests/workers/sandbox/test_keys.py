"""Who may call at all: known keys, right secrets, living sessions; each account sees its own."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore import UNSIGNED

from tests.sandbox import CUSTOMER, OTHER_CUSTOMER, PORTAL, SandboxProcess
from tests.workers.sandbox.policies import EVERYTHING, trust

Refused = Callable[..., tuple[str, int, str]]
CALLS = {
    "sts": "get_caller_identity",
    "iam": "list_roles",
    "ec2": "describe_vpcs",
    "s3": "list_buckets",
    "service-quotas": "list_service_quotas",
}


def look(client: Any, service: str) -> Callable[[], Any]:
    extra = {"ServiceCode": "vpc"} if service == "service-quotas" else {}
    return lambda: getattr(client, CALLS[service])(**extra)


def test_each_key_is_somebody(sandbox: SandboxProcess) -> None:
    worker = sandbox.worker().get_caller_identity()
    assert worker["Arn"] == f"arn:aws:sts::{PORTAL}:assumed-role/raydock-portal/raydock-worker"
    assert sandbox.admin("sts").get_caller_identity()["Account"] == CUSTOMER
    assert sandbox.admin("sts", OTHER_CUSTOMER).get_caller_identity()["Account"] == OTHER_CUSTOMER


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("sts", "InvalidClientTokenId", 403),
        ("iam", "InvalidClientTokenId", 403),
        ("ec2", "AuthFailure", 401),
        ("s3", "InvalidAccessKeyId", 403),
        ("service-quotas", "UnrecognizedClientException", 400),
    ],
)
def test_a_key_that_nobody_was_given_is_refused(
    sandbox: SandboxProcess, refused: Refused, service: str, code: str, status: int
) -> None:
    stranger = {"access_key_id": "AKIA" + "Z" * 16, "secret_access_key": "guess"}
    assert refused(look(sandbox.client(service, stranger), service))[:2] == (code, status)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "SignatureDoesNotMatch"),
        ("iam", "SignatureDoesNotMatch"),
        ("ec2", "AuthFailure"),
        ("s3", "SignatureDoesNotMatch"),
        ("service-quotas", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(
    sandbox: SandboxProcess, refused: Refused, service: str, code: str
) -> None:
    keys = sandbox.keys["admins"][CUSTOMER] | {"secret_access_key": "guess"}
    assert refused(look(sandbox.client(service, keys), service))[0] == code


def test_a_session_needs_its_token(sandbox: SandboxProcess, refused: Refused) -> None:
    worker = sandbox.keys["worker"]
    for token in (None, "stolen"):
        client = sandbox.client("sts", worker | {"session_token": token})
        assert refused(client.get_caller_identity)[0] == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("service", "code"), [("sts", "ExpiredToken"), ("ec2", "RequestExpired"), ("s3", "ExpiredToken")]
)
def test_a_session_ends(
    sandbox: SandboxProcess, refused: Refused, name: str, service: str, code: str
) -> None:
    arn = sandbox.customer_role(name, trust(), {"all": EVERYTHING})
    client = sandbox.client(service, sandbox.assume(arn, DurationSeconds=900))
    sandbox.switch(clock_ahead=890)
    look(client, service)()
    sandbox.switch(clock_ahead=901)
    assert refused(look(client, service))[0] == code


def test_accounts_and_regions_are_apart(sandbox: SandboxProcess) -> None:
    made = sandbox.admin("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def seen(account: str, region: str) -> set[str]:
        vpcs = sandbox.admin("ec2", account, region=region).describe_vpcs()["Vpcs"]
        return {vpc["VpcId"] for vpc in vpcs}

    assert made in seen(CUSTOMER, "us-east-1")
    assert made not in seen(CUSTOMER, "us-west-2") | seen(OTHER_CUSTOMER, "us-east-1")


def test_bucket_names_are_one_world(sandbox: SandboxProcess, refused: Refused, name: str) -> None:
    sandbox.admin("s3").create_bucket(Bucket=name)
    stranger = sandbox.admin("s3", OTHER_CUSTOMER)
    assert refused(stranger.create_bucket, Bucket=name)[0] == "BucketAlreadyExists"


def test_an_unsigned_request_is_refused(sandbox: SandboxProcess) -> None:
    client = sandbox.admin("s3", signature_version=UNSIGNED)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.list_buckets()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
