"""A document beside what a look saw attached: the same by meaning, missing, more, not seen, not readable."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clouds.export.attached import MOST_STATEMENTS, TRUST, Comparison, Standing, compared_with_attached
from clouds.export.policies import PolicyDocument, policy_documents
from clouds.facts import AttachedPolicy, Bucket, Denied, Facts, Role
from iam.policy.diff import Change
from iam.policy.documents import CURRENT
from tests.unit.clouds.account import NOW
from tests.unit.export.test_bootstrap import SPEC

ROLE_ARN = "arn:aws:iam::222222222222:role/raydock-control"
CONNECTED = replace(SPEC, account_id="222222222222", cross_account_role_arn=ROLE_ARN)
DOCUMENTS = {one.name: one for one in policy_documents(CONNECTED, "rdk-ext-1")}


def role(*inline: Any, **more: Any) -> Role:
    named = {f"policy-{number}": one for number, one in enumerate(inline)}
    return Role(name="raydock-control", arn=ROLE_ARN, **{"inline": named, **more})


def look(*roles: Role, bucket: Bucket | None = None, denied: tuple[Denied, ...] = ()) -> Facts:
    return Facts(
        at=NOW, account_id="222222222222", region="us-east-1", roles=roles, bucket=bucket, denied=denied
    )


def held(name: str, facts: Facts | None) -> Comparison:
    found = compared_with_attached(DOCUMENTS[name], facts)
    assert found is not None
    return found


def without(document: PolicyDocument, action: str) -> dict[str, Any]:
    kept = []
    for one in document.document["Statement"]:
        listed = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        left = [name for name in listed if name != action]
        kept += [{**one, "Action": left}] if left else []
    return {"Version": CURRENT, "Statement": kept}


def test_the_same_in_two_policies_in_another_order_is_the_same() -> None:
    statements = DOCUMENTS["control-plane"].document["Statement"]
    first = {
        "Version": CURRENT,
        "Statement": [{**one, "Sid": f"s{n}"} for n, one in enumerate(statements[9:])],
    }
    second = {"Version": CURRENT, "Statement": statements[:9]}
    managed = AttachedPolicy(arn="arn:aws:iam::222222222222:policy/x", document=second)
    found = held("control-plane", look(role(first, attached=(managed,))))
    assert (found.standing, found.gaps, found.seen_at) == (Standing.SAME, (), NOW)


@pytest.mark.parametrize("action", ["ec2:CreateVpc", "s3:DeleteBucket", "iam:PassRole"])
def test_an_action_that_was_left_out_is_missing(action: str) -> None:
    found = held("control-plane", look(role(without(DOCUMENTS["control-plane"], action))))
    assert found.standing is Standing.DIFFERENT
    assert {(gap.change, gap.actions) for gap in found.gaps} == {(Change.MISSING, (action,))}
    assert all(gap.wanted and not gap.attached for gap in found.gaps)


def test_more_than_wanted_counts_for_a_whole_document_and_not_for_one_that_stands_beside_others() -> None:
    everything = {"Version": CURRENT, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    facts = look(role(everything))
    changes = {gap.change for gap in held("control-plane", facts).gaps}
    assert changes == {Change.EXTRA, Change.BROADER}
    assert held("minimal-verify", facts).standing is Standing.SAME
    assert held("control-plane-clusters", facts).standing is Standing.SAME


def test_a_document_that_stands_beside_others_says_what_it_would_add() -> None:
    found = held("pass-mapped-roles", look(role(DOCUMENTS["control-plane"].document)))
    assert found.standing is Standing.DIFFERENT
    assert {gap.change for gap in found.gaps} <= {Change.MISSING, Change.NARROWER}
    assert any("iam:PassRole" in gap.actions for gap in found.gaps)


def test_a_trust_policy_without_its_condition_is_broader() -> None:
    trust = DOCUMENTS[TRUST].document
    opened = {**trust, "Statement": [{**one, "Condition": {}} for one in trust["Statement"]]}
    assert held(TRUST, look(role(trust=trust))).standing is Standing.SAME
    found = held(TRUST, look(role(trust=opened)))
    assert Change.BROADER in {gap.change for gap in found.gaps}


def test_a_bucket_without_a_policy_lacks_it_and_one_we_may_not_ask_was_not_seen() -> None:
    bucket = Bucket(name=CONNECTED.bucket_name, region="us-east-1")
    found = held("bucket-policy", look(bucket=bucket))
    assert {gap.change for gap in found.gaps} == {Change.MISSING}
    denied = Denied(action="s3:GetBucketPolicy", subject=CONNECTED.bucket_name)
    assert held("bucket-policy", look(bucket=bucket, denied=(denied,))).standing is Standing.UNSEEN


@pytest.mark.parametrize(
    "facts",
    [
        None,
        look(),
        look(role(inline=None)),
        look(role(attached=None)),
        look(role(attached=(AttachedPolicy(arn="arn:aws:iam::aws:policy/x"),))),
    ],
    ids=["no look", "no role", "inline refused", "attached refused", "a document refused"],
)
def test_what_was_not_seen_is_no_difference(facts: Facts | None) -> None:
    found = held("control-plane", facts)
    assert (found.standing, found.gaps) == (Standing.UNSEEN, ())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {"Version": CURRENT, "Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]},
            "Effect",
        ),
        ({"Version": CURRENT, "Statement": [{}] * (MOST_STATEMENTS + 1)}, "too much to compare"),
    ],
    ids=["strange", "long"],
)
def test_what_cannot_be_compared_says_why(document: dict[str, Any], words: str) -> None:
    found = held("control-plane", look(role(document)))
    assert found.standing is Standing.UNREADABLE
    assert words in found.problem


def test_a_document_that_is_sent_and_not_attached_is_not_compared() -> None:
    facts = Facts(at=datetime(2026, 1, 1, tzinfo=UTC), account_id="222222222222", region="us-east-1")
    names = [name for name, one in DOCUMENTS.items() if compared_with_attached(one, facts) is None]
    assert names == [name for name in DOCUMENTS if name.startswith(("session-", "ray-"))]
