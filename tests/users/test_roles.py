import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.roles import (
    ADMINS,
    CURATORS,
    EVERY_ROLE,
    HOLD_KEYS,
    PEOPLE,
    RIGHTS,
    SIGN_IN,
    STAFF_ROLES,
    WORKERS,
    Role,
    grants,
    grants_app,
    is_permission,
)

pytestmark = [pytest.mark.unit, pytest.mark.critical]

READ = "functions.view_function"
PERMISSIONS = [permission for right in RIGHTS for permission in right.permissions]


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        (SIGN_IN, PEOPLE),
        (HOLD_KEYS, EVERY_ROLE),
        (READ, EVERY_ROLE),
        ("evaluations.view_run", EVERY_ROLE),
        ("evaluations.give_feedback", EVERY_ROLE),
        ("evaluations.add_run", WORKERS),
        ("core.view_job", WORKERS),
        ("core.change_job", CURATORS),
        ("functions.change_function", CURATORS),
        ("functions.import_function", CURATORS),
        ("functions.delete_function", ADMINS),
        ("evaluations.change_suite", CURATORS),
        ("evaluations.change_report", CURATORS),
        ("evaluations.add_schedule", CURATORS),
        ("evaluations.delete_run", ADMINS),
        ("core.delete_job", ADMINS),
        ("users.view_user", ADMINS),
        ("users.change_user", ADMINS),
        ("users.view_apikey", ADMINS),
        ("inference.use_models", EVERY_ROLE),
        ("inference.view_performance", WORKERS),
        ("inference.change_alias", CURATORS),
        ("inference.view_provider", CURATORS),
        ("inference.change_provider", ADMINS),
        ("inference.change_budget", ADMINS),
        ("django_celery_beat.change_periodictask", ADMINS),
        ("invented.view_thing", ADMINS),
    ],
)
def test_each_role_may_do_what_the_table_says(permission: str, allowed: frozenset[Role]) -> None:
    assert {role for role in Role if grants(role, permission)} == allowed


@pytest.mark.parametrize("permission", ["", "functions", "functions.", ".view_function", ".", "a.b.c"])
def test_what_is_no_permission_is_granted_to_nobody(permission: str) -> None:
    assert not any(grants(role, permission) for role in Role)


@pytest.mark.parametrize("role", ["", "Admin", "root", "*", "developer"])
def test_what_is_no_role_may_nothing(role: str) -> None:
    assert not grants(role, READ)
    assert not grants_app(role, "functions")


@given(permission=st.one_of(st.sampled_from(PERMISSIONS), st.text()))
def test_a_person_may_all_that_the_one_before_may(permission: str) -> None:
    allowed = [grants(role, permission) for role in (Role.VIEWER, Role.CURATOR, Role.ADMIN)]
    assert allowed == sorted(allowed)


def test_a_program_may_nothing_that_a_curator_may_not() -> None:
    assert [name for name in PERMISSIONS if grants(Role.SERVICE, name) and not grants(Role.CURATOR, name)] == []


def test_each_permission_is_in_one_row() -> None:
    assert len(set(PERMISSIONS)) == len(PERMISSIONS)
    assert all(is_permission(name) for name in PERMISSIONS)
    assert all(Role.ADMIN in right.roles for right in RIGHTS)


def test_the_back_office_is_for_curators() -> None:
    assert STAFF_ROLES == CURATORS


@pytest.mark.parametrize(
    ("app", "allowed"),
    [
        ("functions", EVERY_ROLE),
        ("core", WORKERS),
        ("users", EVERY_ROLE),
        ("django_celery_beat", ADMINS),
        ("", frozenset()),
    ],
)
def test_apps_of_a_role(app: str, allowed: frozenset[Role]) -> None:
    assert {role for role in Role if grants_app(role, app)} == allowed
