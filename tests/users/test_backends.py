import asyncio

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from apps.users.backends import RoleBackend, every_permission
from apps.users.models import User
from apps.users.roles import GRANTED, SIGN_IN, USE_BACK_OFFICE, Role
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def request_(rf: RequestFactory):
    return rf.post("/account/login/")


def test_the_right_password_signs_in_whatever_the_case_of_the_address(request_) -> None:
    user = UserFactory()
    assert authenticate(request_, username=user.email.upper(), password=PASSWORD) == user
    assert authenticate(request_, email=user.email, password=PASSWORD) == user


def test_nobody_else_is_let_in(request_) -> None:
    user, idle = UserFactory(), UserFactory(is_active=False)
    assert authenticate(request_, username=user.email, password="wrong") is None
    assert authenticate(request_, username="nobody@example.com", password=PASSWORD) is None
    assert authenticate(request_, username=idle.email, password=PASSWORD) is None
    assert authenticate(request_, username="a\0b@example.com", password=PASSWORD) is None
    assert authenticate(request_, username=user.email) is None


def test_a_program_signs_in_to_no_page(request_) -> None:
    program = UserFactory(role=Role.SERVICE)
    assert authenticate(request_, username=program.email, password=PASSWORD) is None
    assert RoleBackend().get_user(program.pk) is None


def test_rights_come_from_the_role_without_a_query(django_assert_num_queries) -> None:
    curator, viewer = UserFactory(role=Role.CURATOR), UserFactory(role=Role.VIEWER)
    with django_assert_num_queries(0):
        assert curator.has_perm("functions.change_function")
        assert curator.has_perm("functions.change_function", obj=viewer)
        assert curator.has_module_perms("functions")
        assert not curator.has_module_perms("django_celery_beat")
        assert viewer.has_perm("functions.view_function")
        assert not viewer.has_perm("functions.change_function")
        assert not viewer.has_perms(["functions.view_function", "functions.change_function"])


def test_the_asynchronous_questions_get_the_same_answers() -> None:
    curator = UserFactory(role=Role.CURATOR)

    async def ask() -> tuple[bool, bool, bool, set[str]]:
        return (
            await curator.ahas_perm("functions.change_function"),
            await curator.ahas_perm("users.view_user"),
            await curator.ahas_module_perms("functions"),
            await curator.aget_all_permissions(),
        )

    assert asyncio.run(ask()) == (True, False, True, curator.get_all_permissions())


@pytest.mark.parametrize("role", list(Role))
def test_a_deactivated_user_may_nothing(role: Role) -> None:
    user = UserFactory(role=role, is_active=False)
    assert not user.has_perm("functions.view_function")
    assert not user.has_module_perms("functions")
    assert user.get_all_permissions() == set()


def test_an_anonymous_visitor_may_nothing() -> None:
    assert not AnonymousUser().has_perm("functions.view_function")
    assert AnonymousUser().get_all_permissions() == set()


def test_all_permissions_are_those_of_the_role() -> None:
    viewer = UserFactory(role=Role.VIEWER)
    assert viewer.get_all_permissions() == {p for p in every_permission() if viewer.has_perm(p)}
    assert "users.own_apikey" in viewer.get_all_permissions()
    assert viewer.get_group_permissions() == set()
    assert UserFactory(role=Role.ADMIN).get_all_permissions() == every_permission()


def test_every_permission_is_what_django_would_keep_as_rows() -> None:
    from django.contrib.auth.models import Permission

    installed = {model._meta.app_label for model in apps.get_models()}
    rows = Permission.objects.filter(content_type__app_label__in=installed)
    kept = {f"{app}.{codename}" for app, codename in rows.values_list("content_type__app_label", "codename")}
    assert kept <= every_permission()
    assert {p for p in every_permission() if p.startswith("users.")} - kept == {SIGN_IN, USE_BACK_OFFICE}


def test_every_permission_has_all_that_a_role_is_granted() -> None:
    assert set().union(*GRANTED.values()) <= every_permission()
    assert UserFactory(role=Role.CURATOR).get_all_permissions() == GRANTED[Role.CURATOR]


def test_a_session_finds_its_user_again() -> None:
    user = UserFactory()
    assert RoleBackend().get_user(user.pk) == user
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert RoleBackend().get_user(user.pk) is None
