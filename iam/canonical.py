"""The one spelling of a JSON value, for where its very bytes matter."""

import json


def canonical(value: object) -> str:
    """Return JSON with sorted keys, no blanks and ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
