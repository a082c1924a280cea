"""Idempotency keys: a write sent twice is done once, and both get the same reply, byte for byte.

The row with the key is written in the transaction of the work itself. So of several copies at once one
works and the others wait for the database, then find its reply. Where the work fails nothing is kept, and a
copy may try.
"""

import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import IntegrityError, transaction

from iam import tenancy
from iam.actors import Actor
from iam.errors import Problem
from iam.models import IdempotencyKey

KEPT = timedelta(hours=25)
LONGEST_KEY = 255
NONCE = 12


@dataclass(frozen=True)
class Reply:
    """What a client was told: HTTP status, headers worth repeating, body."""

    status: int
    headers: dict[str, str]
    body: bytes


def once(*, actor: Actor, key: str, request: bytes, now: datetime, work: Callable[[], Reply]) -> Reply:
    """Do the work and return its reply, or return the reply it gave when this key came first.

    `request` is all that makes the request what it is (method, path, body). Raises
    Problem("idempotency_key_reused", 422) where the key came with another request.
    """
    _check(key)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        row = _first(actor, key, request, now)
        if row is None:
            return _replay(actor, key, request)
        reply = work()
        row.reply = _seal(key, reply)
        row.save(update_fields=["reply"])
        return reply


def _check(key: str) -> None:
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        raise Problem(
            "idempotency_key_invalid",
            f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters, for example a UUID.",
        )


def _first(actor: Actor, key: str, request: bytes, now: datetime) -> IdempotencyKey | None:
    """Take the key, waiting for another that is about to, or return None where it is taken."""
    old = IdempotencyKey.objects.filter(organization_id=actor.organization_id, created_at__lt=now - KEPT)
    old.delete()
    row = IdempotencyKey(
        organization_id=actor.organization_id,
        actor_id=actor.id,
        key_digest=_hash(key.encode()),
        request_digest=_hash(request),
        created_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


def _replay(actor: Actor, key: str, request: bytes) -> Reply:
    row = IdempotencyKey.objects.get(
        organization_id=actor.organization_id, actor_id=actor.id, key_digest=_hash(key.encode())
    )
    if row.request_digest != _hash(request):
        raise Problem(
            "idempotency_key_reused",
            "This Idempotency-Key came before with another request. Use a new key for each new request.",
            status=422,
        )
    return _open(key, bytes(row.reply))


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


def _cipher(key: str) -> AESGCM:
    """Return a cipher that needs both the client's key and ours: a copy of the database shows no reply."""
    return AESGCM(hmac.new(settings.SECRET_KEY.encode(), b"idempotency:" + key.encode(), sha256).digest())


def _seal(key: str, reply: Reply) -> bytes:
    head = json.dumps([reply.status, reply.headers]).encode()
    nonce = os.urandom(NONCE)
    return nonce + _cipher(key).encrypt(nonce, head + b"\n" + reply.body, None)


def _open(key: str, sealed: bytes) -> Reply:
    try:
        opened = _cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except InvalidTag as error:
        raise Problem(
            "idempotency_reply_unreadable",
            "This was done when it came first, but the server's secret key has changed since, so its reply "
            "can no longer be read. Look whether what you asked for is there; a new request needs a new key.",
            status=409,
        ) from error
    head, _, body = opened.partition(b"\n")
    status, headers = json.loads(head)
    return Reply(status, headers, body)
