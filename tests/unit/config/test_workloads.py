"""Workloads to try a mapping with."""

import time
from typing import Any

import pytest

from clouds.config.faults import ConfigFault
from clouds.config.workloads import (
    MOST,
    MOST_PROFILES,
    OTHER,
    Workload,
    affordable,
    compare,
    named,
    read_workload,
    read_workloads,
    refuse_too_many,
)
from iam.mapping import Config, Outcome, read_config
from tests.unit.config.samples import document, rule


def config(*rules: dict[str, str], **more: Any) -> Config:
    return read_config(document(*rules, **more)["dataplane_iam_mapping"])


def test_the_sample_names_what_the_rules_name_and_any_other() -> None:
    sample = named(Config.EMPTY, config(rule("project in (a,b),user=x", "r"), rule("user!=y,!project", "r")))
    assert sample.projects == ("a", "b", OTHER)
    assert sample.users == ("x", "y", OTHER)
    assert len(sample.workloads) == 3 * 3 * 3
    assert sample.left_out == 0


def test_the_sample_stays_small_and_says_what_it_left_out() -> None:
    many = config(*[rule(f"user=u{n},project=p{n}", "r") for n in range(200)])
    sample = named(many, most=1_000)
    assert len(sample.workloads) <= 1_000
    assert len(sample.users) + len(sample.projects) - 2 + sample.left_out == 400


def test_a_changed_override_is_tried_with_profiles() -> None:
    listed = config(instance_profile_override={"mode": "ALLOW_LIST", "allowed": ["gpu"]})
    assert named(Config.EMPTY, Config.EMPTY).profiles == ()
    assert named(Config.EMPTY, listed).profiles == ("gpu", OTHER)
    found = compare(Config.EMPTY, listed, named(Config.EMPTY, listed).workloads)
    changed = [one for one in found if one.changed]
    assert [(one.workload.instance_profile, one.after.outcome) for one in changed] == [
        (OTHER, Outcome.CLOUD_DEFAULT)
    ]


def test_who_changes_and_who_fails() -> None:
    before, after = config(rule("project=a", "r")), config(rule("project=a", "s"), default="FAIL")
    a, b, own = compare(before, after, [Workload({"project": "a"}), Workload({}), Workload({}, "gpu")])
    assert (a.changed, a.fails, a.before.role, a.after.role) == (True, False, "r", "s")
    assert (b.changed, b.fails) == (True, True)
    assert (own.changed, own.after.role) == (False, "gpu")


@pytest.mark.parametrize(
    "data",
    [
        {"labels": {"project": "a"}, "instance_profile": None},
        {"labels": {"project": "a"}},
        {"project": "a"},
    ],
)
def test_a_workload_is_read_with_or_without_a_wrapper(data: object) -> None:
    assert read_workload(data) == Workload({"project": "a"})


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ([], "workloads[0]"),
        ({"labels": {"colour": "blue"}}, "workloads[0].labels.colour"),
        ({"colour": "blue"}, "workloads[0].colour"),
        ({"labels": {"project": 7}}, "workloads[0].labels.project"),
        ({"labels": {"project": "x" * 300}}, "workloads[0].labels.project"),
        ({"workload-type": "batch"}, "workloads[0].workload-type"),
        ({"labels": {}, "extra": 1}, "workloads[0].extra"),
        ({"labels": {}, "instance_profile": 7}, "workloads[0].instance_profile"),
    ],
)
def test_what_is_no_workload_is_told(data: object, path: str) -> None:
    with pytest.raises(ConfigFault) as caught:
        read_workloads([data])
    assert [one.path for one in caught.value.faults] == [path]


def test_the_more_conditions_are_asked_the_fewer_workloads_are_tried() -> None:
    usual = config(*[rule(f"user=u{n},project in (a,b)", "r") for n in range(2_000)])
    assert affordable(usual, usual) == MOST
    hard = config(
        *[rule(",".join(f"project!=a{n}x{m}" for m in range(9)) + ",user>5", "r") for n in range(1_500)]
    )
    began = time.process_time()
    sample = named(hard, hard)
    assert sample.left_out > 13_000
    compare(hard, hard, sample.workloads)
    assert time.process_time() - began < 12
    many = [Workload({"project": f"p{n}"}) for n in range(MOST)]
    with pytest.raises(ConfigFault, match="Send fewer"):
        refuse_too_many(many, hard, hard)
    refuse_too_many(many, usual, usual)


def test_few_of_many_profiles_are_tried() -> None:
    listed = {"mode": "ALLOW_LIST", "allowed": [f"p{n}" for n in range(300)]}
    sample = named(Config.EMPTY, config(instance_profile_override=listed))
    assert (len(sample.profiles), sample.profiles[-1]) == (MOST_PROFILES + 1, OTHER)
    assert sample.left_out == 300 - MOST_PROFILES
