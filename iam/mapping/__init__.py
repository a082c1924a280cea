"""Which cluster role a workload's nodes get: rules read, resolved, explained and examined, as plain data."""

from iam.mapping.config import LABELS, WORKLOAD_TYPES, Config, DefaultRule, Mode, Override, OverrideMode, Rule
from iam.mapping.reading import ConfigError, Problem, read_config
from iam.mapping.resolution import Compiled, Outcome, Resolution, TraceLine, compiled, resolve
from iam.mapping.roles import RoleName, role_name, value_problem

__all__ = [
    "LABELS",
    "WORKLOAD_TYPES",
    "Compiled",
    "Config",
    "ConfigError",
    "DefaultRule",
    "Mode",
    "Outcome",
    "Override",
    "OverrideMode",
    "Problem",
    "Resolution",
    "RoleName",
    "Rule",
    "TraceLine",
    "compiled",
    "read_config",
    "resolve",
    "role_name",
    "value_problem",
]
