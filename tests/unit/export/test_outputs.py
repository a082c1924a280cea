"""What is read back is exact, and what cannot be read says which output is wrong and how to mend it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds.export.outputs import LONGEST_TEXT, MadeSubnet, OutputsError, Registration, read_outputs

ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nodes"
GOOD: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": {"eu-central-1a": "subnet-0123456789abcdef0", "eu-central-1b": "subnet-0123456789abcdef1"},
    "security_group_id": "sg-0123456789abcdef0",
    "cluster_role_arn": ROLE,
    "instance_profile_arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/team/nodes",
    "bucket": "our-bucket",
    "cross_account_role_arn": f"arn:aws:iam::{ACCOUNT}:role/raydock",
}
KEYS = {
    "VpcId": "vpc_id",
    "SecurityGroupId": "security_group_id",
    "ClusterRoleArn": "cluster_role_arn",
    "InstanceProfileArn": "instance_profile_arn",
    "Bucket": "bucket",
    "CrossAccountRoleArn": "cross_account_role_arn",
}
EXPECTED = Registration(
    account_id=ACCOUNT,
    vpc_id=GOOD["vpc_id"],
    subnets=tuple(MadeSubnet(one, zone) for zone, one in GOOD["subnet_ids"].items()),
    security_group_ids=(GOOD["security_group_id"],),
    cluster_role_arn=ROLE,
    instance_profile_arn=GOOD["instance_profile_arn"],
    bucket="our-bucket",
    cross_account_role_arn=GOOD["cross_account_role_arn"],
)


def of_terraform(outputs: dict[str, Any]) -> str:
    return json.dumps(
        {name: {"sensitive": False, "type": "x", "value": one} for name, one in outputs.items()}
    )


def of_stack(outputs: dict[str, Any], state: str = "CREATE_COMPLETE", **more: Any) -> str:
    told = {key: outputs[name] for key, name in KEYS.items() if name in outputs}
    if "subnet_ids" in outputs:
        told["SubnetIds"] = ",".join(outputs["subnet_ids"].values())
        told["SubnetZones"] = ",".join(outputs["subnet_ids"])
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in (told | more).items()]
    return json.dumps({"Stacks": [{"StackName": "x", "StackStatus": state, "Outputs": listed}]})


FORMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "terraform": of_terraform,
    "stack": of_stack,
    "script": json.dumps,
}


def problems(text: str) -> dict[str, str]:
    with pytest.raises(OutputsError) as caught:
        read_outputs(text)
    assert str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_all_forms_say_the_same(form: Callable[[dict[str, Any]], str]) -> None:
    assert read_outputs(form(GOOD)) == EXPECTED


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    ("form", "mend"),
    [(of_terraform, "terraform output -json"), (of_stack, "Outputs, update the stack")],
    ids=["terraform", "stack"],
)
def test_a_missing_output_is_named_and_how_to_add_it(
    form: Callable[[dict[str, Any]], str], mend: str, name: str
) -> None:
    written = name if form is of_terraform else name.title().replace("_", "")
    found = problems(form({key: value for key, value in GOOD.items() if key != name}))
    assert list(found) == [written]
    assert "missing" in found[written]
    assert written in found[written]
    assert mend in found[written]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("vpc_id", "vpc-XYZ", "looks like vpc-0123456789abcdef0"),
        ("vpc_id", 7, "7 is no text"),
        ("vpc_id", {"id": "vpc-0123456789abcdef0"}, "is no text"),
        ("vpc_id", ["vpc-0123456789abcdef0", "vpc-0123456789abcdef1"], "a cloud has one"),
        ("vpc_id", None, "empty"),
        ("subnet_ids", [], "empty"),
        ("subnet_ids", {"eu-central-1a": "vpc-0123456789abcdef0"}, "looks like subnet-"),
        ("subnet_ids", {"middle": "subnet-0123456789abcdef0"}, "a zone looks like eu-central-1a"),
        ("subnet_ids", ["subnet-0123456789abcdef0"] * 2, "named twice"),
        ("security_group_id", "subnet-0123456789abcdef0", "looks like sg-"),
        ("cluster_role_arn", "nodes", "arn:aws:iam::123456789012:role/"),
        ("cluster_role_arn", "arn:aws-cn:iam::222222222222:role/x", "China"),
        ("cluster_role_arn", GOOD["instance_profile_arn"], "an instance profile, not a role"),
        ("instance_profile_arn", ROLE, "A role's ARN is another thing"),
        ("bucket", "s3://our-bucket", "without s3://"),
        ("bucket", "Our-Bucket", "is not a bucket's name"),
        ("cross_account_role_arn", "arn:aws:iam::333333333333:role/raydock", "in account 333333333333"),
    ],
)
def test_a_wrong_output_is_named_and_how_it_should_look(name: str, value: Any, said: str) -> None:
    found = problems(of_terraform({**GOOD, name: value}))
    assert list(found) == [name]
    assert said in found[name]


def test_everything_wrong_is_said_at_once() -> None:
    found = problems(of_terraform({**GOOD, "vpc_id": "x", "bucket": "", "security_group_id": []}))
    assert found.keys() == {"vpc_id", "bucket", "security_group_id"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("vpc_id = x", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 10_000, "not JSON"),
        ("[]", "no object"),
        ("{}", "in the folder of the applied Terraform files"),
        (json.dumps({"x": "y" * LONGEST_TEXT}), "longer than"),
        (json.dumps({"Stacks": []}), "0 stacks"),
        (json.dumps({"Stacks": [{}, {}]}), "--stack-name"),
        (json.dumps({"Stacks": 7}), "0 stacks"),
        (of_stack(GOOD, "CREATE_IN_PROGRESS"), "Wait until it is CREATE_COMPLETE"),
        (of_stack(GOOD, "ROLLBACK_COMPLETE"), "its events say why"),
    ],
)
def test_a_text_that_is_none_of_them_says_what_to_give(text: str, said: str) -> None:
    found = problems(text)
    assert list(found) == ["outputs"]
    assert said in found["outputs"]


@pytest.mark.parametrize("state", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"])
def test_a_stack_is_read_when_it_stands_still(state: str) -> None:
    assert read_outputs(of_stack(GOOD, state)) == EXPECTED


def test_a_stack_without_zones_is_read_without_them() -> None:
    found = read_outputs(of_stack(GOOD, SubnetZones=""))
    assert [(one.id, one.zone) for one in found.subnets] == [(one.id, "") for one in EXPECTED.subnets]


def test_lists_of_ones_own_files_are_read() -> None:
    listed = {
        "subnet_ids": list(GOOD["subnet_ids"].values()),
        "security_group_id": ["sg-01234567", "sg-89abcdef"],
    }
    found = read_outputs(of_terraform({**GOOD, **listed, "something_else": 3}))
    assert [one.id for one in found.subnets] == listed["subnet_ids"]
    assert found.security_group_ids == ("sg-01234567", "sg-89abcdef")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=30)
    | st.sampled_from(list(GOOD.values())[:1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def blamed(text: str) -> list[str]:
    """The outputs that a refusal names; none when the text is read."""
    try:
        read_outputs(text)
    except OutputsError as error:
        return list(error.problems)
    return []


@given(st.sampled_from(sorted(GOOD)), ANYTHING)
@settings(max_examples=40)
def test_whatever_stands_in_an_output_is_read_or_refused_by_name(name: str, value: Any) -> None:
    assert blamed(of_terraform({**GOOD, name: value})) in ([], [name])


@given(ANYTHING)
@settings(max_examples=40)
def test_whatever_is_given_is_refused_in_words(value: Any) -> None:
    for document in (value, {"Stacks": value}, {"Stacks": [value]}):
        with pytest.raises(OutputsError):
            read_outputs(json.dumps(document))
