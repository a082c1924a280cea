"""AssumeRole: the trust policy, the external ID and everything that is asked along with it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox import CUSTOMER, OTHER_CUSTOMER, PORTAL, PORTAL_ROLE, SandboxProcess
from tests.workers.sandbox.policies import ENTER, EVERYTHING, allow, deny, policy, trust

Refused = Callable[..., tuple[str, int, str]]
DENIED = {**trust()["Statement"][0], "Effect": "Deny"}
ROOT = f"arn:aws:iam::{PORTAL}:root"
WITH_ID = {"ExternalId": "xid-right"}
TRIES: tuple[dict[str, str], ...] = ({}, {"ExternalId": "xid-wrong"}, WITH_ID)


def enters(sandbox: SandboxProcess, arn: str, **params: Any) -> bool:
    """Whether the role lets the worker in; any refusal but AccessDenied is a mistake of the test."""
    try:
        sandbox.assume(arn, **params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


NOBODY, RIGHT_ONLY, EVERYBODY = [False] * 3, [False, False, True], [True] * 3


@pytest.mark.parametrize(
    ("document", "entered"),
    [
        pytest.param(trust(external_id="xid-right"), RIGHT_ONLY, id="role, external id"),
        pytest.param(trust(ROOT, external_id="xid-right"), RIGHT_ONLY, id="account root, external id"),
        pytest.param(trust(PORTAL, external_id="xid-right"), RIGHT_ONLY, id="account id, external id"),
        pytest.param(trust(), EVERYBODY, id="role, no condition"),
        pytest.param(trust("*"), EVERYBODY, id="everybody"),
        pytest.param(trust(f"arn:aws:iam::{OTHER_CUSTOMER}:root"), NOBODY, id="somebody else"),
        pytest.param(policy(*trust()["Statement"], DENIED), NOBODY, id="denied"),
    ],
)
def test_without_with_a_wrong_and_with_the_right_external_id(
    sandbox: SandboxProcess, name: str, document: Any, entered: list[bool]
) -> None:
    arn = sandbox.customer_role(name, document, {"all": EVERYTHING})
    assert [enters(sandbox, arn, **params) for params in TRIES] == entered


def test_a_missing_role_and_an_unwilling_one_read_alike(
    sandbox: SandboxProcess, refused: Refused, name: str
) -> None:
    unwilling = sandbox.customer_role(name, trust(external_id="xid-right"))
    missing = f"arn:aws:iam::{CUSTOMER}:role/missing-{name}"
    first = refused(sandbox.assume, role_arn=unwilling)
    second = refused(sandbox.assume, role_arn=missing)
    assert first[:2] == second[:2] == ("AccessDenied", 403)
    assert first[2].replace(unwilling, "ROLE") == second[2].replace(missing, "ROLE")
    assert first[2].startswith(
        f"User: arn:aws:sts::{PORTAL}:assumed-role/raydock-portal/raydock-worker is not"
    )


def test_the_customer_changes_the_trust_policy(sandbox: SandboxProcess, name: str) -> None:
    arn = sandbox.customer_role(name, trust(external_id="xid-right"))
    assert enters(sandbox, arn, **WITH_ID)
    document = json.dumps(trust(external_id="xid-other"))
    sandbox.admin("iam").update_assume_role_policy(RoleName=name, PolicyDocument=document)
    assert not enters(sandbox, arn, **WITH_ID)


def test_the_session_is_in_the_roles_account(sandbox: SandboxProcess, name: str) -> None:
    arn = sandbox.customer_role(name, trust(), {"all": EVERYTHING})
    keys = sandbox.assume(arn, session_name="op_01abc")
    who = sandbox.client("sts", keys).get_caller_identity()
    assert who["Account"] == CUSTOMER
    assert who["Arn"] == f"arn:aws:sts::{CUSTOMER}:assumed-role/{name}/op_01abc"


def test_a_role_with_a_path(sandbox: SandboxProcess, name: str) -> None:
    iam = sandbox.admin("iam")
    document = json.dumps(trust())
    arn = iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    assert arn == f"arn:aws:iam::{CUSTOMER}:role/team/{name}"
    keys = sandbox.assume(arn)
    assert sandbox.client("sts", keys).get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/op_test")
    assert sandbox.client("ec2", keys).describe_vpcs()["Vpcs"]
    assert not enters(sandbox, f"arn:aws:iam::{CUSTOMER}:role/{name}")


@pytest.mark.parametrize(
    ("params", "action"),
    [
        ({"SourceIdentity": "usr_1"}, "sts:SetSourceIdentity"),
        ({"Tags": [{"Key": "cloud", "Value": "cld_1"}]}, "sts:TagSession"),
    ],
)
def test_identity_and_tags_need_their_own_trust(
    sandbox: SandboxProcess, refused: Refused, name: str, params: dict[str, Any], action: str
) -> None:
    plain = sandbox.customer_role(name, trust())
    code, _, message = refused(sandbox.assume, role_arn=plain, **params)
    assert (code, action in message) == ("AccessDenied", True)
    sandbox.customer_role(name, trust(actions=["sts:AssumeRole", action]))
    assert enters(sandbox, plain, **params)


def test_session_tags_and_source_identity_are_seen_by_conditions(
    sandbox: SandboxProcess, refused: Refused, name: str
) -> None:
    only_mine = allow(
        "ec2:DescribeVpcs", StringEquals={"aws:PrincipalTag/cloud": "cld_1", "aws:SourceIdentity": "usr_1"}
    )
    arn = sandbox.customer_role(name, trust(actions=ENTER), {"own": policy(only_mine)})
    tag = {"Key": "cloud", "Value": "cld_1"}
    right = sandbox.assume(arn, SourceIdentity="usr_1", Tags=[tag])
    assert sandbox.client("ec2", right).describe_vpcs()["Vpcs"]
    wrong = sandbox.assume(arn, SourceIdentity="usr_1", Tags=[tag | {"Value": "cld_2"}])
    assert refused(sandbox.client("ec2", wrong).describe_vpcs)[0] == "UnauthorizedOperation"


def test_trust_conditions_on_the_session(sandbox: SandboxProcess, name: str) -> None:
    document = trust()
    document["Statement"][0]["Condition"] = {
        "StringLike": {"sts:RoleSessionName": "op_*"},
        "ArnEquals": {"aws:PrincipalArn": PORTAL_ROLE},
    }
    arn = sandbox.customer_role(name, document)
    assert enters(sandbox, arn, session_name="op_1")
    assert not enters(sandbox, arn, session_name="someone")


@pytest.mark.parametrize(
    "params",
    [
        {"DurationSeconds": 43201},
        {"DurationSeconds": 3601},
        {"session_name": "has blanks"},
        {"session_name": "x" * 65},
        {"ExternalId": "no spaces please"},
        {"Policy": json.dumps(policy(*(allow(f"ec2:Describe{n}") for n in range(60))))},
    ],
    ids=[
        "over AWS's limit",
        "over an hour when chained",
        "blank in name",
        "long name",
        "bad id",
        "long policy",
    ],
)
def test_parameters_out_of_bounds(
    sandbox: SandboxProcess, refused: Refused, name: str, params: dict[str, Any]
) -> None:
    arn = sandbox.customer_role(name, trust())
    assert refused(sandbox.assume, role_arn=arn, **params)[:2] == ("ValidationError", 400)


def test_the_shortest_session_is_900_seconds(sandbox: SandboxProcess, refused: Refused, name: str) -> None:
    arn = sandbox.customer_role(name, trust())
    client = sandbox.worker(parameter_validation=False)
    asked = {"RoleArn": arn, "RoleSessionName": "op_1"}
    assert refused(client.assume_role, **asked, DurationSeconds=899)[0] == "ValidationError"
    before = datetime.now(UTC)
    ends = client.assume_role(**asked, DurationSeconds=900)["Credentials"]["Expiration"]
    assert 895 < (ends - before).total_seconds() <= 901


def test_a_malformed_session_policy(sandbox: SandboxProcess, refused: Refused, name: str) -> None:
    arn = sandbox.customer_role(name, trust())
    assert refused(sandbox.assume, role_arn=arn, Policy="{nope")[0] == "MalformedPolicyDocument"


def test_a_new_role_is_not_seen_at_once(sandbox: SandboxProcess, name: str) -> None:
    sandbox.switch(propagation_seconds=30)
    arn = sandbox.customer_role(name, trust())
    assert not enters(sandbox, arn)
    sandbox.switch(clock_ahead=31)
    assert enters(sandbox, arn)


def test_inside_one_account_naming_the_caller_is_enough_and_naming_the_account_is_not(
    sandbox: SandboxProcess, name: str
) -> None:
    first = sandbox.customer_role(f"{name}-first", trust())
    second = sandbox.customer_role(f"{name}-second", trust(first))
    keys = sandbox.assume(first)

    def second_entered() -> bool:
        try:
            sandbox.client("sts", keys).assume_role(RoleArn=second, RoleSessionName="op_2")
        except ClientError:
            return False
        return True

    assert second_entered()
    sandbox.customer_role(f"{name}-second", trust(f"arn:aws:iam::{CUSTOMER}:root"))
    assert not second_entered()
    sandbox.customer_role(f"{name}-first", trust(), {"enter": policy(allow("sts:AssumeRole", second))})
    assert second_entered()


def test_across_accounts_both_sides_must_allow(sandbox: SandboxProcess, name: str) -> None:
    first = sandbox.customer_role(name, trust(), account_id=OTHER_CUSTOMER)
    second = sandbox.customer_role(name, trust(first))
    client = sandbox.client("sts", sandbox.assume(first))
    with pytest.raises(ClientError):
        client.assume_role(RoleArn=second, RoleSessionName="op_2")
    sandbox.customer_role(name, trust(), {"enter": policy(allow("sts:*"))}, account_id=OTHER_CUSTOMER)
    assert client.assume_role(RoleArn=second, RoleSessionName="op_2")["Credentials"]
    sandbox.customer_role(
        name,
        trust(),
        {"enter": policy(allow("sts:*"), deny("sts:AssumeRole", second))},
        account_id=OTHER_CUSTOMER,
    )
    with pytest.raises(ClientError):
        client.assume_role(RoleArn=second, RoleSessionName="op_2")


def test_a_role_made_anew_is_another_role(sandbox: SandboxProcess, refused: Refused, name: str) -> None:
    arn = sandbox.customer_role(name, trust(), {"all": EVERYTHING})
    old = sandbox.client("ec2", sandbox.assume(arn))
    assert old.describe_vpcs()["Vpcs"]
    sandbox.control("DELETE", "customer/role", account_id=CUSTOMER, role_name=name)
    assert refused(old.describe_vpcs)[0] == "UnauthorizedOperation"
    sandbox.customer_role(name, trust(), {"all": EVERYTHING})
    assert refused(old.describe_vpcs)[0] == "UnauthorizedOperation"
    assert sandbox.client("ec2", sandbox.assume(arn)).describe_vpcs()["Vpcs"]


def test_a_trust_policy_that_names_a_role_that_is_not_there(
    sandbox: SandboxProcess, refused: Refused, name: str
) -> None:
    document = json.dumps(trust(f"arn:aws:iam::{PORTAL}:role/nobody"))
    code, _, message = refused(
        sandbox.admin("iam").create_role, RoleName=name, AssumeRolePolicyDocument=document
    )
    assert (code, "Invalid principal" in message) == ("MalformedPolicyDocument", True)
