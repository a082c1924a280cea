"""How the source reads: its length, its left-overs, and what must never be in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 350
LONGEST_FUNCTION = 45
LONGEST_TEST = 80
# This file names what it looks for, so it does not look at itself.
OWN = Path(__file__).relative_to(ROOT).as_posix()
LEFT_OVER = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
SKIPPED = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b")
SLEEP = re.compile(r"\btime\.sleep\(")
ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")
PRIVATE = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|(?:^|[\s\"'=(])/(?:root|home/\w+|work|farm)/")
NOT_READ = ("migrations/", "requirements", "LICENSE", "tools/uv.txt", OWN)


def tracked(*endings: str) -> list[str]:
    """The repository's files with one of these endings, except what other tools write."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.splitlines() if (ROOT / name).is_file()]
    return [
        name for name in names
        if name.endswith(endings) and not any(part in name for part in NOT_READ)
    ]  # fmt: skip


PYTHON = tracked(".py")
TEXT = tracked(".py", ".md", ".toml", ".yml", ".css", ".js", ".html", ".txt", ".sh", "Makefile", "Dockerfile")


def test_there_is_something_to_look_at() -> None:
    assert len(PYTHON) > 50
    assert len(TEXT) > len(PYTHON)


@pytest.mark.parametrize("name", PYTHON)
def test_files_are_short_enough_to_hold_one_noun(name: str) -> None:
    lines = len((ROOT / name).read_text().splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines: a second noun wants its own file"


@pytest.mark.parametrize("name", PYTHON)
def test_functions_are_short(name: str) -> None:
    longest = LONGEST_TEST if name.startswith("tests/") else LONGEST_FUNCTION
    functions = [
        node for node in ast.walk(ast.parse((ROOT / name).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]  # fmt: skip
    long = [node.name for node in functions if _lines(node) > longest]
    assert not long, f"longer than {longest} lines: {long}"


@pytest.mark.parametrize("name", TEXT)
def test_no_left_overs(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not LEFT_OVER.findall(text)
    assert not SKIPPED.findall(text)


@pytest.mark.parametrize("name", TEXT)
def test_nothing_secret_and_nothing_of_one_machine(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not ACCESS_KEY.findall(text)
    assert not PRIVATE.findall(text)


@pytest.mark.parametrize("name", [name for name in PYTHON if Path(name).name.startswith("test_")])
def test_no_test_sleeps(name: str) -> None:
    assert not SLEEP.findall((ROOT / name).read_text())


@pytest.mark.parametrize("name", [name for name in PYTHON if not name.startswith("tests/")])
def test_only_the_runner_catches_everything(name: str) -> None:
    broad = [
        node.lineno for node in ast.walk(ast.parse((ROOT / name).read_text()))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ]  # fmt: skip
    assert not broad or name == "workers/runner.py", f"lines {broad}"


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})
