"""The behaviours that a test or a person turns on and off while the sandbox runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """All switches. Times are seconds."""

    latency: float = 0.0
    """Waited before every AWS call, outside any lock, so that calls side by side wait side by side."""
    propagation_seconds: float = 0.0
    """How long AssumeRole does not see a new role."""
    clock_ahead: float = 0.0
    """How far the clock runs ahead for sessions and new roles: a test need not wait for their time."""
    vpcs_per_region: int = 5
    """Quota L-F678F1CE, the default VPC included."""
    internet_gateways_per_region: int = 5
    """Quota L-A4707A72."""
    durable: bool = True
    """Whether the answer to a change waits until the change would survive `kill -9`."""


class SwitchError(ValueError):
    """A switch that does not exist, or a value that it cannot have."""


class Switches:
    """Holds the current settings; a change counts from the next call on."""

    def __init__(self, settings: Settings) -> None:
        self.now = settings

    def turn(self, changes: Mapping[str, Any]) -> Settings:
        """Answer the settings after `changes`; raises SwitchError and changes nothing if one is wrong."""
        known = {one.name: type(getattr(self.now, one.name)) for one in fields(Settings)}
        for name, value in changes.items():
            if name not in known:
                raise SwitchError(f"There is no switch {name!r}. Switches: {', '.join(known)}.")
            fits = isinstance(value, bool) == (known[name] is bool) and isinstance(value, int | float)
            if not fits or value < 0:
                raise SwitchError(
                    f"{name} cannot be {value!r}: it wants a {known[name].__name__}, not below 0."
                )
        self.now = replace(self.now, **{name: known[name](value) for name, value in changes.items()})
        return self.now

    def as_json(self) -> dict[str, Any]:
        """Answer the settings as plain data."""
        return asdict(self.now)
