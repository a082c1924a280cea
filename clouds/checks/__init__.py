"""Named questions to facts, and their answers. Pure."""

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.catalogue import CATALOGUE, run_checks
from clouds.checks.preflight import PREFLIGHT, preflight

__all__ = ["CATALOGUE", "PREFLIGHT", "Answer", "Case", "Check", "preflight", "run_checks"]
