import pytest

from apps.users.roles import Role, grants
from apps.users.scopes import (
    EVALUATIONS_READ,
    EVALUATIONS_RUN,
    FEEDBACK_WRITE,
    FUNCTIONS_IMPORT,
    FUNCTIONS_READ,
    FUNCTIONS_WRITE,
    INFERENCE_READ,
    INFERENCE_USE,
    INFERENCE_WRITE,
    JOBS_READ,
    METRICS_READ,
    SCOPES,
    scopes_of_role,
)

pytestmark = pytest.mark.unit


def test_a_viewers_keys_read_and_report() -> None:
    assert scopes_of_role(Role.VIEWER) == (FUNCTIONS_READ, EVALUATIONS_READ, FEEDBACK_WRITE, INFERENCE_USE)


def test_a_services_keys_sweep_and_follow_too() -> None:
    assert scopes_of_role(Role.SERVICE) == (
        FUNCTIONS_READ,
        EVALUATIONS_READ,
        EVALUATIONS_RUN,
        FEEDBACK_WRITE,
        JOBS_READ,
        METRICS_READ,
        INFERENCE_USE,
        INFERENCE_READ,
    )


def test_a_curators_keys_write_and_import() -> None:
    assert {FUNCTIONS_WRITE, FUNCTIONS_IMPORT, INFERENCE_WRITE} <= set(scopes_of_role(Role.CURATOR))


def test_an_admins_keys_may_carry_every_scope() -> None:
    assert scopes_of_role(Role.ADMIN) == tuple(SCOPES)


@pytest.mark.parametrize("role", list(Role))
def test_no_scope_goes_beyond_its_role(role: Role) -> None:
    assert all(grants(role, SCOPES[scope].permission) for scope in scopes_of_role(role))


def test_what_is_no_role_has_no_scopes() -> None:
    assert scopes_of_role("nobody") == ()
