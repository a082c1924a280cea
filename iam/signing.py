"""Signed heads: a statement, outside the database, of where an organization's audit log ended at a time.

A chain inside our own database proves nothing against whoever administers it. A head that was signed and
taken away does: rewritten or shortened logs no longer pass through it. Ed25519, RFC 8032.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from iam.canonical import canonical
from iam.chain import Head, moment

KEY_FILE = "audit-signing.key"


def signing_key(data_dir: Path) -> Ed25519PrivateKey:
    """Return this installation's key, made on first use and kept in the data folder for its owner only."""
    path = data_dir / KEY_FILE
    if not path.exists():
        _store(path, Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _store(path: Path, secret: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secret)
    try:
        # Two processes may start at once: the first link wins and both read the same key.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def sign(key: Ed25519PrivateKey, organization_id: str, head: Head, now: datetime) -> dict[str, Any]:
    """Return the head as a signed statement. The signature is over the canonical JSON of the other fields."""
    public = key.public_key().public_bytes_raw()
    statement = {
        "organization_id": organization_id,
        "seq": head.seq,
        "hash": head.hash,
        "signed_at": moment(now),
        "key_id": sha256(public).hexdigest()[:16],
        "public_key": public.hex(),
    }
    return {**statement, "signature": key.sign(canonical(statement).encode()).hex()}


def is_signed(statement: Mapping[str, Any], public_key: str) -> bool:
    """Say whether the statement carries a valid signature of this public key (64 hex digits)."""
    unsigned = {name: value for name, value in statement.items() if name != "signature"}
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(str(statement.get("signature", ""))), canonical(unsigned).encode())
    except (InvalidSignature, ValueError):
        return False
    return True
