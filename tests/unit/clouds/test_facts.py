import json
from dataclasses import replace

import pytest

from clouds.facts import (
    AttachedPolicy,
    Denied,
    Facts,
    Instance,
    NetworkInterface,
    Probe,
    Quota,
    Role,
    Rule,
    Trust,
)
from clouds.findings import Finding, Status
from clouds.planning import resources
from tests.unit.clouds.account import NOW, Account
from tests.unit.clouds.carrying import CONTROL_ROLE, built, spec


def rich() -> Facts:
    account = built()
    account.fill(spec().bucket_name, 2, 1)
    facts = account.facts()
    assert facts.bucket is not None
    control = Role(
        name="raydock-control-plane",
        arn=CONTROL_ROLE,
        created_at=NOW,
        inline=None,
        attached=(AttachedPolicy(arn="arn:aws:iam::aws:policy/x", document={"Statement": []}),),
    )
    return replace(
        facts,
        roles=(*facts.roles, control),
        bucket=replace(facts.bucket, probe=Probe(results={"s3:PutObject": ""})),
        instances=(Instance(id="i-1", state="running"),),
        interfaces=(NetworkInterface(id="eni-1", vpc_id="v", subnet_id="s", group_ids=("g",)),),
        quotas=(Quota(code="vpcs", limit=5.0, used=2),),
        trust=Trust(role_arn=CONTROL_ROLE, assumable=True, without_id_refused=True),
        sts_regional=True,
        denied=(Denied(action="iam:GetPolicy", subject="x", code="AccessDenied", message="no"),),
    )


def test_facts_survive_a_json_column() -> None:
    facts = rich()
    assert Facts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_a_row_of_another_release_is_read() -> None:
    written = Account().facts().to_json()
    written["something_newer"] = {"a": 1}
    del written["instances"]
    assert Facts.from_json(written) == Account().facts()


def test_findings_survive_json() -> None:
    finding = Finding(
        check="vpc.dns",
        area="vpc",
        severity="must",
        status=Status.FAIL,
        subject="vpc-1",
        title="t",
        observed="o",
        expected="e",
    )
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding
    assert finding.stops
    assert not replace(finding, status=Status.UNKNOWN).stops


@pytest.mark.parametrize(
    ("subject", "asked", "found"),
    [
        ("", "b", True),
        ("*", "b", True),
        ("b", "b", True),
        ("arn:aws:iam::1:role/b", "b", True),
        ("c", "b", False),
        ("c", "", True),
    ],
)
def test_refusals_by_subject(subject: str, asked: str, *, found: bool) -> None:
    denied = Denied(action="iam:GetRole", subject=subject)
    facts = replace(Account().facts(), denied=(denied,))
    assert bool(facts.refusals("iam:GetRole", subject=asked)) is found
    assert not facts.refusals("iam:GetPolicy", subject=asked)


@pytest.mark.parametrize(
    ("rule", "covers"),
    [
        (Rule(protocol="-1"), True),
        (Rule(protocol="tcp", from_port=443, to_port=443), True),
        (Rule(protocol="tcp", from_port=0, to_port=65535), True),
        (Rule(protocol="tcp", from_port=80, to_port=80), False),
        (Rule(protocol="udp", from_port=443, to_port=443), False),
        (Rule(protocol="tcp"), True),
    ],
)
def test_rules_and_ports(rule: Rule, *, covers: bool) -> None:
    assert rule.covers("tcp", 443) is covers


class TestResources:
    def test_before_anything_all_is_missing(self) -> None:
        found = resources(spec(), Account().facts())
        assert len(found) == 11
        assert {one.state for one in found} == {"missing"}
        assert {one.arn for one in found} == {""}

    def test_afterwards_all_is_present_with_its_arn(self) -> None:
        found = {one.logical: one for one in resources(spec(), built().facts())}
        assert {one.state for one in found.values()} == {"present"}
        assert found["vpc"].arn == "arn:aws:ec2:eu-central-1:222222222222:vpc/vpc-vpc-1"
        assert found["bucket"].arn == f"arn:aws:s3:::{spec().bucket_name}"
        assert found["cluster-role"].arn == spec().cluster_role_arn
        assert found["instance-profile"].arn.endswith(f":instance-profile/{spec().cluster_role_name}")
        assert found["security-group"].name == spec().security_group_name

    def test_what_is_there_twice_is_told(self) -> None:
        account = built()
        account.call("ec2:CreateVpc", {"CidrBlock": "10.0.0.0/16"})
        account.change("vpc-foreign-1", tags=spec().tags("vpc"))
        twice = [one for one in resources(spec(), account.facts()) if one.state == "duplicate"]
        assert [one.id for one in twice] == ["vpc-foreign-1"]
