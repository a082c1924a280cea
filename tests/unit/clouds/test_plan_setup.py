from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds.facts import Association, Denied, Role, Route, Rule, Vpc
from clouds.planning import SETUP_ACTIONS, Plan, Ref, plan_setup, refs
from clouds.planning.documents import bucket_statements
from tests.unit.clouds.account import ZONES, Account, RefusedError
from tests.unit.clouds.carrying import CLOUD_ID, built, carry_out, in_order, names, spec

SPEC = spec()
EMPTY = plan_setup(SPEC, Account().facts())
# Kept apart on purpose, although AWS would mostly take them together (see where they are planned).
APART = {("bucket-policy", "bucket-public-access")}


def plan(account: Account) -> Plan:
    return plan_setup(SPEC, account.facts())


def test_an_empty_account_gets_everything() -> None:
    assert names(EMPTY.steps) == [
        "vpc",
        "internet-gateway",
        "cluster-role",
        "instance-profile",
        "bucket",
        "vpc-dns-hostnames",
        "internet-gateway-attachment",
        "route-table",
        "subnet-euc1-az1",
        "subnet-euc1-az2",
        "subnet-euc1-az3",
        "security-group",
        "cluster-role-bucket",
        "instance-profile-role",
        "bucket-tags",
        "bucket-public-access",
        "bucket-encryption",
        "bucket-cors",
        "default-route",
        "subnet-euc1-az1-public-ips",
        "subnet-euc1-az1-route-table",
        "subnet-euc1-az2-public-ips",
        "subnet-euc1-az2-route-table",
        "subnet-euc1-az3-public-ips",
        "subnet-euc1-az3-route-table",
        "s3-endpoint",
        "security-group-self",
        "security-group-https",
        "bucket-policy",
    ]
    assert not EMPTY.blockers
    assert not EMPTY.adopted


def test_the_longest_chain_is_three_calls() -> None:
    assert len(EMPTY.longest_chain()) == 3


def test_nothing_is_left_to_do_after_the_plan() -> None:
    assert plan(built()).empty


def test_every_need_is_named_and_planned_before() -> None:
    seen: set[str] = set()
    for step in EMPTY.steps:
        assert step.needs <= seen
        assert {ref.step for ref in refs(step.params)} <= step.needs
        seen.add(step.name)


@pytest.mark.parametrize(
    ("name", "need"),
    [(one.name, need) for one in EMPTY.steps for need in sorted(one.needs) if (one.name, need) not in APART],
)
def test_every_need_is_real(name: str, need: str) -> None:
    """Without it the call cannot be made, or AWS refuses it."""
    late = {need} | EMPTY.dependents(need) - {name}
    step = EMPTY.step(name)
    early = [one for one in EMPTY.steps if one.name not in late and one.name != name]
    account, forced = Account(), replace(step, needs=step.needs - late)
    with pytest.raises((KeyError, RefusedError)):
        in_order(account, EMPTY, [*early, forced])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_part_of_a_plan_can_be_gone_on_from(data: st.DataObject) -> None:
    account = Account()
    chosen = data.draw(st.sets(st.sampled_from(names(EMPTY.steps))))
    carry_out(account, EMPTY, only=lambda step: step.name in chosen)
    again = plan(account)
    chosen = data.draw(st.sets(st.sampled_from(names(again.steps)))) if again.steps else set()
    carry_out(account, again, only=lambda step: step.name in chosen)
    carry_out(account, plan(account))
    assert account.facts() == built().facts()
    assert plan(account).empty


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_order_that_respects_the_needs_works(data: st.DataObject) -> None:
    account, done, order = Account(), list[str](), list[str]()
    while ready := EMPTY.ready(done):
        order.append(data.draw(st.sampled_from(names(ready))))
        done.append(order[-1])
    in_order(account, EMPTY, [EMPTY.step(name) for name in order])
    assert account.facts() == built().facts()


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(names(EMPTY.steps))))
def test_half_built_plus_the_missing_steps_is_no_step_too_many(chosen: set[str]) -> None:
    account = Account()
    done = carry_out(account, EMPTY, only=lambda step: step.name in chosen)
    assert set(names(plan(account).steps)) == {one.name for one in EMPTY.steps} - set(done)


def test_the_set_of_actions_is_what_plans_hold() -> None:
    account = built()
    everything = {one.action for one in EMPTY.steps}
    group, table = account.facts().security_groups[-1], account.facts().route_tables[-1]
    account.change(group.id, egress=())
    account.change(table.id, routes=(Route(destination="0.0.0.0/0", target="igw-gone", state="blackhole"),))
    account.change(account.facts().vpc_endpoints[0].id, route_table_ids=())
    assert everything | {one.action for one in plan(account).steps} == SETUP_ACTIONS


def test_every_created_network_resource_is_tagged_in_the_same_call() -> None:
    for step in EMPTY.steps:
        if step.action.startswith("ec2:Create") and step.action != "ec2:CreateRoute":
            (tagged,) = step.params["TagSpecifications"]
            pairs = {one["Key"]: one["Value"] for one in tagged["Tags"]}
            assert pairs["raydock-cloud-id"] == CLOUD_ID
            assert pairs["raydock-name"] == step.resource
    assert all(EMPTY.step(name).params["Tags"] for name in ("cluster-role", "instance-profile"))


def test_every_step_is_one_call_that_one_sentence_tells() -> None:
    assert len({one.name for one in EMPTY.steps}) == len(EMPTY.steps)
    assert all(one.sentence and one.kind.startswith("AWS::") for one in EMPTY.steps)


def test_planning_twice_gives_the_same_plan() -> None:
    assert plan_setup(SPEC, Account().facts()) == EMPTY


class TestTokens:
    def test_a_create_call_made_again_makes_nothing_new(self) -> None:
        account = Account()
        carry_out(account, EMPTY, only=lambda step: step.name in {"vpc", "route-table"})
        blind = plan_setup(SPEC, replace(account.facts(), route_tables=()))
        carry_out(account, blind, only=lambda step: step.name == "route-table")
        assert len([one for one in account.facts().route_tables if not one.is_main]) == 1

    def test_another_salt_makes_another_token(self) -> None:
        facts = Account().facts()
        one, other = plan_setup(SPEC, facts, salt="a"), plan_setup(SPEC, facts, salt="b")
        find = "s3-endpoint"
        assert one.step(find).params["ClientToken"] != other.step(find).params["ClientToken"]

    def test_it_is_64_characters(self) -> None:
        token = EMPTY.step("route-table").params["ClientToken"]
        assert list(refs(token)) == [Ref("vpc", "Vpc.VpcId")]
        assert len(token.text(lambda ref: "vpc-1")) == 64


class TestCorrecting:
    """What is there and wrong is set right with one call."""

    def steps_after(self, account: Account) -> list[str]:
        return names(plan(account).steps)

    def test_dns_switched_off(self) -> None:
        account = built()
        account.change(account.facts().vpcs[0].id, dns_support=False, dns_hostnames=False)
        again = plan(account)
        assert names(again.steps) == ["vpc-dns-support", "vpc-dns-hostnames"]
        assert again.steps[1].needs == {"vpc-dns-support"}
        carry_out(account, again)
        assert plan(account).empty

    def test_public_addresses_switched_off(self) -> None:
        account = built()
        account.change(account.facts().subnets[1].id, public_ips=False)
        assert self.steps_after(account) == ["subnet-euc1-az2-public-ips"]

    def test_a_black_hole_is_replaced(self) -> None:
        account = built()
        table = account.facts().route_tables[-1]
        gone = Route(destination="0.0.0.0/0", target="igw-gone", state="blackhole")
        account.change(table.id, routes=(gone,))
        (step,) = plan(account).steps
        assert step.action == "ec2:ReplaceRoute"
        carry_out(account, plan(account))
        assert plan(account).empty

    def test_only_the_missing_range_is_let_in(self) -> None:
        account = built()
        assert not plan_setup(spec(ingress_cidrs=("10.9.0.0/16",)), account.facts()).steps
        group = account.facts().security_groups[-1]
        narrow = tuple(one for one in group.ingress if one.peer != "0.0.0.0/0")
        account.change(
            group.id, ingress=(*narrow, Rule(protocol="tcp", from_port=443, to_port=443, peer="10.0.0.0/8"))
        )
        wanted = spec(ingress_cidrs=("10.9.0.0/16", "192.0.2.0/24"))
        (step,) = plan_setup(wanted, account.facts()).steps
        ranges = step.params["IpPermissions"][0]["IpRanges"]
        assert [one["CidrIp"] for one in ranges] == ["192.0.2.0/24"]

    def test_the_rule_from_the_group_itself(self) -> None:
        account = built()
        group = account.facts().security_groups[-1]
        account.change(group.id, ingress=tuple(one for one in group.ingress if one.peer != group.id))
        assert self.steps_after(account) == ["security-group-self"]

    def test_duplicate_settles_a_single_rule_only(self) -> None:
        assert EMPTY.step("security-group-https").settled
        two = plan_setup(spec(ingress_cidrs=("192.0.2.0/24", "10.0.0.0/8")), Account().facts())
        assert not two.step("security-group-https").settled

    def test_foreign_statements_of_the_bucket_policy_stay(self) -> None:
        account = built()
        bucket = account.buckets[SPEC.bucket_name]
        theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
        account.buckets[bucket.name] = replace(bucket, policy={"Version": "2012-10-17", "Statement": theirs})
        carry_out(account, plan(account))
        policy = account.buckets[bucket.name].policy
        assert policy is not None
        assert policy["Statement"] == [*bucket_statements(SPEC), theirs]
        assert plan(account).empty

    def test_a_policy_that_says_the_same_in_other_words_stays(self) -> None:
        account = built()
        bucket = account.buckets[SPEC.bucket_name]
        assert bucket.policy is not None
        turned = [
            {
                **one,
                "Action": list(reversed(one["Action"]))
                if isinstance(one["Action"], list)
                else [one["Action"]],
            }
            for one in reversed(bucket.policy["Statement"])
        ]
        account.buckets[bucket.name] = replace(bucket, policy={"Version": "2012-10-17", "Statement": turned})
        assert plan(account).empty


class TestAdopting:
    def test_of_two_vpcs_the_one_that_is_built_in(self) -> None:
        account = built()
        account.things["vpc-0"] = Vpc(
            id="vpc-0",
            cidr="10.0.0.0/16",
            tags=SPEC.tags("vpc"),
            dns_support=True,
            dns_hostnames=True,
        )
        assert plan(account).empty
        assert plan(account).adopted["vpc"] == "vpc-vpc-1"

    def test_of_two_empty_vpcs_always_the_same(self) -> None:
        account = Account()
        for _ in range(2):
            account.call("ec2:CreateVpc", EMPTY.step("vpc").params)
        assert plan(account).adopted["vpc"] == "vpc-vpc-1"

    def test_of_two_gateways_the_attached_one(self) -> None:
        account = built()
        account.call("ec2:CreateInternetGateway", EMPTY.step("internet-gateway").params)
        assert plan(account).empty

    def test_other_clouds_are_not_ours(self) -> None:
        account = built(spec(cloud_id="cld_01kother"))
        account.buckets.clear()
        assert names(plan(account).steps) == names(EMPTY.steps)

    def test_a_resource_that_lost_its_logical_name_is_still_ours(self) -> None:
        account = built()
        for one in account.facts().subnets:
            account.change(one.id, tags={"raydock-cloud-id": CLOUD_ID})
        assert plan(account).empty

    def test_a_bucket_without_any_tag_is_ours_half_made(self) -> None:
        account = Account()
        carry_out(account, EMPTY, only=lambda step: step.name == "bucket")
        again = plan(account)
        assert "bucket-tags" in names(again.steps)
        assert not again.blockers


class TestBlocked:
    def codes(self, account: Account) -> list[str]:
        return [one.code for one in plan(account).blockers]

    def test_names_that_others_hold(self) -> None:
        account = built()
        name = SPEC.cluster_role_name
        account.roles[name] = replace(account.roles[name], tags={})
        account.profiles[name] = replace(account.profiles[name], tags={"raydock-cloud-id": "cld_other"})
        account.buckets[SPEC.bucket_name] = replace(account.buckets[SPEC.bucket_name], tags={"team": "x"})
        assert self.codes(account) == ["role_taken", "profile_taken", "bucket_taken"]
        assert all(one.fix and one.message for one in plan(account).blockers)

    def test_a_group_of_our_name_without_our_tag(self) -> None:
        account = built()
        account.change(account.facts().security_groups[-1].id, tags={})
        assert self.codes(account) == ["security_group_taken"]

    def test_one_zone_only(self) -> None:
        account = Account(zones=ZONES[:1])
        assert self.codes(account) == ["too_few_zones"]

    def test_a_subnet_tied_to_another_table(self) -> None:
        account = built()
        subnet = account.facts().subnets[0]
        table = account.facts().route_tables[-1]
        tie = next(one for one in table.associations if one.subnet_id == subnet.id)
        account.change(table.id, associations=tuple(one for one in table.associations if one.id != tie.id))
        account.change(
            "rtb-main-vpc-vpc-1",
            associations=(Association(id="m", main=True), replace(tie, id="rtbassoc-9")),
        )
        assert self.codes(account) == ["subnet_routed_elsewhere"]
        assert "rtbassoc-9" in plan(account).blockers[0].fix

    def test_another_gateway_on_our_vpc(self) -> None:
        account = Account()
        carry_out(account, EMPTY, only=lambda step: step.name == "vpc")
        account.call("ec2:CreateInternetGateway", {})
        account.call(
            "ec2:AttachInternetGateway", {"InternetGatewayId": "igw-foreign-1", "VpcId": "vpc-vpc-1"}
        )
        assert self.codes(account) == ["gateway_taken"]

    @pytest.mark.parametrize(
        ("denied", "blocked"),
        [
            (Denied(action="ec2:DescribeVpcs"), True),
            (Denied(action="iam:GetRole", subject=SPEC.cluster_role_name), True),
            (Denied(action="iam:GetRole", subject="raydock-control-plane"), False),
            (Denied(action="s3:ListBucket", subject=SPEC.bucket_name), True),
            (Denied(action="servicequotas:GetServiceQuota"), False),
        ],
    )
    def test_what_we_were_not_allowed_to_see(self, denied: Denied, *, blocked: bool) -> None:
        found = plan_setup(SPEC, replace(Account().facts(), denied=(denied,))).blockers
        assert [one.subject for one in found] == ([denied.action] if blocked else [])

    def test_a_service_control_policy_is_told_apart(self) -> None:
        message = "User is not authorized with an explicit deny in a service control policy"
        denied = Denied(action="ec2:DescribeVpcs", message=message)
        (blocker,) = plan_setup(SPEC, replace(Account().facts(), denied=(denied,))).blockers
        assert "service control policy" in blocker.fix


class TestRegions:
    def test_us_east_1_takes_no_location(self) -> None:
        step = plan_setup(spec(region="us-east-1"), Account().facts()).step("bucket")
        assert "CreateBucketConfiguration" not in step.params

    def test_elsewhere_the_location_is_named(self) -> None:
        configuration = EMPTY.step("bucket").params["CreateBucketConfiguration"]
        assert configuration == {"LocationConstraint": "eu-central-1"}


def test_the_preview_groups_by_resource() -> None:
    preview = EMPTY.to_json()
    assert preview["steps"] == 29
    assert len(preview["longest_chain"]) == 3
    groups = {one["resource"]: one for one in preview["resources"]}
    assert groups["bucket"]["cost_text"] == "charged by use"
    assert groups["vpc"]["cost"] == "free"
    assert [one["name"] for one in groups["vpc"]["steps"]] == ["vpc", "vpc-dns-hostnames"]
    assert sum(len(one["steps"]) for one in preview["resources"]) == 29


def test_before_connecting_the_policy_names_the_cluster_role_alone() -> None:
    named = bucket_statements(spec(cross_account_role_arn=None))[1]["Principal"]["AWS"]
    assert named == [SPEC.cluster_role_arn]


def test_a_role_that_forgot_its_policy_gets_it_again() -> None:
    account = built()
    role: Role = account.roles[SPEC.cluster_role_name]
    account.roles[role.name] = replace(role, inline={})
    assert names(plan(account).steps) == ["cluster-role-bucket"]


def test_a_failed_step_stops_what_needs_it_and_nothing_else() -> None:
    assert EMPTY.dependents("internet-gateway") == {"internet-gateway-attachment", "default-route"}
