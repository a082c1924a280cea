"""Which cluster role a workload's nodes get: rules read, resolved, explained and examined, as plain data."""

from iam.mapping.config import LABELS, WORKLOAD_TYPES, Config, DefaultRule, Mode, Override, OverrideMode, Rule
from iam.mapping.linting import lint
from iam.mapping.reading import ConfigError, Problem, read_config
from iam.mapping.remarks import Known, Remark
from iam.mapping.resolution import Compiled, Outcome, Resolution, TraceLine, compiled, resolve
from iam.mapping.roles import RoleName, role_name, value_problem
from iam.mapping.simulation import Cell, Change, coverage, simulate

__all__ = [
    "LABELS",
    "WORKLOAD_TYPES",
    "Cell",
    "Change",
    "Compiled",
    "Config",
    "ConfigError",
    "DefaultRule",
    "Known",
    "Mode",
    "Outcome",
    "Override",
    "OverrideMode",
    "Problem",
    "Remark",
    "Resolution",
    "RoleName",
    "Rule",
    "TraceLine",
    "compiled",
    "coverage",
    "lint",
    "read_config",
    "resolve",
    "role_name",
    "simulate",
    "value_problem",
]
