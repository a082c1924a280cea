"""The record of a cloud on GCP: names by Google's rules, every fault beside its field."""

from dataclasses import replace

import pytest

from clouds.gcp import (
    MOST_SERVICE_ACCOUNTS,
    NOT_DONE,
    GcpRecord,
    bucket_problem,
    project_problem,
    region_problem,
    service_account_problem,
)
from clouds.states import Kind
from iam.mapping import value_problem

RECORD = GcpRecord(
    name="research",
    project_id="ray-prod-123456",
    region="europe-west4",
    bucket="acme-ray",
    cluster_service_account="ray-nodes@ray-prod-123456.iam.gserviceaccount.com",
)
ACCOUNTS = (
    "ray-nodes@ray-prod-123456.iam.gserviceaccount.com",
    "abcdef@abcdef.iam.gserviceaccount.com",
    "123456789012-compute@developer.gserviceaccount.com",
    "ray-prod-123456@appspot.gserviceaccount.com",
)


def test_a_sound_record_has_no_problems() -> None:
    assert replace(RECORD, service_accounts=ACCOUNTS[1:]).problems() == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "no spaces, please"),
        ("project_id", "Ray-prod"),
        ("region", "eu-central-1"),
        ("bucket", "gs://acme"),
        ("cluster_service_account", "me@example.com"),
        ("service_accounts", ("me@example.com",)),
        ("service_accounts", (ACCOUNTS[0], ACCOUNTS[0])),
        ("service_accounts", tuple(f"account-{n:04}@abcdef.iam.gserviceaccount.com" for n in range(101))),
    ],
)
def test_each_fault_is_told_by_its_field(field: str, value: object) -> None:
    changes: dict[str, object] = {field: value}
    assert list(replace(RECORD, **changes).problems()) == [field]  # type: ignore[arg-type]
    assert MOST_SERVICE_ACCOUNTS == 100


@pytest.mark.parametrize("project", ["abcdef", "a12345", "ray-prod-123456", "a" * 30])
def test_project_ids(project: str) -> None:
    assert project_problem(project) == ""


@pytest.mark.parametrize(
    "project",
    ["", "abcde", "a" * 31, "1abcdef", "abcdef-", "abc_def", "Abcdef", "abcdef\n", "abc.com:abcdef"],
)
def test_what_is_no_project_id(project: str) -> None:
    assert project_problem(project)


def test_the_number_of_a_project_is_told_apart() -> None:
    assert "number" in project_problem("123456789012")


@pytest.mark.parametrize("region", ["us-central1", "europe-west12", "northamerica-northeast2", "me-central1"])
def test_regions(region: str) -> None:
    assert region_problem(region) == ""


@pytest.mark.parametrize(
    ("region", "word"),
    [
        ("us-central1-a", "zone"),
        ("us-east-1", "AWS"),
        ("", "europe-west4"),
        ("europe-west4 ", "europe-west4"),
    ],
)
def test_what_is_no_region(region: str, word: str) -> None:
    assert word in region_problem(region)


@pytest.mark.parametrize(
    "bucket", ["abc", "acme_ray-1", "data.example.com", "a" * 63, ".".join(["a" * 63] * 3)]
)
def test_buckets(bucket: str) -> None:
    assert bucket_problem(bucket) == ""


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "ab",
        "a" * 64,
        "-abc",
        "abc_",
        "Abc",
        "a..b",
        "a b",
        "192.168.5.4",
        "goog-data",
        "my-google-data",
        "my-g00gle",
        "gs://abc",
        ".".join(["a" * 63] * 4),
        f"{'a' * 64}.b",
        "abc\n",
    ],
)
def test_what_is_no_bucket(bucket: str) -> None:
    assert bucket_problem(bucket)


@pytest.mark.parametrize("email", ACCOUNTS)
def test_service_accounts_are_what_rules_of_the_mapping_may_give(email: str) -> None:
    assert service_account_problem(email) == ""
    assert value_problem(email, provider="GCP") is None


@pytest.mark.parametrize(
    "email",
    [
        "",
        "me@example.com",
        "short@ray-prod-123456.iam.gserviceaccount.com",
        "ray-nodes@ray-prod-123456.iam.gserviceaccount.com.evil.example",
        "Ray-nodes@ray-prod-123456.iam.gserviceaccount.com",
        "ray-nodes@iam.gserviceaccount.com",
        "compute@developer.gserviceaccount.com",
        "ray-nodes@ray-prod-123456.iam.gserviceaccount.com\n",
    ],
)
def test_what_is_no_service_account(email: str) -> None:
    assert service_account_problem(email)


def test_every_refusal_is_a_sentence() -> None:
    assert all(says.endswith(".") for says in NOT_DONE.values())


def test_every_kind_of_work_but_forgetting_is_refused_with_its_reason() -> None:
    assert set(Kind) - set(NOT_DONE) == {Kind.DELETE}
