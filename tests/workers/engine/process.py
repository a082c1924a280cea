"""A real worker process on the tests' database: `manage.py worker`, with the small turns."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from django.db import connection

from clouds.models import WorkerBeat
from tests.stack import ROOT, wait_for
from tests.workers.engine import world

LEASE, HEARTBEAT = 1.5, 0.3
START_SECONDS = 60.0


@dataclass
class WorkerProcess:
    """One worker. It is killed when the block ends, however that comes."""

    folder: Path
    name: str = "worker"
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> Self:
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "manage.py", "worker"],
                cwd=ROOT,
                env={**os.environ, **self._settings(), **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def ready(self) -> Self:
        """Wait until it shows that it lives."""
        wait_for(f"{self.name} to start: {self.log_path}", self._beats, seconds=START_SECONDS)
        return self

    def _beats(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log_path.read_text()
        return WorkerBeat.objects.filter(pk__contains=f":{self.pid}:").exists()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9, if it still lives."""
        assert self.process
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process
        self.send(signal.SIGTERM)
        return self.process.wait(10)

    @staticmethod
    def _settings() -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.workers.engine.settings",
            "DATABASE_URL": database_url(),
            "RAYDOCK_LEASE_SECONDS": str(LEASE),
            "RAYDOCK_HEARTBEAT_SECONDS": str(HEARTBEAT),
            "RAYDOCK_WORKER_SLOTS": "4",
            "RAYDOCK_LOG_LEVEL": "INFO",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            world.VARIABLE: str(world.place()),
        }


def database_url() -> str:
    """The address of the database that the tests use."""
    chosen = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite://{chosen['NAME']}"
    who = f"{quote(chosen['USER'])}:{quote(chosen['PASSWORD'])}"
    return f"postgresql://{who}@{quote(chosen['HOST'])}:{chosen['PORT']}/{chosen['NAME']}"
