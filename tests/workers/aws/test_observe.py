"""Looking at an account: all that is the cloud's is found; a refused look is not taken for an empty one."""

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any

import pytest

from clouds.facts import Facts
from clouds.planning import plan_setup, resources
from tests.sandbox import SandboxProcess
from tests.workers.places import Place
from workers.aws.apply import StepEnd, apply
from workers.aws.errors import AwsError
from workers.aws.looks import pages
from workers.aws.observe import DELETE, DELETE_DATA, VERIFY, Scope, observe

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Notes:
    """A journal that only remembers."""

    def __init__(self) -> None:
        self.ended: list[StepEnd] = []

    def advance(self, ended: Any, starting: Any) -> None:
        del starting
        self.ended.extend(ended)


def look(place: Place, pool: Executor, scope: Scope, kind: str = "verify", **more: Any) -> Facts:
    return observe(place.enter(kind), place.spec, scope, pool=pool, now=NOW, **more)


def build(place: Place, pool: Executor) -> Facts:
    plan = plan_setup(place.spec, look(place, pool, VERIFY))
    assert not apply(place.enter("setup"), plan, journal=Notes(), pool=pool).errors
    return look(place, pool, VERIFY)


def test_an_empty_account_shows_its_zones_quotas_and_our_role(place: Place, pool: Executor) -> None:
    facts = look(place, pool, VERIFY)
    assert len(facts.zones) >= 2
    assert {one.code for one in facts.quotas} == {"vpcs", "igws"}
    assert [one.arn for one in facts.roles] == [place.spec.cross_account_role_arn]
    assert facts.roles[0].inline
    assert facts.roles[0].inline["raydock"]["Statement"]
    assert (facts.bucket, facts.instance_profiles, facts.subnets, facts.denied) == (None, (), (), ())


def test_what_was_built_is_seen_whole(place: Place, pool: Executor) -> None:
    facts = build(place, pool)
    assert {one.state for one in resources(place.spec, facts)} == {"present"}
    assert not plan_setup(place.spec, facts).steps
    (vpc,) = [one for one in facts.vpcs if one.cloud_id == place.spec.cloud_id]
    assert (vpc.dns_support, vpc.dns_hostnames) == (True, True)
    assert facts.bucket
    assert facts.bucket.region == place.spec.region
    assert facts.bucket.public_access
    assert facts.bucket.public_access.closed


def test_facts_survive_being_stored(place: Place, pool: Executor) -> None:
    facts = build(place, pool)
    assert Facts.from_json(facts.to_json()) == facts


def test_the_last_look_saves_calls_and_finds_the_same(place: Place, pool: Executor) -> None:
    known = build(place, pool)
    place.calls.clear()
    again = look(place, pool, VERIFY, known=known)
    with_known = len(place.calls)
    place.calls.clear()
    assert look(place, pool, VERIFY) == again
    assert with_known < len(place.calls)


def test_a_vpc_that_lost_its_tags_is_found_by_the_last_look(place: Place, pool: Executor) -> None:
    known = build(place, pool)
    (vpc,) = [one for one in known.vpcs if one.cloud_id == place.spec.cloud_id]
    ec2 = place.admin("ec2")
    (mine,) = [one for one in known.security_groups if one.cloud_id == place.spec.cloud_id]
    ec2.delete_tags(Resources=[vpc.id, mine.id], Tags=[{"Key": "raydock-cloud-id"}])
    facts = look(place, pool, DELETE, "delete", known=known)
    assert mine.id in {one.id for one in facts.security_groups}


def test_a_refused_look_is_noted_and_not_taken_for_nothing(
    place: Place, pool: Executor, aws_sandbox: SandboxProcess
) -> None:
    aws_sandbox.fault("ec2:DescribeSubnets", "deny", times=None)
    aws_sandbox.fault("s3:HeadBucket", "deny", times=None)
    aws_sandbox.fault("iam:ListRolePolicies", "deny", times=None)
    facts = look(place, pool, VERIFY)
    assert {(one.action, one.subject) for one in facts.denied} == {
        ("ec2:DescribeSubnets", ""),
        ("s3:ListBucket", place.spec.bucket_name),
        ("iam:ListRolePolicies", place.spec.cluster_role_name),
        ("iam:ListRolePolicies", place.spec.cross_account_role_name),
    }
    assert facts.roles[0].inline is None


def test_an_unclear_answer_is_no_look_at_all(
    place: Place, pool: Executor, aws_sandbox: SandboxProcess
) -> None:
    aws_sandbox.fault("ec2:DescribeSubnets", "error", times=None)
    with pytest.raises(AwsError):
        look(place, pool, VERIFY)


def test_a_quota_that_cannot_be_read_stops_nothing(
    place: Place, pool: Executor, aws_sandbox: SandboxProcess
) -> None:
    aws_sandbox.fault("servicequotas:GetServiceQuota", "error", times=None)
    assert look(place, pool, VERIFY).quotas == ()


def test_a_delete_sees_who_is_in_the_network_and_what_is_in_the_bucket(place: Place, pool: Executor) -> None:
    facts = build(place, pool)
    subnet = next(one for one in facts.subnets if one.cloud_id == place.spec.cloud_id)
    (made,) = place.admin("ec2").run_instances(
        ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet.id
    )["Instances"]
    place.admin("s3").put_object(Bucket=place.spec.bucket_name, Key="a/b", Body=b"data")
    seen = look(place, pool, DELETE_DATA, "delete")
    assert [one.id for one in seen.instances] == [made["InstanceId"]]
    assert [one.instance_id for one in seen.interfaces] == [made["InstanceId"]]
    assert seen.bucket
    assert seen.bucket.contents
    assert [(one.key, one.size) for one in seen.bucket.contents.objects] == [("a/b", 4)]
    assert not seen.bucket.contents.truncated


def test_a_managed_policy_is_read_through_its_default_version(place: Place, pool: Executor) -> None:
    iam = place.admin("iam")
    statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn = iam.create_policy(PolicyName=place.spec.cloud_id, PolicyDocument=text)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=place.spec.cross_account_role_name, PolicyArn=arn)
    (own,) = look(place, pool, VERIFY).roles
    assert own.attached
    assert [(one.arn, one.document["Statement"]["Action"]) for one in own.attached if one.document] == [
        (arn, "s3:ListBucket")
    ]


class Scroll:
    """AWS with three pages of everything; each service marks the next page in its own way."""

    def __init__(self, *replies: Mapping[str, Any]) -> None:
        self.replies = list(replies)
        self.asked: list[Mapping[str, Any]] = []

    def call(self, action: str, params: Mapping[str, Any], *, mutating: bool = False) -> Mapping[str, Any]:
        del action, mutating
        self.asked.append(dict(params))
        return self.replies.pop(0)


def test_all_pages_are_read_ec2() -> None:
    aws = Scroll({"Vpcs": [1], "NextToken": "a"}, {"Vpcs": [2], "NextToken": "b"}, {"Vpcs": [3]})
    assert list(pages(aws, "ec2:DescribeVpcs", {"Filters": []}, "Vpcs")) == [1, 2, 3]
    assert aws.asked == [
        {"Filters": []},
        {"Filters": [], "NextToken": "a"},
        {"Filters": [], "NextToken": "b"},
    ]


def test_all_pages_are_read_iam() -> None:
    first = {"PolicyNames": ["a"], "IsTruncated": True, "Marker": "m"}
    aws = Scroll(first, {"PolicyNames": ["b"], "IsTruncated": False, "Marker": "old"})
    assert list(pages(aws, "iam:ListRolePolicies", {"RoleName": "r"}, "PolicyNames")) == ["a", "b"]
    assert aws.asked[1] == {"RoleName": "r", "Marker": "m"}


def test_the_scope_of_each_kind_is_no_wider_than_what_it_reads() -> None:
    assert not any((DELETE.quotas, DELETE.access, DELETE.zones, DELETE.contents, DELETE.mapped))
    assert not any((VERIFY.occupants, VERIFY.contents))
