"""From spec and facts to plans: set-up, delete, preflight and the list of resources. Pure."""

from clouds.planning.inventory import Resource, resources
from clouds.planning.removal import DELETE_ACTIONS, plan_delete
from clouds.planning.setup import SETUP_ACTIONS, plan_setup
from clouds.planning.steps import Blocker, Kept, Plan, Ref, Step, Token, at_path, refs, resolved

__all__ = [
    "DELETE_ACTIONS",
    "SETUP_ACTIONS",
    "Blocker",
    "Kept",
    "Plan",
    "Ref",
    "Resource",
    "Step",
    "Token",
    "at_path",
    "plan_delete",
    "plan_setup",
    "refs",
    "resolved",
    "resources",
]
