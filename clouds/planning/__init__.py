"""From spec and facts to plans: set-up, delete, preflight and the list of resources. Pure."""

from clouds.planning.steps import Blocker, Kept, Plan, Ref, Step, at_path, refs, resolved

__all__ = ["Blocker", "Kept", "Plan", "Ref", "Step", "at_path", "refs", "resolved"]
