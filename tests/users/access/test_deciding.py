import pytest
from django.contrib.auth.models import AnonymousUser

from apps.users.access.deciding import may, permission_of, person_may
from apps.users.access.rules import Who, in_back_office, reads
from apps.users.models import User
from apps.users.roles import CURATORS, PEOPLE, Role
from apps.users.scopes import FUNCTIONS_WRITE

pytestmark = [pytest.mark.unit, pytest.mark.critical]


@pytest.mark.parametrize(
    ("need", "allowed"),
    [
        (Who.PUBLIC, set(Role)),
        (Who.SIGNED_IN, PEOPLE),
        (Who.OWN, PEOPLE),
        (Who.ANY_KEY, PEOPLE),
        (Who.NOBODY, set()),
        ("functions.view_function", PEOPLE),
        (FUNCTIONS_WRITE, {Role.CURATOR, Role.ADMIN}),
        ("users.change_user", {Role.ADMIN}),
    ],
)
def test_people_by_role(need: str, allowed: set[Role]) -> None:
    assert {role for role in Role if person_may(role, need)} == allowed
    assert {role for role in Role if may(User(role=role), need)} == allowed


@pytest.mark.parametrize("need", [Who.SIGNED_IN, "functions.view_function"])
def test_the_back_office_is_for_who_may_use_it(need: str) -> None:
    asked = in_back_office({"": reads(need)})[""].all_of(need)
    assert {role for role in Role if all(person_may(role, one) for one in asked)} == CURATORS


def test_who_may_do_nothing_but_what_is_public() -> None:
    for user in (AnonymousUser(), User(role=Role.ADMIN, is_active=False), User(role="nobody")):
        assert may(user, Who.PUBLIC)
        assert not may(user, Who.SIGNED_IN)
        assert not may(user, "functions.view_function")


def test_a_scope_stands_for_its_permission() -> None:
    assert permission_of(FUNCTIONS_WRITE) == "functions.change_function"
    assert permission_of("core.view_job") == "core.view_job"
