"""Image, compose file and example settings say the same as the code: they cannot be run everywhere."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from django.core.management import get_commands

from portal.configuration import Configuration, variable

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SETTINGS = {variable(name) for name in Configuration.model_fields}
SET_UP_BY_COMPOSE = {"RAYDOCK_DB_PASSWORD_FILE"}


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.lstrip("#").partition("=") for line in lines if re.match(r"#?[A-Z_]+=", line)]
    return {name: value for name, _, value in pairs}


def test_the_example_holds_every_setting_and_no_other() -> None:
    assert set(example()) == SETTINGS


def test_every_setting_has_words() -> None:
    assert all(field.description for field in Configuration.model_fields.values())


def test_every_variable_named_in_documents_exists() -> None:
    known = SETTINGS | {f"{name}_FILE" for name in SETTINGS} | SET_UP_BY_COMPOSE
    files = [ROOT / name for name in ("docker-compose.yml", "Dockerfile", "README.md", "Makefile")]
    named = {
        name
        for path in [*files, *(ROOT / "docs").glob("*.md")]
        for name in re.findall(r"\bRAYDOCK_[A-Z_]+\b", path.read_text())
    }
    assert "RAYDOCK_MODE" in named
    assert named - known == set()


def test_aws_credentials_reach_the_worker_alone() -> None:
    holders = [
        name for name, service in COMPOSE["services"].items()
        if "worker.env" in service.get("env_file", [])
        or any(key.startswith("AWS_") for key in service.get("environment", {}))
    ]  # fmt: skip
    assert holders == ["worker"]


def test_the_key_of_the_audit_log_outlives_its_container() -> None:
    web, home = COMPOSE["services"]["web"], example()["RAYDOCK_DATA_DIR"]
    assert web["read_only"]
    assert f"data:{home}" in web["volumes"]
    assert "data" in COMPOSE["volumes"]
    assert f"--home-dir {home} --create-home" in (ROOT / "Dockerfile").read_text()


def test_the_services_are_the_ones_a_team_needs() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "redis", "migrate", "web", "worker"}
    assert "AWS_" not in json.dumps({**COMPOSE["services"], "worker": None})


def test_what_image_and_compose_file_run_exists() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
    commands = set(re.findall(r'manage\.py"?,? "?([a-z_]+)', text))
    assert {"prepare", "worker"} <= commands
    assert commands <= set(get_commands())
    assert "portal.wsgi:application" in text


def test_ci_files_are_yaml() -> None:
    for path in [*ROOT.glob("*.yml"), *ROOT.glob(".ci/*.yml")]:
        assert yaml.safe_load(path.read_text())
