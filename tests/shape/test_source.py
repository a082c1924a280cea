"""How the source reads: its length, its left-overs, and what must never be in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 350
LONGEST_TESTS = 450
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


PYTHON = {name: (ROOT / name).read_text() for name in tracked(".py")}
TEXT = {
    name: (ROOT / name).read_text()
    for name in tracked(
        ".py", ".md", ".toml", ".yml", ".css", ".js", ".html", ".sh", "Makefile", "Dockerfile"
    )
}
PRODUCT = {name: text for name, text in PYTHON.items() if not name.startswith("tests/")}
TESTS = {name: text for name, text in PYTHON.items() if Path(name).name.startswith("test_")}
# The engine records a bug with its operation; the sandbox answers one with AWS's InternalFailure.
MAY_CATCH_EVERYTHING = {"workers/runner.py", "workers/sandbox/gate.py"}


def test_there_is_something_to_look_at() -> None:
    assert len(PRODUCT) > 50
    assert len(TESTS) > 10
    assert len(TEXT) > len(PYTHON)


def test_files_are_short_enough_to_hold_one_noun() -> None:
    lines = {name: len(text.splitlines()) for name, text in PYTHON.items()}
    long = {name: count for name, count in lines.items() if count > _limit(name, LONGEST_FILE, LONGEST_TESTS)}
    assert not long, "a second noun wants its own file"


def test_functions_are_short() -> None:
    long = {
        f"{name}:{node.lineno} {node.name}": _lines(node)
        for name, text in PYTHON.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _lines(node) > _limit(name, LONGEST_FUNCTION, LONGEST_TEST)
    }
    assert not long


@pytest.mark.parametrize(
    ("pattern", "files"),
    [(LEFT_OVER, TEXT), (SKIPPED, TEXT), (ACCESS_KEY, TEXT), (PRIVATE, TEXT), (SLEEP, TESTS)],
    ids=["left-overs", "skipped tests", "access keys", "private keys and paths", "sleeping tests"],
)
def test_none_of_these_stand_anywhere(pattern: re.Pattern[str], files: dict[str, str]) -> None:
    found = {name: pattern.findall(text) for name, text in files.items() if pattern.search(text)}
    assert not found


def test_only_the_runner_catches_everything() -> None:
    broad = {
        name
        for name, text in PRODUCT.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    }
    assert broad <= MAY_CATCH_EVERYTHING


def _limit(name: str, product: int, tests: int) -> int:
    return tests if name.startswith("tests/") else product


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})
