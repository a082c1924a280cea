"""Every document: valid, filled in, small enough, explained; and held against the usual policies."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clouds.export.differences import Change, filled
from clouds.export.policies import Group, PolicyDocument, policy_documents
from clouds.export.reference import REFERENCE
from iam.policy.documents import Kind, canonical, parse
from iam.policy.evaluate import PolicySet, Request, evaluate
from iam.policy.grants import Kind as Power
from iam.policy.grants import actions
from tests.unit.export.test_bootstrap import SPEC

DOCUMENTS = {one.name: one for one in policy_documents(SPEC, "rdx-0123456789abcdef")}
# Whatever a customer may call things, documents must fit.
LONGEST = replace(SPEC, cross_account_role_arn=f"arn:aws:iam::222222222222:role/{'r' * 64}")
TRUSTS = {"trust-control-plane", "cluster-trust"}
ON_RESOURCES = {*TRUSTS, "bucket-policy", "bucket-policy-mapped"}
INLINE, MANAGED = 10_240, 6_144
SAMPLES = Path(__file__).resolve().parents[4] / "shared/reference/policies"
WANTED = {
    "trust-control-plane",
    "control-plane",
    "control-plane-services",
    "control-plane-tag-restricted",
    "cluster-trust",
    "cluster-s3",
    "bucket-policy",
    "bucket-policy-mapped",
    "pass-mapped-roles",
    "minimal-setup",
    "minimal-register",
    "minimal-verify",
    "minimal-delete",
    "ray-head",
    "ray-worker",
    *(f"session-{kind}" for kind in Power),
}
EVERY = pytest.mark.parametrize("one", DOCUMENTS.values(), ids=lambda one: one.name)


def statements(document: Any) -> list[dict[str, Any]]:
    return list(document["Statement"])


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def granted(document: Any) -> set[str]:
    allowing = [one for one in statements(document) if one["Effect"] == "Allow"]
    return {action.lower() for one in allowing for action in listed(one["Action"])}


def test_no_document_is_missing() -> None:
    assert DOCUMENTS.keys() >= WANTED
    assert {one.group for one in DOCUMENTS.values()} == set(Group)


@EVERY
def test_each_is_valid_filled_in_and_explained(one: PolicyDocument) -> None:
    parse(one.document, Kind.RESOURCE if one.name in ON_RESOURCES else Kind.IDENTITY)
    text = canonical(one.document) + one.attach_to + one.purpose + one.aws_cli
    assert re.findall(r"\{[a-z_]+\}|None", text) == []
    assert one.purpose.endswith(".")
    assert one.attach_to
    assert one.version >= 1


@pytest.mark.parametrize("one", policy_documents(LONGEST, "x"), ids=lambda one: one.name)
def test_each_fits_where_it_is_attached(one: PolicyDocument) -> None:
    limit = INLINE if one.group in {Group.MINIMAL, Group.CROSS_ACCOUNT} else MANAGED
    assert len(canonical(one.document)) <= limit


@EVERY
def test_each_action_has_a_feature_and_no_feature_an_action_too_many(one: PolicyDocument) -> None:
    explained = {action.lower() for use in one.features for action in use.actions}
    # What denies everything grants nothing that would need a feature.
    parts = [part for part in statements(one.document) if part["Action"] != "*"]
    assert all(part["Effect"] == "Deny" for part in statements(one.document) if part not in parts)
    assert explained == {action.lower() for part in parts for action in listed(part["Action"])}


@EVERY
def test_what_raydock_is_said_to_call_it_calls_and_the_rest_names_its_feature(one: PolicyDocument) -> None:
    called = {action.lower() for kind in Power for action in actions(kind)}
    own = {action.lower() for use in one.features if use.called for action in use.actions}
    assert {action for action in own if not action.startswith("sts:")} <= called
    rest = [use for use in one.features if not use.called]
    assert all(len(use.feature) > 10 for use in rest)
    if rest and one.group is Group.CROSS_ACCOUNT:
        assert "does not call these actions itself" in one.purpose


@EVERY
def test_a_role_is_never_passed_at_large(one: PolicyDocument) -> None:
    passing = [part for part in statements(one.document) if "iam:PassRole" in listed(part["Action"])]
    if one.name in {
        "control-plane-clusters",
        "control-plane-tag-restricted",
        "pass-mapped-roles",
        "ray-head",
    }:
        assert passing
    for part in passing:
        assert all(place.startswith("arn:aws:iam::") for place in listed(part["Resource"]) if "iam" in place)
        assert not {"*", "arn:aws:iam::222222222222:role/*"} & set(listed(part["Resource"]))
        conditions = json.dumps(part["Condition"])
        assert "iam:PassedToService" in conditions
        assert "ec2.amazonaws.com" in conditions


# Against the usual policies ------------------------------------------------------------------------------


COMPARED = [one for one in DOCUMENTS.values() if one.differences]
EACH_COMPARED = pytest.mark.parametrize("one", COMPARED, ids=lambda one: one.name)


def test_every_usual_policy_is_answered() -> None:
    assert REFERENCE.keys() <= {one.name for one in COMPARED}


@EACH_COMPARED
def test_every_action_is_told_once_and_every_difference_has_its_reason(one: PolicyDocument) -> None:
    told = Counter(row.action.lower() for row in one.differences)
    assert max(told.values()) == 1
    assert granted(one.document) <= told.keys()
    assert [row for row in one.differences if row.change is not Change.SAME and len(row.reason) < 15] == []
    assert not [row for row in one.differences if row.change is Change.SAME and row.reason]


@EACH_COMPARED
def test_every_usual_action_is_told(one: PolicyDocument) -> None:
    usual = REFERENCE[{"control-plane-clusters": "control-plane"}.get(one.name, one.name)]
    told = {row.action.lower().removeprefix("deny ") for row in one.differences}
    assert {action.lower() for part in usual for action in part.names} <= told


CONTEXTS: tuple[dict[str, Any], ...] = (
    {"aws:RequestTag/raydock-cloud-id": SPEC.cloud_id, "aws:TagKeys": ["raydock-cloud-id"]},
    {"aws:ResourceTag/raydock-cloud-id": SPEC.cloud_id},
    {},
)
MORE: dict[str, Any] = {
    "iam:PassedToService": "ec2.amazonaws.com",
    "kms:ViaService": "elasticfilesystem.eu-central-1.amazonaws.com",
    "ec2:CreateAction": "RunInstances",
    "elasticfilesystem:CreateAction": "CreateFileSystem",
}
IDENTITIES = [one for one in COMPARED if one.name not in ON_RESOURCES]


def usual_document(name: str) -> dict[str, Any]:
    usual = REFERENCE[{"control-plane-clusters": "control-plane"}.get(name, name)]
    return {"Statement": [{**filled(one, SPEC), "Action": list(one.names)} for one in usual]}


def requests(document: Any, action: str) -> list[Request]:
    """One request for each place and context that the document speaks of."""
    parts = [one for one in statements(document) if action in {a.lower() for a in listed(one["Action"])}]
    places = {
        place.replace("*", "example") if place != "*" else "*"
        for one in parts
        for place in listed(one["Resource"])
    }
    services = {
        value
        for one in parts
        for lines in one.get("Condition", {}).values()
        for value in listed(lines.get("iam:AWSServiceName", []))
    }
    named = [{"iam:AWSServiceName": value} for value in services] or [{}]
    return [
        Request(action, place, "", {**MORE, **context, **service})
        for place in places
        for context in CONTEXTS
        for service in named
    ]


@pytest.mark.parametrize("one", IDENTITIES, ids=lambda one: one.name)
def test_what_is_narrowed_is_truly_narrower(one: PolicyDocument) -> None:
    """Whatever ours allows the usual policy allows too; and ours allows it somewhere."""
    usual = PolicySet(identity=[usual_document(one.name)])
    ours = PolicySet(identity=[one.document])
    for row in one.differences:
        if row.change is not Change.NARROWED:
            continue
        asked = requests(one.document, row.action.lower())
        allowed = [request for request in asked if evaluate(ours, request).allowed]
        assert allowed, row.action
        refused = [request for request in allowed if not evaluate(usual, request).allowed]
        assert refused == [], row.action


def essence(statement: dict[str, Any]) -> str:
    """A statement in one form: order and lists of one do not matter, nor what each customer calls things."""
    found = {
        "Effect": statement["Effect"],
        "Action": sorted(listed(statement["Action"])),
        "Resource": sorted(listed(statement.get("Resource", []))),
        "Condition": {
            operator: {key: sorted(listed(value)) for key, value in lines.items()}
            for operator, lines in (statement.get("Condition") or {}).items()
        },
        "Principal": {kind: listed(who) for kind, who in statement.get("Principal", {}).items()},
    }
    text = json.dumps(found, sort_keys=True)
    text = re.sub(
        r"/[a-z]+-cloud-id", "/raydock-cloud-id", re.sub(r'"[a-z]+-cloud-id', '"raydock-cloud-id', text)
    )
    text = text.replace("cld_ID", "{cloud_id}").replace("arn:aws:s3:::bucket-name", "arn:aws:s3:::{bucket}")
    return re.sub(r'"AWS": \["[0-9]{12}"\]', '"AWS": ["{portal_account}"]', text)


def kept(name: str) -> set[str]:
    return {
        essence(
            {
                "Effect": one.effect,
                "Action": list(one.names),
                "Resource": list(one.resources),
                "Condition": one.condition,
                "Principal": one.principal or {},
            }
        )
        for one in REFERENCE[name]
    }


def differing(samples: Path) -> list[str]:
    """The samples whose facts are not exactly those that are kept here."""
    found = {path.stem: json.loads(path.read_text()) for path in samples.glob("*.json")}
    return [
        name
        for name, document in found.items()
        if {essence(one) for one in statements(document)} != kept(name)
    ]


def test_the_facts_are_those_of_the_samples_where_these_are_at_hand() -> None:
    assert differing(SAMPLES) == []


def test_another_fact_would_be_noticed(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": "arn:aws:s3:::bucket-name"}
    for resource, wrong in (("arn:aws:s3:::bucket-name/*", []), ("*", ["cluster-s3"])):
        objects = {"Sid": "x", "Effect": "Allow", "Action": "s3:*Object", "Resource": [resource]}
        (tmp_path / "cluster-s3.json").write_text(json.dumps({"Statement": [statement, objects]}))
        assert differing(tmp_path) == wrong
