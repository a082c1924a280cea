"""What must be right for Raydock to do its work, each answered in a sentence that says how to mend it."""

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import httpx
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis, RedisError

from clouds.models import WorkerBeat
from iam import tenancy
from portal.configuration import PREFIX, Configuration, variable

State = Literal["ok", "degraded", "broken"]
BEAT_AGE: Final = timedelta(seconds=15)
BROKER_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Probe:
    """One look. Broken: this process cannot serve. Degraded: it serves, and something else must be mended.

    `detail` is for whoever asks. `cause` is what a driver said, which may hold addresses and user names: it
    is for the operator's eyes, in the log and in `manage.py doctor`.
    """

    name: str
    state: State
    detail: str
    cause: str = ""


def probes() -> list[Probe]:
    """What /readyz tells, the database first: without it the others cannot be asked."""
    database = _database()
    if database.state == "broken":
        return [database]
    migrations = _migrations()
    if migrations.state == "broken":
        return [database, migrations]
    return [database, migrations, _worker(datetime.now(UTC)), _broker()]


def overall(found: list[Probe]) -> State:
    """The worst of them."""
    states = {probe.state for probe in found}
    return next((state for state in ("broken", "degraded") if state in states), "ok")


def database_complaints() -> list[str]:
    """Why this database must not be used in production; empty when it may. Needs a connection."""
    wall = tenancy.wall()
    return [] if wall.startswith("ok") else [f"Row-level security between organizations: {wall}"]


def unknown_settings() -> list[str]:
    """Variables that look like settings of ours and are none: most often a slip of the pen."""
    known = {variable(name) for name in Configuration.model_fields}
    known |= {f"{name}_FILE" for name in known}
    found = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [f"{name} is no setting of Raydock.{_guess(name, known)}" for name in found]


def _guess(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {near[0]}?" if near else " Remove it."


def _database() -> Probe:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        complaints = database_complaints() if settings.RAYDOCK.production else []
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        return Probe("database", "broken", "It does not answer. Check DATABASE_URL and the server.", reason)
    return Probe("database", "broken" if complaints else "ok", " ".join(complaints) or connection.vendor)


def _migrations() -> Probe:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Probe("migrations", "broken", f"{len(missing)} are missing. Run `manage.py prepare`.")
    return Probe("migrations", "ok", "all applied")


def _worker(now: datetime) -> Probe:
    latest = WorkerBeat.objects.order_by("-at").values_list("at", flat=True).first()
    if latest is None:
        return Probe("worker", "degraded", "None has started yet. Start one with `manage.py worker`.")
    age = now - latest
    if age > BEAT_AGE:
        seconds = int(age.total_seconds())
        detail = (
            f"None has been heard of for {seconds} s: operations wait. Start one with `manage.py worker`."
        )
        return Probe("worker", "degraded", detail)
    return Probe("worker", "ok", "at work")


def _broker() -> Probe:
    url = settings.RAYDOCK.redis_url.get_secret_value()
    if not url:
        return Probe("broker", "ok", "none: workers look for work themselves")
    try:
        with Redis.from_url(
            url, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS
        ) as redis:
            redis.ping()
    except RedisError as error:
        detail = "It does not answer. Work goes on, about half a second later. Check REDIS_URL."
        return Probe("broker", "degraded", detail, str(error))
    return Probe("broker", "ok", "redis")


def sandbox_probe() -> Probe:
    """Does the sandbox answer, where one is used?"""
    if not settings.RAYDOCK.sandbox:
        return Probe("sandbox", "ok", "not used: operations change real AWS accounts")
    try:
        httpx.get(f"{settings.RAYDOCK.sandbox_url}/sandbox/health", timeout=2).raise_for_status()
    except httpx.HTTPError as error:
        return Probe("sandbox", "degraded", "It does not answer. `manage.py up` starts it.", str(error))
    return Probe("sandbox", "ok", "answers")


def findings() -> Iterator[Probe]:
    """What `manage.py doctor` tells: readiness, and what only a person can judge."""
    yield from probes()
    yield sandbox_probe()
    for sentence in unknown_settings():
        yield Probe("settings", "degraded", sentence)
    folder = settings.RAYDOCK.data_dir
    if folder.exists() and not os.access(folder, os.W_OK):
        yield Probe(
            "data folder", "broken", f"{folder} cannot be written. Change its owner or RAYDOCK_DATA_DIR."
        )
    if not settings.RAYDOCK.production:
        yield Probe(
            "mode", "ok", "embedded: for one machine. RAYDOCK_MODE=production applies the strict rules"
        )
