"""Secrets that are shown once: how those of API tokens and invitations are made, recognized and digested."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from zlib import crc32

from iam.ids import ALPHABET as BASE32

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN_KIND = "rdk"  # noqa: S105 - the mark by which scanners find leaked tokens
INVITATION_KIND = "rdi"
ID_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 8, 43, 6


@dataclass(frozen=True)
class Secret:
    """A new secret: `text` goes to the person and nowhere else, `prefix` and `digest` may be stored."""

    text: str
    prefix: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the text. Guessing 256 random bits is hopeless, so nothing slower is needed."""
        return digest(self.text)

    def __repr__(self) -> str:
        return f"Secret({self.prefix}…)"


def new_secret(kind: str) -> Secret:
    """Return a secret such as `rdk_<8 base32: its name>_<43 base62: 256 bits>_<6 base62: CRC-32>`."""
    prefix = f"{kind}_{''.join(secrets.choice(BASE32) for _ in range(ID_LENGTH))}"
    body = f"{prefix}_{''.join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))}"
    return Secret(f"{body}_{_check(body)}", prefix)


def prefix_of(text: str, kind: str) -> str | None:
    """Return the name part of a secret of this kind, or None where the text cannot be one (mistyped)."""
    body, _, check = text.rpartition("_")
    head, _, rest = body.rpartition("_")
    shaped = head.startswith(f"{kind}_") and len(head) == len(kind) + 1 + ID_LENGTH
    if shaped and text.isascii() and len(rest) == SECRET_LENGTH and check == _check(body):
        return head
    return None


def digest(text: str) -> str:
    """Return what is stored of a secret."""
    return sha256(text.encode()).hexdigest()


def _check(body: str) -> str:
    number, digits = crc32(body.encode(errors="replace")), ""
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(BASE62))
        digits = BASE62[rest] + digits
    return digits
