"""The numbers of this Raydock, counted in the database when asked for: any web process may answer."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db.models import Count, Min
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from clouds.models import Cloud, Operation, WorkerBeat
from clouds.states import OPEN, OperationState
from iam import tenancy
from portal.readiness import BEAT_AGE


class DatabaseCollector(Collector):
    """Operations by kind and state, clouds by state, how long work waits, and the workers."""

    def collect(self) -> Iterator[Metric]:
        """All families, read in one view of the database."""
        now = datetime.now(UTC)
        with tenancy.everyone():
            yield from (_operations(), _clouds(), _oldest(now), *_workers(now))


def exposition() -> tuple[bytes, str]:
    """The text and its content type."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _operations() -> Metric:
    family = GaugeMetricFamily(
        "raydock_operations", "Operations by kind and state.", labels=["kind", "state"]
    )
    for kind, state, count in Operation.objects.values_list("kind", "state").annotate(count=Count("id")):
        family.add_metric([kind, state], count)
    return family


def _clouds() -> Metric:
    family = GaugeMetricFamily("raydock_clouds", "Clouds by state.", labels=["state"])
    for state, count in Cloud.objects.values_list("state").annotate(count=Count("id")):
        family.add_metric([state], count)
    return family


def _oldest(now: datetime) -> Metric:
    due = Operation.objects.filter(state__in=OPEN - {OperationState.RUNNING}, due_at__lte=now)
    first = due.aggregate(first=Min("due_at"))["first"]
    age = (now - first).total_seconds() if first else 0.0
    return GaugeMetricFamily(
        "raydock_queue_age_seconds", "How long the oldest due operation waits.", value=age
    )


def _workers(now: datetime) -> Iterator[Metric]:
    alive = list(WorkerBeat.objects.filter(at__gte=now - BEAT_AGE))
    yield GaugeMetricFamily("raydock_workers", "Workers heard of lately.", value=len(alive))
    slots, busy = sum(beat.slots for beat in alive), sum(beat.busy for beat in alive)
    yield GaugeMetricFamily("raydock_worker_slots", "Operations they can turn at once.", value=slots)
    yield GaugeMetricFamily("raydock_worker_slots_busy", "Operations they turn now.", value=busy)
