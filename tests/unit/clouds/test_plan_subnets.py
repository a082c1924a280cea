from dataclasses import replace

import pytest

from clouds.facts import Subnet, Zone
from clouds.planning import Plan, plan_setup
from tests.unit.clouds.account import ZONES, Account, RefusedError
from tests.unit.clouds.carrying import built, carry_out, spec

SPEC = spec()
EMPTY = plan_setup(SPEC, Account().facts())


def plan(account: Account) -> Plan:
    return plan_setup(SPEC, account.facts())


class TestSubnets:
    def test_one_in_each_zone_cut_from_the_vpc(self) -> None:
        cidrs = {one.zone_id: one.cidr for one in built().facts().subnets}
        assert cidrs == {"euc1-az1": "10.0.0.0/20", "euc1-az2": "10.0.16.0/20", "euc1-az3": "10.0.32.0/20"}

    def test_as_many_as_asked_for(self) -> None:
        assert len(built(spec(zones=2)).facts().subnets) == 2

    def test_a_small_vpc_gets_small_subnets(self) -> None:
        found = built(spec(vpc_cidr="10.4.32.0/19")).facts().subnets
        assert {one.cidr.partition("/")[2] for one in found} == {"22"}

    def test_zones_that_cannot_be_used_are_left_out(self) -> None:
        zones = (
            *ZONES,
            Zone(name="x", id="euc1-az9", state="impaired"),
            Zone(name="y", id="euc1-wl1", kind="wavelength-zone"),
            Zone(name="z", id="euc1-lz1", opt_in="not-opted-in"),
        )
        steps = plan_setup(SPEC, Account(zones=zones).facts()).steps
        assert len([one for one in steps if one.action == "ec2:CreateSubnet"]) == 3

    def test_a_zone_with_a_subnet_keeps_it_when_fewer_are_wanted(self) -> None:
        assert not plan_setup(spec(zones=2), built().facts()).steps

    def test_a_range_that_somebody_took_is_gone_round(self) -> None:
        account = Account()
        carry_out(account, EMPTY, only=lambda step: step.name == "vpc")
        vpc = account.facts().vpcs[0].id
        account.things["subnet-x"] = Subnet(
            id="subnet-x", vpc_id=vpc, cidr="10.0.0.0/19", zone="q", zone_id="q"
        )
        carry_out(account, plan(account))
        assert {one.cidr for one in account.facts().subnets} == {
            "10.0.0.0/19",
            "10.0.32.0/20",
            "10.0.48.0/20",
            "10.0.64.0/20",
        }

    def test_a_lost_create_made_again_meets_its_own_range(self) -> None:
        account = Account()
        carry_out(account, EMPTY, only=lambda step: step.name in {"vpc", "subnet-euc1-az2"})
        blind = plan_setup(SPEC, replace(account.facts(), subnets=()))
        with pytest.raises(RefusedError, match="Conflict"):
            carry_out(account, blind, only=lambda step: step.name == "subnet-euc1-az2")

    def test_a_full_vpc_is_said(self) -> None:
        account = Account()
        carry_out(account, EMPTY, only=lambda step: step.name == "vpc")
        vpc = account.facts().vpcs[0].id
        account.things["s"] = Subnet(id="s", vpc_id=vpc, cidr="10.0.0.0/16", zone="q", zone_id="q")
        (blocker,) = plan(account).blockers
        assert blocker.code == "no_free_range"
