"""Where Ray's own schema of cluster files is, if it is anywhere."""

import importlib.util
import os
from pathlib import Path


def schema_path() -> Path | None:
    """RAYDOCK_RAY_SCHEMA, else the one in an installed Ray; None without either."""
    if named := os.environ.get("RAYDOCK_RAY_SCHEMA"):
        return Path(named)
    ray = importlib.util.find_spec("ray")
    shipped = Path(ray.origin).parent / "autoscaler" / "ray-schema.json" if ray and ray.origin else None
    return shipped if shipped and shipped.exists() else None
