"""Which texts are keys and values of labels.

Rules: Kubernetes documentation, "Labels and Selectors", "Syntax and character set". Values are wider here:
e-mail addresses and names of projects are values too.
"""

import re

LONGEST_PREFIX = 253
LONGEST_NAME = 63
LONGEST_VALUE = 320
"""A local part of 64 characters, `@` and a domain of 255: the longest e-mail address that can be written."""
PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
NOT_IN_PREFIX = re.compile(r"[^-a-z0-9.]")
NOT_IN_NAME = re.compile(r"[^-A-Za-z0-9_.]")
WIDER = frozenset("@+#$%&'*/?^`{|}~")
"""What an e-mail address may hold besides a Kubernetes value's characters, less the lexer's own symbols."""


def key_fault(key: str) -> tuple[int, str] | None:
    """Say where and why a text is no label key, None when it is one.

    A key is a name of at most 63 characters, perhaps after a DNS subdomain of at most 253 and a slash
    (Kubernetes documentation, "Syntax and character set").
    """
    prefix, slash, name = key.partition("/")
    if not slash:
        return _name_fault(key)
    if "/" in name:
        return len(prefix) + 1 + name.index("/"), "A key has at most one slash: write example.com/name."
    if not prefix or len(prefix) > LONGEST_PREFIX:
        return 0, f"Before the slash of a key stands a domain of 1 to {LONGEST_PREFIX} characters."
    if not PREFIX.fullmatch(prefix):
        rule = "Before the slash of a key stands a domain in small letters, such as example.com."
        return _first(NOT_IN_PREFIX, prefix), rule
    fault = _name_fault(name)
    return fault and (len(prefix) + 1 + fault[0], fault[1])


def value_fault(value: str) -> tuple[int, str] | None:
    """Say where and why a text is no value of a label, None when it is one.

    As in Kubernetes (empty, or letters, digits, `-`, `_`, `.` with a letter or digit at both ends), and
    wider: up to 320 characters, and once a character of an e-mail address or a printable one beyond ASCII is
    among them, in any order.
    """
    if len(value) > LONGEST_VALUE:
        return LONGEST_VALUE, f"A value has at most {LONGEST_VALUE} characters; this one has {len(value)}."
    for offset, character in enumerate(value):
        if NOT_IN_NAME.match(character) and not _is_wider(character):
            return offset, (
                f"The character {character!r} cannot stand in a value. Use letters, digits, '-', '_', '.' "
                "and what an e-mail address may hold."
            )
    if not value or NAME.fullmatch(value) or any(map(_is_wider, value)):
        return None
    offset = len(value) - 1 if value[0].isalnum() else 0
    return offset, f"A value begins and ends with a letter or digit: take {value[offset]!r} away."


def _name_fault(name: str) -> tuple[int, str] | None:
    if not 0 < len(name) <= LONGEST_NAME:
        return 0, f"A key's name has 1 to {LONGEST_NAME} characters; this one has {len(name)}."
    if NAME.fullmatch(name):
        return None
    rule = "A key's name is made of letters, digits, '-', '_' and '.', with a letter or digit at both ends."
    return _first(NOT_IN_NAME, name), rule


def _first(wrong: re.Pattern[str], text: str) -> int:
    """Find the first character that may not stand there, else the end that may not be the end."""
    found = wrong.search(text)
    if found:
        return found.start()
    return len(text) - 1 if text[0].isalnum() else 0


def _is_wider(character: str) -> bool:
    return character in WIDER or (not character.isascii() and character.isprintable())
