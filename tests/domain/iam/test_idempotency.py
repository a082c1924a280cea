"""A write sent twice is done once, however closely the copies follow one another."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from iam import tenancy
from iam.errors import Problem
from iam.idempotency import KEPT, Reply, once
from iam.models import IdempotencyKey, ServiceAccount
from iam.permissions import MemberRole
from iam.service_accounts import service_account_create
from tests.people import People, people

KEYS = int(os.environ.get("RAYDOCK_RACE_KEYS", "50"))
COPIES = int(os.environ.get("RAYDOCK_RACE_COPIES", "10"))


def make(us: People, key: str, now: datetime, *, name: str = "bot", request: bytes = b"POST /x {}") -> Reply:
    def work() -> Reply:
        made = service_account_create(actor=us.owner.actor, name=name, role=MemberRole.MEMBER, now=now)
        return Reply(201, {"Location": f"/x/{made.id}"}, made.id.encode())

    return once(actor=us.owner.actor, key=key, request=request, now=now, work=work)


def accounts() -> Counter[str]:
    with tenancy.everyone():
        return Counter(ServiceAccount.objects.exclude(name="robot").values_list("name", flat=True))


def test_a_repeated_key_gets_the_same_reply_and_does_nothing(us: People, now: datetime) -> None:
    assert make(us, "k1", now) == make(us, "k1", now)
    assert accounts() == {"bot": 1}


def test_a_key_with_another_request_is_refused(us: People, now: datetime) -> None:
    make(us, "k1", now)
    with pytest.raises(Problem) as refused:
        make(us, "k1", now, request=b"POST /x {other}")
    assert (refused.value.code, refused.value.status) == ("idempotency_key_reused", 422)


def test_the_same_key_of_somebody_else_is_another_key(us: People, now: datetime) -> None:
    make(us, "k1", now)
    reply = once(
        actor=us.stranger.actor, key="k1", request=b"", now=now, work=lambda: Reply(200, {}, b"theirs")
    )
    assert reply.body == b"theirs"


def test_work_that_fails_leaves_the_key_free(us: People, now: datetime) -> None:
    make(us, "k1", now)
    with pytest.raises(Problem, match="name already"):
        make(us, "k2", now)
    assert make(us, "k2", now, name="other").status == 201


def test_a_reply_is_kept_a_day_and_then_forgotten(us: People, now: datetime) -> None:
    first = make(us, "k1", now)
    assert make(us, "k1", now + timedelta(hours=24)) == first
    make(us, "k2", now + KEPT + timedelta(seconds=1), name="later")
    with tenancy.everyone():
        assert IdempotencyKey.objects.count() == 1


def test_the_database_holds_neither_key_nor_reply_in_clear(us: People, now: datetime) -> None:
    reply = make(us, "my-secret-key", now)
    with tenancy.everyone():
        row = str(IdempotencyKey.objects.values().get())
    assert "my-secret-key" not in row
    assert reply.body.decode() not in row


def test_a_reply_sealed_under_an_earlier_secret_says_that_the_work_was_done(
    us: People, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(us, "k1", now)
    monkeypatch.setattr(settings, "SECRET_KEY", "another-secret-of-fifty-characters-or-more-0123456789")
    with pytest.raises(Problem) as refused:
        make(us, "k1", now)
    assert (refused.value.code, refused.value.status) == ("idempotency_reply_unreadable", 409)
    assert accounts() == {"bot": 1}


@pytest.mark.parametrize("key", ["", "x" * 256, "Schlüssel", "a\nb"])
def test_a_key_that_cannot_be_one_is_refused(us: People, now: datetime, key: str) -> None:
    with pytest.raises(Problem) as refused:
        make(us, key, now)
    assert refused.value.code == "idempotency_key_invalid"


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_racing_copies_are_carried_out_once_each_and_answered_alike(now: datetime) -> None:
    us = people(now)

    def send(number: int) -> tuple[int, bytes]:
        key = number // COPIES
        try:
            return key, make(us, f"key-{key}", now, name=f"bot-{key}").body
        finally:
            connection.close()

    with ThreadPoolExecutor(COPIES) as pool:
        answers = set(pool.map(send, range(KEYS * COPIES)))
    assert len(answers) == KEYS
    assert accounts() == {f"bot-{key}": 1 for key in range(KEYS)}
