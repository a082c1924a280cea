"""Which form a client wants: JSON or YAML, by `?format=` or by what it accepts (RFC 9110, section 12.5.1)."""

from portal.api.parsers import YAML_TYPES

JSON, YAML = "json", "yaml"


def wanted(accept: str, asked: str = "") -> str:
    """Return `json` or `yaml`. JSON wins unless YAML is asked for, or accepted with a higher quality."""
    if asked in {JSON, YAML}:
        return asked
    qualities = _qualities(accept)
    yaml = max((qualities.get(one, 0.0) for one in YAML_TYPES), default=0.0)
    broad = max(qualities.get("*/*", 0.0), qualities.get("application/*", 0.0))
    return YAML if yaml > qualities.get("application/json", broad) else JSON


def _qualities(accept: str) -> dict[str, float]:
    """Return each media range of an Accept header with its quality, 1 where none is given."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        found[kind] = float(given) if given.replace(".", "", 1).isdecimal() and given.isascii() else 0.0
    return found
