"""Roles, and what each may do: one static table that the admin, the pages and the API all ask."""

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType


class Role(StrEnum):
    """What a person is here for. Each role may do all that the one before it may."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    CURATOR = "curator"
    ADMIN = "admin"


ROLE_CHOICES = tuple((role.value, role.value.capitalize()) for role in Role)
STAFF_ROLES = frozenset({Role.CURATOR, Role.ADMIN})
HOLD_KEYS = "users.own_apikey"

# Patterns over Django's permission names, `app.action_model`; `*` stands for anything within its half.
VIEWER_GRANTS = ("functions.view_*", "evaluations.view_*", "evaluations.give_feedback")
DEVELOPER_GRANTS = (*VIEWER_GRANTS, HOLD_KEYS, "core.view_job", "evaluations.add_run")
CURATOR_GRANTS = (
    *DEVELOPER_GRANTS,
    "functions.*",
    "evaluations.*",
    "inference.view_*",
    "core.view_*",
    "core.change_job",
)
ROLE_GRANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        Role.VIEWER: VIEWER_GRANTS,
        Role.DEVELOPER: DEVELOPER_GRANTS,
        Role.CURATOR: CURATOR_GRANTS,
        Role.ADMIN: ("*.*",),
    }
)


@lru_cache(maxsize=1024)
def grants(role: str, permission: str) -> bool:
    """Whether `role` may do `permission` (`app.action_model`). A role or a permission that is not one may nothing."""
    app, dot, codename = permission.partition(".")
    if not (app and dot and codename):
        return False
    return any(matches(pattern, app, codename) for pattern in ROLE_GRANTS.get(role, ()))


def matches(pattern: str, app: str, codename: str) -> bool:
    """Whether the pattern covers `app.codename`, each half on its own, so that no `*` reaches over the dot."""
    pattern_app, _, pattern_codename = pattern.partition(".")
    return fnmatchcase(app, pattern_app) and fnmatchcase(codename, pattern_codename)


def grants_app(role: str, app: str) -> bool:
    """Whether `role` may do anything at all in the app."""
    return any(fnmatchcase(app, pattern.partition(".")[0]) for pattern in ROLE_GRANTS.get(role, ()))
