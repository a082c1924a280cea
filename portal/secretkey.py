"""The signing key of an embedded Raydock: made once, kept in its data folder."""

import os
import secrets
from pathlib import Path


def kept_secret_key(folder: Path) -> str:
    """The key kept in this folder, or a fresh one if the folder does not exist yet.

    Nothing is written here: importing the settings must not create files. `keep_secret_key` does that.
    """
    try:
        return (folder / "secret-key").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return secrets.token_urlsafe(48)


def keep_secret_key(folder: Path) -> None:
    """Makes the key, readable by this user alone, unless there is one."""
    try:
        handle = os.open(folder / "secret-key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
