"""Opt-in: cluster files hold against the schema that Ray ships (see conftest.py beside this)."""

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from clouds.export.ray_cluster import ray_cluster_yaml
from tests.unit.export.ray_schema import schema_path
from tests.unit.export.test_ray import CONFIG, LABELS, cluster


@pytest.fixture(scope="module")
def validator() -> Any:
    path = schema_path()
    assert path
    return Draft7Validator(json.loads(path.read_text()))


@pytest.mark.parametrize("labels", LABELS)
def test_ray_takes_the_file(validator: Any, labels: dict[str, str]) -> None:
    made = cluster(labels, CONFIG)
    assert [one.message for one in validator.iter_errors(made)] == []
    assert [one.message for one in validator.iter_errors(YAML(typ="safe").load(ray_cluster_yaml(made)))] == []


def test_ray_does_not_take_everything(validator: Any) -> None:
    assert list(validator.iter_errors({**cluster({}, CONFIG), "clusters": 1}))
