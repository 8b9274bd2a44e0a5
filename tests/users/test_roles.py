import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.roles import HOLD_KEYS, Role, grants, grants_app

pytestmark = pytest.mark.unit

READ = "functions.view_function"
EDIT = "functions.change_function"


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        (READ, {Role.VIEWER, Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        (HOLD_KEYS, {Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        ("core.view_job", {Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        (EDIT, {Role.CURATOR, Role.ADMIN}),
        ("functions.delete_function", {Role.CURATOR, Role.ADMIN}),
        ("functions.publish_function", {Role.CURATOR, Role.ADMIN}),
        ("functions.import_function", {Role.CURATOR, Role.ADMIN}),
        ("evaluations.view_run", {Role.VIEWER, Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        ("evaluations.give_feedback", {Role.VIEWER, Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        ("evaluations.add_run", {Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        ("evaluations.change_suite", {Role.CURATOR, Role.ADMIN}),
        ("evaluations.change_report", {Role.CURATOR, Role.ADMIN}),
        ("evaluations.add_schedule", {Role.CURATOR, Role.ADMIN}),
        ("core.change_job", {Role.CURATOR, Role.ADMIN}),
        ("core.delete_job", {Role.ADMIN}),
        ("users.view_user", {Role.ADMIN}),
        ("users.change_user", {Role.ADMIN}),
        ("users.view_apikey", {Role.ADMIN}),
        ("django_celery_beat.change_periodictask", {Role.ADMIN}),
    ],
)
def test_each_role_may_do_what_the_table_says(permission: str, allowed: set[Role]) -> None:
    assert {role for role in Role if grants(role, permission)} == allowed


@pytest.mark.parametrize("permission", ["", "functions", "functions.", ".view_function", "."])
def test_what_is_no_permission_is_granted_to_nobody(permission: str) -> None:
    assert not any(grants(role, permission) for role in Role)


@pytest.mark.parametrize("role", ["", "Admin", "root", "*"])
def test_what_is_no_role_may_nothing(role: str) -> None:
    assert not grants(role, READ)
    assert not grants_app(role, "functions")


@given(app=st.text(min_size=1), codename=st.text(min_size=1))
def test_a_role_may_all_that_the_one_before_it_may(app: str, codename: str) -> None:
    allowed = [grants(role, f"{app}.{codename}") for role in Role]
    assert allowed == sorted(allowed)


def test_a_star_does_not_reach_over_the_dot() -> None:
    assert not grants(Role.CURATOR, "functions_evil.change_function")
    assert not grants(Role.VIEWER, "functions.change_x.view_function")


@pytest.mark.parametrize(
    ("app", "allowed"),
    [
        ("functions", {Role.VIEWER, Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        ("core", {Role.DEVELOPER, Role.CURATOR, Role.ADMIN}),
        ("inference", {Role.CURATOR, Role.ADMIN}),
        ("django_celery_beat", {Role.ADMIN}),
    ],
)
def test_apps_of_a_role(app: str, allowed: set[Role]) -> None:
    assert {role for role in Role if grants_app(role, app)} == allowed
