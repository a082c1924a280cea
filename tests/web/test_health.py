"""Probes: what they say when all is well, when others need help, and when this process cannot serve."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from pydantic import SecretStr
from pytest_django import DjangoAssertNumQueries

from clouds.models import WorkerBeat
from portal import metrics
from portal.configuration import Mode


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes settings.RAYDOCK, which is frozen, for one test."""

    def change(**values: object) -> None:
        monkeypatch.setattr(settings, "RAYDOCK", settings.RAYDOCK.model_copy(update=values))

    return change


def beat(age: timedelta) -> None:
    at = datetime.now(UTC) - age
    WorkerBeat.objects.create(id="worker-1", started_at=at, at=at, slots=16, busy=3)


def test_alive_needs_no_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


@pytest.mark.django_db
def test_ready_with_a_worker_at_work(client: Client) -> None:
    beat(timedelta(seconds=1))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok", answer.json()
    assert set(answer.json()["checks"]) == {"database", "migrations", "worker", "broker"}


@pytest.mark.django_db
@pytest.mark.parametrize("age", [None, timedelta(minutes=2)], ids=["never", "long ago"])
def test_without_a_worker_the_console_stays_and_says_so(client: Client, age: timedelta | None) -> None:
    if age:
        beat(age)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert "manage.py worker" in answer.json()["checks"]["worker"]["detail"]


@pytest.mark.django_db
def test_without_a_broker_the_console_stays_and_says_so(
    client: Client, configured: Callable[..., None]
) -> None:
    beat(timedelta(0))
    configured(redis_url=SecretStr("redis://127.0.0.1:1/0"))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["broker"]["status"] == "degraded"


def test_without_a_database_it_is_not_ready_and_only_the_log_knows_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise DatabaseError('connection to "10.0.0.7" refused')

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["status"] == "broken"
    assert "DATABASE_URL" in answer.json()["checks"]["database"]["detail"]
    assert "10.0.0.7" not in answer.content.decode()
    assert "10.0.0.7" in caplog.text


@pytest.mark.django_db
def test_a_missing_migration_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("one", False)])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "manage.py prepare" in answer.json()["checks"]["migrations"]["detail"]


@pytest.mark.django_db
def test_production_refuses_a_database_without_walls(client: Client, configured: Callable[..., None]) -> None:
    configured(mode=Mode.PRODUCTION)
    answer = client.get("/readyz")
    if connection.vendor == "sqlite":
        assert answer.status_code == 503
        assert "Row-level security" in answer.json()["checks"]["database"]["detail"]
    else:
        assert answer.json()["checks"]["database"]["status"] == "ok"


def test_numbers_are_closed_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
def test_numbers_are_for_the_bearer_of_the_token(client: Client, configured: Callable[..., None]) -> None:
    configured(metrics_token=SecretStr("numbers"))
    beat(timedelta(0))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": "Bearer numbers"})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "raydock_workers 1.0" in text
    assert "raydock_worker_slots_busy 3.0" in text
    assert "raydock_queue_age_seconds 0.0" in text


@pytest.mark.django_db
def test_numbers_cost_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(8):
        metrics.exposition()
