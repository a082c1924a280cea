import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds.facts import (
    Denied,
    Facts,
    Instance,
    InstanceProfile,
    InternetGateway,
    NetworkInterface,
    Role,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from clouds.planning import DELETE_ACTIONS, Plan, plan_delete, plan_setup
from tests.unit.clouds.account import ACCOUNT, Account
from tests.unit.clouds.carrying import CLOUD_ID, CONTROL_ROLE, built, carry_out, in_order, names, spec

SPEC = spec()
SETUP = plan_setup(SPEC, Account().facts())
VPC = "vpc-vpc-1"
FULL = plan_delete(SPEC, built().facts(), bucket="delete")


def everything(account: Account) -> Plan:
    return plan_delete(SPEC, account.facts(), bucket="delete")


def left(account: Account) -> dict[str, Any]:
    return {**account.things, **account.roles, **account.profiles, **account.buckets}


def with_more(account: Account, **more: Any) -> Plan:
    return plan_delete(SPEC, replace(account.facts(), **more), bucket="delete")


def test_nothing_of_a_complete_cloud_is_left() -> None:
    account = built()
    carry_out(account, FULL)
    assert not left(account)
    assert everything(account).empty


def test_an_empty_account_needs_nothing() -> None:
    assert everything(Account()).empty


def test_the_longest_chain_is_three_calls() -> None:
    assert len(FULL.longest_chain()) == 3


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_whatever_was_made_goes_in_as_many_turns_as_it_takes(data: st.DataObject) -> None:
    account = Account()
    made = data.draw(st.sets(st.sampled_from(names(SETUP.steps))))
    carry_out(account, SETUP, only=lambda step: step.name in made)
    if data.draw(st.booleans()):
        account.call("ec2:CreateVpc", SETUP.step("vpc").params)
        account.call("ec2:CreateInternetGateway", SETUP.step("internet-gateway").params)
    first = everything(account)
    gone = data.draw(st.sets(st.sampled_from(names(first.steps)))) if first.steps else set()
    carry_out(account, first, only=lambda step: step.name in gone)
    carry_out(account, everything(account))
    assert not left(account)
    assert everything(account).empty


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_order_that_respects_the_needs_works(data: st.DataObject) -> None:
    account, done = built(), list[str]()
    while ready := FULL.ready(done):
        done.append(data.draw(st.sampled_from(names(ready))))
    in_order(account, FULL, [FULL.step(name) for name in done])
    assert not left(account)


def test_a_set_up_that_was_half_taken_down_can_be_set_up_again() -> None:
    account = built()
    carry_out(account, FULL, only=lambda step: step.name != "delete-sg-security-group-1")
    carry_out(account, plan_setup(SPEC, account.facts(), salt="second"))
    assert plan_setup(SPEC, account.facts()).empty


def test_duplicates_go_too() -> None:
    account = built()
    account.call("ec2:CreateVpc", SETUP.step("vpc").params)
    account.call("ec2:CreateInternetGateway", SETUP.step("internet-gateway").params)
    carry_out(account, everything(account))
    assert not left(account)


def _strings(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("tags", [{}, {"raydock-cloud-id": "cld_01kother"}, {"raydock-name": "vpc"}])
def test_nothing_without_our_tag_is_ever_named(tags: dict[str, str]) -> None:
    foreign = Facts(
        at=built().facts().at,
        account_id=ACCOUNT,
        region=SPEC.region,
        vpcs=(Vpc(id="theirs-vpc", cidr="10.0.0.0/16", tags=tags),),
        subnets=(Subnet(id="theirs-s", vpc_id=VPC, cidr="10.0.99.0/24", zone="a", zone_id="a", tags=tags),),
        internet_gateways=(InternetGateway(id="theirs-igw", vpc_ids=(VPC,), tags=tags),),
        route_tables=(RouteTable(id="theirs-rtb", vpc_id=VPC, tags=tags),),
        vpc_endpoints=(VpcEndpoint(id="theirs-vpce", vpc_id=VPC, service="x", tags=tags),),
        security_groups=(SecurityGroup(id="theirs-sg", name="x", vpc_id=VPC, tags=tags),),
        roles=(Role(name=SPEC.cluster_role_name, arn="theirs-role", tags=tags),),
        instance_profiles=(InstanceProfile(name=SPEC.cluster_role_name, arn="theirs-ip", tags=tags),),
    )
    assert not plan_delete(SPEC, foreign, bucket="delete").steps
    ours = built().facts()
    mixed = replace(
        ours,
        vpcs=(*ours.vpcs, *foreign.vpcs),
        subnets=(*ours.subnets, *foreign.subnets),
        internet_gateways=(*ours.internet_gateways, *foreign.internet_gateways),
        route_tables=(*ours.route_tables, *foreign.route_tables),
        vpc_endpoints=(*ours.vpc_endpoints, *foreign.vpc_endpoints),
        security_groups=(*ours.security_groups, *foreign.security_groups),
    )
    plan = plan_delete(SPEC, mixed, bucket="delete")
    assert not [text for step in plan.steps for text in _strings(step.params) if text.startswith("theirs-")]
    assert {one.subject for one in plan.blockers} == {
        "theirs-s",
        "theirs-igw",
        "theirs-rtb",
        "theirs-vpce",
        "theirs-sg",
    }


def test_what_aws_made_is_left_to_aws() -> None:
    named = [text for step in FULL.steps for text in _strings(step.params)]
    assert not [text for text in named if "main" in text or "default" in text]


class TestBucket:
    def test_kept_it_forgets_the_roles_and_is_told(self) -> None:
        account = built()
        plan = plan_delete(SPEC, account.facts(), bucket="keep")
        assert [(one.resource, one.id) for one in plan.kept] == [("bucket", SPEC.bucket_name)]
        carry_out(account, plan)
        assert list(left(account)) == [SPEC.bucket_name]
        policy = json.dumps(account.buckets[SPEC.bucket_name].policy)
        assert "arn:aws:iam" not in policy
        assert "RaydockTlsOnly" in policy
        assert account.buckets[SPEC.bucket_name].cloud_id == CLOUD_ID
        assert plan_delete(SPEC, account.facts(), bucket="keep").empty

    def test_kept_it_keeps_what_others_wrote_into_its_policy(self) -> None:
        account = built()
        bucket = account.buckets[SPEC.bucket_name]
        assert bucket.policy is not None
        theirs = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": []}, "Action": "s3:*"}
        statements = [*bucket.policy["Statement"], theirs]
        account.buckets[bucket.name] = replace(bucket, policy={"Statement": statements})
        carry_out(account, plan_delete(SPEC, account.facts(), bucket="keep"))
        policy = account.buckets[bucket.name].policy
        assert policy is not None
        assert [one["Sid"] for one in policy["Statement"]] == ["RaydockTlsOnly", "Theirs"]

    def test_what_is_lost_is_said_before(self) -> None:
        account = built()
        account.fill(SPEC.bucket_name, 2500, 1)
        plan = everything(account)
        assert plan.losses == (
            f"2,500 object versions (3.75 MB) in the bucket {SPEC.bucket_name} will be deleted for good.",
            f"1 unfinished upload to {SPEC.bucket_name} will be aborted.",
        )
        batches = [one for one in plan.steps if one.action == "s3:DeleteObjects"]
        assert [len(one.params["Delete"]["Objects"]) for one in batches] == [1000, 1000, 500]
        assert {one.refused for one in batches} == {"Errors"}
        carry_out(account, plan)
        assert not left(account)

    def test_more_than_one_look_lists_goes_turn_by_turn(self) -> None:
        account = built()
        account.fill(SPEC.bucket_name, 1500)
        whole = account.buckets[SPEC.bucket_name].contents
        assert whole is not None
        page = replace(whole, objects=whole.objects[:1000], truncated=True)
        facts = account.facts()
        assert facts.bucket is not None
        first = plan_delete(
            SPEC, replace(facts, bucket=replace(facts.bucket, contents=page)), bucket="delete"
        )
        assert first.look_again
        assert "delete-bucket" not in names(first.steps)
        assert "1,000 object versions or more" in first.losses[0]
        carry_out(account, first)
        assert not first.empty
        carry_out(account, everything(account))
        assert not left(account)

    def test_a_bucket_of_our_name_with_other_tags_is_left(self) -> None:
        account = built()
        bucket = account.buckets[SPEC.bucket_name]
        account.buckets[bucket.name] = replace(bucket, tags={"team": "data"})
        assert not [one for one in everything(account).steps if one.action.startswith("s3:")]

    def test_a_half_made_bucket_goes(self) -> None:
        account = Account()
        carry_out(account, SETUP, only=lambda step: step.name == "bucket")
        carry_out(account, everything(account))
        assert not left(account)


class TestRoles:
    def test_every_policy_comes_off_first(self) -> None:
        account = built()
        name = SPEC.cluster_role_name
        account.attach(name, "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
        account.call("iam:PutRolePolicy", {"RoleName": name, "PolicyName": "theirs", "PolicyDocument": "{}"})
        plan = everything(account)
        assert len(plan.step("delete-cluster-role").needs) == 4
        carry_out(account, plan)
        assert not left(account)

    def test_the_cross_account_role_stays_even_when_it_carries_the_tag(self) -> None:
        role = Role(name="raydock-control-plane", arn=CONTROL_ROLE, tags={"raydock-cloud-id": CLOUD_ID})
        account = built()
        account.roles[role.name] = role
        plan = everything(account)
        assert [one.id for one in plan.kept] == [CONTROL_ROLE]
        carry_out(account, plan)
        assert list(left(account)) == ["raydock-control-plane"]

    def test_a_profile_of_others_that_holds_our_role_is_told(self) -> None:
        account = built()
        theirs = InstanceProfile(name="theirs", arn="x", role_names=(SPEC.cluster_role_name,))
        plan = with_more(account, instance_profiles=(*account.facts().instance_profiles, theirs))
        assert [one.code for one in plan.blockers] == ["role_in_other_profile"]


def _instance(**given: Any) -> Instance:
    return Instance(**{"id": "i-1", "state": "running", "kind": "m5.xlarge", "vpc_id": VPC, **given})


def _interface(**given: Any) -> NetworkInterface:
    return NetworkInterface(**{"id": "eni-1", "vpc_id": VPC, "subnet_id": "subnet-9", **given})


class TestBlocked:
    def only(self, **more: Any) -> Any:
        (blocker,) = with_more(built(), **more).blockers
        return blocker

    def test_a_running_instance_of_ours(self) -> None:
        one = self.only(instances=(_instance(tags={"raydock-cloud-id": CLOUD_ID}),))
        assert one.code == "instance_running"
        assert "a node of this cloud" in one.message
        assert one.fix.endswith("aws ec2 terminate-instances --instance-ids i-1 --region eu-central-1")
        assert not one.passes

    def test_a_stopped_instance_of_somebody_else(self) -> None:
        one = self.only(instances=(_instance(state="stopped", tags={"Name": "bastion"}),))
        assert "Name: bastion" in one.message

    def test_an_instance_that_is_going_passes_by_itself(self) -> None:
        assert self.only(instances=(_instance(state="shutting-down"),)).passes

    def test_instances_that_are_gone_or_elsewhere_do_not_matter(self) -> None:
        gone = (_instance(state="terminated"), _instance(id="i-2", vpc_id="vpc-other"))
        assert not with_more(built(), instances=gone).blockers

    def test_an_interface_of_an_instance_is_told_once(self) -> None:
        one = self.only(instances=(_instance(),), interfaces=(_interface(instance_id="i-1"),))
        assert one.subject == "i-1"

    def test_an_interface_that_outlives_its_instance_passes(self) -> None:
        one = self.only(
            instances=(_instance(state="terminated"),), interfaces=(_interface(instance_id="i-1"),)
        )
        assert one.passes

    @pytest.mark.parametrize(
        ("interface", "who"),
        [
            ({"description": "ELB app/demo/abc"}, "a load balancer (ELB app/demo/abc)"),
            ({"kind": "nat_gateway", "requester": "amazon-aws"}, "a NAT gateway (amazon-aws)"),
            ({"description": "EFS mount target for fs-1"}, "an EFS mount target (EFS mount target for fs-1)"),
            ({"instance_id": "i-9"}, "the instance i-9 (no Name tag)"),
            ({"tags": {"Name": "spare"}}, "something else (Name: spare)"),
        ],
    )
    def test_the_owner_of_an_interface_is_named(self, interface: dict[str, Any], who: str) -> None:
        assert f"belongs to {who}" in self.only(interfaces=(_interface(**interface),)).message

    def test_an_interface_elsewhere_that_uses_our_group(self) -> None:
        away = _interface(vpc_id="vpc-other", group_ids=("sg-security-group-1",))
        assert self.only(interfaces=(away,)).code == "interface_in_use"

    def test_a_rule_elsewhere_that_names_our_group(self) -> None:
        account = built()
        named = (Rule(protocol="-1", peer="sg-security-group-1"),)
        account.change(f"sg-default-{VPC}", ingress=named)
        (one,) = everything(account).blockers
        assert (one.code, one.subject) == ("group_referenced", "sg-security-group-1")
        assert "Inbound rules" in one.fix

    def test_our_gateway_on_the_vpc_of_others(self) -> None:
        account = built()
        account.change("igw-internet-gateway-1", vpc_ids=("vpc-other",))
        plan = everything(account)
        assert [one.code for one in plan.blockers] == ["gateway_borrowed"]
        assert not [one for one in plan.steps if one.action == "ec2:DetachInternetGateway"]

    @pytest.mark.parametrize(
        ("denied", "bucket", "blocked"),
        [
            (Denied(action="ec2:DescribeNetworkInterfaces"), "keep", True),
            (Denied(action="ec2:DescribeAvailabilityZones"), "keep", False),
            (Denied(action="s3:ListBucketVersions", subject=SPEC.bucket_name), "delete", True),
            (Denied(action="s3:ListBucketVersions", subject=SPEC.bucket_name), "keep", False),
            (Denied(action="s3:GetBucketTagging", subject=SPEC.bucket_name), "keep", True),
        ],
    )
    def test_what_we_were_not_allowed_to_see(self, denied: Denied, bucket: Any, *, blocked: bool) -> None:
        plan = plan_delete(SPEC, replace(built().facts(), denied=(denied,)), bucket=bucket)
        assert bool(plan.blockers) is blocked


def test_every_step_takes_gone_for_done() -> None:
    assert all(one.missing_ok for one in FULL.steps)


def test_the_set_of_actions_is_what_plans_hold() -> None:
    account = built()
    account.fill(SPEC.bucket_name, 1, 1)
    account.attach(SPEC.cluster_role_name, "arn:aws:iam::aws:policy/ReadOnlyAccess")
    kept = plan_delete(SPEC, account.facts(), bucket="keep")
    assert {one.action for one in (*everything(account).steps, *kept.steps)} == DELETE_ACTIONS


def test_an_endpoint_that_is_going_needs_no_step() -> None:
    account = built()
    account.change("vpce-s3-endpoint-1", state="deleting")
    assert "delete-vpce-s3-endpoint-1" not in names(everything(account).steps)
