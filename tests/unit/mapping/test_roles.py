"""Which texts name a role."""

import pytest

from iam.mapping import role_name, value_problem

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("value", "kind", "name"),
    [
        ("cld_abc-cluster_node_role", "role_name", "cld_abc-cluster_node_role"),
        ("a+b=c,d.e@f-g_h", "role_name", "a+b=c,d.e@f-g_h"),
        ("p" * 128, "role_name", "p" * 128),
        (f"arn:aws:iam::{ACCOUNT}:role/node", "role_arn", "node"),
        (f"arn:aws:iam::{ACCOUNT}:role/ray/dev/node", "role_arn", "node"),
        (f"arn:aws:iam::{ACCOUNT}:instance-profile/node", "profile_arn", "node"),
        (f"arn:aws:iam::{ACCOUNT}:instance-profile/ray/dev/node", "profile_arn", "node"),
    ],
)
def test_a_name_or_an_arn_is_read(value: str, kind: str, name: str) -> None:
    assert role_name(value) == (kind, name)
    assert value_problem(value, provider="AWS") is None


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "a b", " role", "role\n", "p" * 129, "rôle", "a/b", "role:x", "a*",
        "arn:", "arn:aws:iam::12345:role/x", f"arn:aws:iam::{ACCOUNT}:user/x",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:iam::{ACCOUNT}:instance-profile/", f"arn:aws:iam::{ACCOUNT}:instance-profile/a b",
        "arn:aws:iam::12345:instance-profile/x", f"arn:aws:iam::{ACCOUNT}:instance-profile/{'p' * 129}",
        f"arn:aws-cn:iam::{ACCOUNT}:instance-profile/x", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1",
        f"arn:aws:iam::{ACCOUNT}:instance-profile/{'p' * 513}/x", f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y",
        f"arn:aws:iam::{ACCOUNT}:role/*/x", f"arn:aws:iam::{ACCOUNT}:role/te?m/x",
        f"arn:aws:iam::{ACCOUNT}:instance-profile/${{aws:username}}/x",
    ],
)  # fmt: skip
def test_what_names_no_role_on_aws_is_refused_with_a_fix(value: str) -> None:
    problem = value_problem(value, provider="AWS")
    assert problem is not None
    assert len(problem) > 20
    with pytest.raises(ValueError, match=r"\w"):
        role_name(value)


@pytest.mark.parametrize(
    "value",
    [
        "sa1@xxx.iam.gserviceaccount.com",
        "node@my-project-123.iam.gserviceaccount.com",
        "node@my-project.example.com.iam.gserviceaccount.com",
        "123456789-compute@developer.gserviceaccount.com",
        "my-project@appspot.gserviceaccount.com",
    ],
)
def test_gcp_takes_the_email_of_a_service_account(value: str) -> None:
    assert value_problem(value, provider="GCP") is None


@pytest.mark.parametrize(
    "value",
    [
        "", "node", "ada@example.com", "@x.iam.gserviceaccount.com", "a b@x.iam.gserviceaccount.com",
        "Node@x.iam.gserviceaccount.com", "-a@x.iam.gserviceaccount.com", "a@x.gserviceaccount.com.evil.org",
        "a@xgserviceaccount.com", " a@x.iam.gserviceaccount.com", "a@" + "x" * 300 + ".gserviceaccount.com",
    ],
)  # fmt: skip
def test_gcp_takes_nothing_else(value: str) -> None:
    assert value_problem(value, provider="GCP")
