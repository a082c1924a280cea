"""Small JSON files that only the user who runs Raydock may read."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_privately(path: Path, content: Mapping[str, Any]) -> None:
    """Write the file with mode 0600; a reader sees the old file or the new one, never a half."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)


def read_if_there(path: Path) -> dict[str, Any]:
    """What the file holds; empty when there is none or it is no JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
