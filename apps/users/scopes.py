"""What an API key may be allowed: scopes, each standing for one permission that its owner must have."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from apps.users.roles import HOLD_KEYS, USE_MODELS, grants


@dataclass(frozen=True)
class Scope:
    """One thing a key may be for. `permission` is Django's name of what the owner's role must grant."""

    name: str
    label: str
    permission: str


FUNCTIONS_READ = "functions:read"
FUNCTIONS_WRITE = "functions:write"
FUNCTIONS_IMPORT = "functions:import"
EVALUATIONS_READ = "evaluations:read"
EVALUATIONS_RUN = "evaluations:run"
EVALUATIONS_WRITE = "evaluations:write"
FEEDBACK_WRITE = "feedback:write"
JOBS_READ = "jobs:read"
JOBS_WRITE = "jobs:write"
AUDIT_READ = "audit:read"
METRICS_READ = "metrics:read"
INFERENCE_USE = "inference:use"
INFERENCE_READ = "inference:read"
INFERENCE_WRITE = "inference:write"
INFERENCE_RESET = "inference:reset"

SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        scope.name: scope
        for scope in (
            Scope(FUNCTIONS_READ, "Read and search functions", "functions.view_function"),
            Scope(FUNCTIONS_WRITE, "Add, edit and retire functions", "functions.change_function"),
            Scope(FUNCTIONS_IMPORT, "Import functions", "functions.import_function"),
            Scope(EVALUATIONS_READ, "Read suites, runs and reports", "evaluations.view_run"),
            Scope(EVALUATIONS_RUN, "Start and cancel sweeps", "evaluations.add_run"),
            Scope(EVALUATIONS_WRITE, "Edit suites, cases and schedules; acknowledge", "evaluations.change_suite"),
            Scope(FEEDBACK_WRITE, "Say that an answer is wrong", "evaluations.give_feedback"),
            Scope(JOBS_READ, "Follow background jobs", "core.view_job"),
            Scope(JOBS_WRITE, "Cancel background jobs", "core.change_job"),
            Scope(AUDIT_READ, "Read the audit log", "core.view_audit"),
            Scope(METRICS_READ, "Read metrics", "core.view_metrics"),
            Scope(INFERENCE_USE, "Ask models, and read which there are", USE_MODELS),
            Scope(INFERENCE_READ, "Read how models perform", "inference.view_performance"),
            Scope(INFERENCE_WRITE, "Edit aliases and models", "inference.change_alias"),
            Scope(INFERENCE_RESET, "Begin the figures of models anew", "inference.reset_performance"),
        )
    }
)


def scopes_of_role(role: str) -> tuple[str, ...]:
    """The scopes that keys of someone in `role` may carry, in the table's order; none where it may hold no keys."""
    if not grants(role, HOLD_KEYS):
        return ()
    return tuple(scope.name for scope in SCOPES.values() if grants(role, scope.permission))
