"""The two steps of a rotation, as the customer reads them; each is tried with our own evaluator."""

import json
import shlex
from dataclasses import replace

import pytest

from clouds.export.rotation import TrustStep, attach_line, rotation_steps, wanted_trust
from clouds.specs import CloudSpec
from iam.policy.trust import Door
from tests.unit.clouds.carrying import spec

OLD, NEW = "rdk-ext-old", "rdk-ext-new"
QUIET = spec(external_id=OLD)
BEGUN = replace(QUIET, pending_external_id=NEW)
SWAPPED = replace(QUIET, external_id=NEW, retiring_external_id=OLD)


def admitted(step: TrustStep, cloud: CloudSpec) -> list[bool]:
    """Whether the step's policy lets in: the old ID, the new one, none, another."""
    door = Door(step.trust, cloud.portal_role_arn, NEW)
    return [door.opens(external_id=one).allowed for one in (OLD, NEW, None, "rdk-ext-other")]


def test_a_cloud_in_no_rotation_has_no_steps() -> None:
    assert rotation_steps(QUIET) == ()
    assert Door(wanted_trust(QUIET), QUIET.portal_role_arn, OLD).opens(external_id=OLD).allowed


@pytest.mark.parametrize(
    ("cloud", "states"), [(BEGUN, ["now", "next"]), (SWAPPED, ["done", "now"])], ids=["begun", "swapped"]
)
def test_t17_first_both_ids_then_the_new_one_alone(cloud: CloudSpec, states: list[str]) -> None:
    both, final = rotation_steps(cloud)
    assert [both.state, final.state] == states
    assert admitted(both, cloud) == [True, True, False, False]
    assert admitted(final, cloud) == [False, True, False, False]


def test_t17_the_wanted_policy_admits_both_only_while_the_new_id_is_pending() -> None:
    assert wanted_trust(BEGUN) == rotation_steps(BEGUN)[0].trust
    assert wanted_trust(SWAPPED) == rotation_steps(SWAPPED)[1].trust


def test_the_line_is_one_command_with_the_whole_document() -> None:
    for step in rotation_steps(BEGUN):
        *head, document = shlex.split(step.aws_cli)
        role = BEGUN.cross_account_role_name
        assert head == ["aws", "iam", "update-assume-role-policy", "--role-name", role, "--policy-document"]
        assert json.loads(document) == step.trust


def test_terraform_takes_the_same_document() -> None:
    for step in rotation_steps(BEGUN):
        head, _, rest = step.terraform.partition("jsonencode(")
        assert head == "assume_role_policy = "
        assert json.loads(rest.removesuffix(")")) == step.trust


def test_before_the_cloud_is_connected_the_line_names_the_usual_role() -> None:
    unconnected = replace(QUIET, cross_account_role_arn=None)
    assert "--role-name raydock-control-plane " in attach_line(unconnected, wanted_trust(unconnected))
