"""What a Raydock id looks like: a short prefix, then 26 characters that sort by time (a TypeID)."""

import re
import secrets

import uuid_utils

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
EXTERNAL_ID_BYTES = 24  # 192 bits; PRODUCT 3, T1 asks for 128
_TEXT = re.compile(rf"[0-7][{ALPHABET}]{{{LENGTH - 1}}}")


def new_id(prefix: str) -> str:
    """Return a new id such as ``cld_01k…``: 128 bits of UUIDv7 in Crockford's base32.

    Ids of one process sort in the order they were made. See https://github.com/jetify-com/typeid.
    """
    return f"{prefix}_{encode(uuid_utils.uuid7().int)}"


def new_external_id() -> str:
    """Return an external ID such as ``rdk-ext-4f…``, which nobody can guess and no cloud had before."""
    return f"rdk-ext-{secrets.token_hex(EXTERNAL_ID_BYTES)}"


def encode(number: int) -> str:
    """Return 128 bits as 26 base32 characters."""
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range((LENGTH - 1) * 5, -1, -5))


def is_id(text: str, prefix: str) -> bool:
    """Say whether the text is an id of this kind. It may still name nothing."""
    head, separator, tail = text.rpartition("_")
    return separator == "_" and head == prefix and _TEXT.fullmatch(tail) is not None
