"""Who may know what: the rules of the rooms that import contracts cannot say."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("iam", "clouds", "workers", "portal")
AWS_SDK = frozenset({"boto3", "botocore", "moto", "s3transfer"})
AWS_ROOMS = ("workers/aws", "workers/sandbox")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_only_the_aws_hands_and_the_sandbox_import_an_aws_sdk() -> None:
    importing = {path.relative_to(ROOT).as_posix() for path in sources(*ROOMS) if imported(path) & AWS_SDK}
    assert {name for name in importing if not name.startswith(AWS_ROOMS)} == set()


def test_there_is_something_to_look_at() -> None:
    assert any(imported(path) & AWS_SDK for path in sources("workers/aws"))


def test_the_web_process_loads_no_aws_sdk() -> None:
    """Proven on the real process: all that a request can reach is loaded, then its modules are read."""
    script = (
        "import sys, portal.wsgi\n"
        "from django.urls import get_resolver\n"
        "get_resolver().reverse_dict\n"
        "print(len(get_resolver().url_patterns), *{name.split('.')[0] for name in sys.modules})"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    patterns, *modules = run.stdout.split()
    assert int(patterns) > 3
    assert "django" in modules
    assert not AWS_SDK & set(modules)
