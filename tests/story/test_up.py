"""`manage.py up` as its user meets it: what it writes, who gets which secrets, and what it refuses."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT, Stack, children_of, command_of, free_port, wait_for

DESCRIBED = {
    "url", "email", "password", "api_token", "organization_id", "sandbox_endpoint", "portal_account_id",
    "sandbox_account_id", "sandbox_admin",
}  # fmt: skip


def refused(folder: Path, port: int) -> str:
    """What a start that does not happen says."""
    run = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(port), "--data-dir", str(folder)],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stdout
    assert "Traceback" not in run.stderr
    return run.stderr


def environment(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.decode().split("=", 1) for pair in pairs if b"=" in pair)


def test_run_json_is_private_and_says_all(stack: Stack) -> None:
    described = stack.folder / "run.json"
    assert stat.S_IMODE(described.stat().st_mode) == 0o600
    content = json.loads(described.read_text())
    assert set(content) == DESCRIBED
    assert set(content["sandbox_admin"]) == {"aws_access_key_id", "aws_secret_access_key"}


def test_nobody_else_on_the_machine_reads_what_it_writes(stack: Stack) -> None:
    others = stack.folder / "stack.log"  # written by this test
    files = [path for path in stack.folder.rglob("*") if path.is_file() and path != others]
    assert [path for path in files if path.stat().st_mode & 0o077] == []
    assert (stack.folder / "raydock.sqlite3").exists()


def test_one_line_says_where_and_how_to_sign_in(stack: Stack) -> None:
    lines = [line for line in stack.log().splitlines() if stack.run["url"] in line]
    assert len(lines) == 1
    assert stack.run["email"] in lines[0]
    assert stack.run["password"] in lines[0]


def test_only_the_worker_has_aws_credentials(stack: Stack) -> None:
    worker = wait_for("worker", lambda: stack.pid_of("manage.py worker"))
    assert "AWS_ACCESS_KEY_ID" in environment(worker)
    web = wait_for("web", lambda: stack.pid_of("granian"))
    for pid in (web, *children_of(web)):
        assert "granian" in command_of(pid)
        assert not [name for name in environment(pid) if name.startswith("AWS_")]


def test_the_web_process_cannot_read_the_keys_from_its_environment(stack: Stack) -> None:
    web = wait_for("web", lambda: stack.pid_of("granian"))
    keys = (stack.folder / "sandbox-keys.json").read_text()
    held = [
        json.loads(keys)["worker"]["secret_access_key"],
        stack.run["sandbox_admin"]["aws_secret_access_key"],
    ]
    assert not [secret for secret in held if secret in environment(web).values()]


def test_a_second_start_in_the_same_folder_is_refused(stack: Stack) -> None:
    said = refused(stack.folder, free_port())
    assert f"Raydock already runs in {stack.folder}" in said
    assert "make run DATA_DIR=" in said


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = refused(tmp_path / "data", port)
    assert f"Port {port} on 127.0.0.1 is taken" in said
    assert f"make run PORT={port + 1}" in said


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    said = refused(tmp_path / "file" / "data", free_port())
    assert f"Raydock cannot write to {tmp_path / 'file' / 'data'}" in said


def test_wrong_settings_are_sentences() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "RAYDOCK_WORKER_SLOTS": "many", "DJANGO_SETTINGS_MODULE": "portal.settings"},
    )  # fmt: skip
    assert run.returncode == 2
    assert "RAYDOCK_WORKER_SLOTS: input should be a valid integer" in run.stderr
    assert "Traceback" not in run.stderr
