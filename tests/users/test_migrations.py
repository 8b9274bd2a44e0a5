from importlib import import_module

import pytest
from django.apps import apps

from apps.users.models import User
from apps.users.roles import Role
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_who_was_a_developer_is_a_viewer_and_nobody_else_changes() -> None:
    developers = {UserFactory(role="developer").pk for _ in range(2)}
    others = {UserFactory(role=role).pk: role for role in Role}
    import_module("apps.users.migrations.0003_roles").make_viewers(apps, None)
    assert set(User.objects.filter(pk__in=developers).values_list("role", flat=True)) == {Role.VIEWER}
    assert dict(User.objects.filter(pk__in=others).values_list("pk", "role")) == others
