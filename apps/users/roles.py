"""Roles, and what each may do: one static table that the admin, the pages, the API and the docs all read.

A permission that is in no row is for admins alone. Rows name permissions in full, so that a new model is nobody's to
see until a row says whose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is here for. The first three are people; a service is a program's account."""

    VIEWER = "viewer"
    CURATOR = "curator"
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Right:
    """A row: what it is in words, the permissions (`app.action_model`) that it is made of, and who has it."""

    what: str
    permissions: tuple[str, ...]
    roles: frozenset[Role]


SIGN_IN = "users.sign_in"
USE_BACK_OFFICE = "users.use_back_office"
HOLD_KEYS = "users.own_apikey"
USE_MODELS = "inference.use_models"

EVERY_ROLE = frozenset(Role)
PEOPLE = frozenset({Role.VIEWER, Role.CURATOR, Role.ADMIN})
WORKERS = frozenset({Role.SERVICE, Role.CURATOR, Role.ADMIN})
CURATORS = frozenset({Role.CURATOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})


def actions(model: str, *names: str) -> tuple[str, ...]:
    """`actions("core.job", "view")` is `("core.view_job",)`."""
    app, _, name = model.partition(".")
    return tuple(f"{app}.{action}_{name}" for action in names)


RIGHTS: tuple[Right, ...] = (
    Right("Sign in to the pages", (SIGN_IN,), PEOPLE),
    Right("Hold API keys", (HOLD_KEYS,), EVERY_ROLE),
    Right(
        "Read and search functions",
        (*actions("functions.function", "view"), *actions("functions.library", "view")),
        EVERY_ROLE,
    ),
    Right(
        "Read suites, cases, runs and reports",
        tuple(f"evaluations.view_{name}" for name in ("suite", "case", "run", "caseoutcome", "report", "schedule")),
        EVERY_ROLE,
    ),
    Right("Say that an answer is wrong", ("evaluations.give_feedback",), EVERY_ROLE),
    Right("Ask models", (USE_MODELS,), EVERY_ROLE),
    Right("Read how models perform", ("inference.view_performance",), WORKERS),
    Right("Start and cancel sweeps", actions("evaluations.run", "add"), WORKERS),
    Right("Follow background jobs", actions("core.job", "view"), WORKERS),
    Right("Share views of lists with everybody", actions("core.savedview", "share"), CURATORS),
    Right("Cancel background jobs", actions("core.job", "change"), CURATORS),
    Right("Use the back office", (USE_BACK_OFFICE,), CURATORS),
    Right(
        "Add, edit, publish and retire functions",
        (*actions("functions.function", "add", "change"), *actions("functions.revision", "view")),
        CURATORS,
    ),
    Right("Import functions", actions("functions.function", "import"), CURATORS),
    Right(
        "Keep libraries and synonyms",
        (
            *actions("functions.library", "add", "change", "delete"),
            *actions("functions.synonymgroup", "view", "add", "change", "delete"),
        ),
        CURATORS,
    ),
    Right(
        "Keep suites and their cases",
        (
            *actions("evaluations.suite", "add", "change", "delete"),
            *actions("evaluations.case", "add", "change"),
            *actions("evaluations.caserevision", "view"),
        ),
        CURATORS,
    ),
    Right("Acknowledge reports", actions("evaluations.report", "change"), CURATORS),
    Right(
        "Schedule sweeps, and see the messages about them",
        (*actions("evaluations.schedule", "add", "change", "delete"), *actions("evaluations.delivery", "view")),
        CURATORS,
    ),
    Right(
        "Keep aliases, and the models of providers with their prices",
        (
            *actions("inference.provider", "view"),
            *actions("inference.servedmodel", "view", "add", "change", "delete"),
            *actions("inference.alias", "view", "add", "change", "delete"),
            "inference.try_models",
        ),
        CURATORS,
    ),
    Right(
        "See calls of models, who made them, and budgets",
        (*actions("inference.call", "view"), *actions("inference.budget", "view")),
        CURATORS,
    ),
    Right("Look at caches of answers, set and clear them", ("inference.change_caches",), CURATORS),
    Right("Close a provider's open breaker", ("inference.reset_breaker",), CURATORS),
    Right("Look after providers and their keys", actions("inference.provider", "add", "change", "delete"), ADMINS),
    Right("Set budgets", actions("inference.budget", "add", "change", "delete"), ADMINS),
    Right("Begin the figures of models anew", ("inference.reset_performance",), ADMINS),
    Right("Delete functions for good", actions("functions.function", "delete"), ADMINS),
    Right("Look after members and invitations", actions("users.user", "view", "add", "change"), ADMINS),
    Right(
        "See and revoke everybody's keys and tokens",
        (*actions("users.apikey", "view", "change"), *actions("users.tokenfamily", "view", "change")),
        ADMINS,
    ),
    Right("Read how everybody's questions were answered", actions("functions.trace", "view"), ADMINS),
    Right("Read metrics", actions("core.metrics", "view"), WORKERS),
    Right("Read and export the audit log", ("core.view_audit",), ADMINS),
    Right(
        "Change what runs by the clock",
        tuple(
            permission
            for kind in ("periodictask", "intervalschedule", "crontabschedule", "clockedschedule", "solarschedule")
            for permission in actions(f"django_celery_beat.{kind}", "view", "add", "change", "delete")
        ),
        ADMINS,
    ),
)

ROLE_CHOICES = tuple((role.value, role.value.capitalize()) for role in Role)
GRANTED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        role.value: frozenset(name for right in RIGHTS if role in right.roles for name in right.permissions)
        for role in Role
    }
)


def grants(role: str, permission: str) -> bool:
    """Whether `role` may do `permission` (`app.action_model`). A role or a permission that is not one may nothing."""
    if permission in GRANTED.get(role, ()):
        return True
    return role == Role.ADMIN and is_permission(permission)


def is_permission(text: str) -> bool:
    app, _, codename = text.partition(".")
    return bool(app and codename) and "." not in codename


def grants_app(role: str, app: str) -> bool:
    """Whether `role` may do anything at all in the app."""
    return bool(app) and (role == Role.ADMIN or any(name.startswith(f"{app}.") for name in GRANTED.get(role, ())))


STAFF_ROLES = frozenset(role for role in Role if grants(role, USE_BACK_OFFICE))
