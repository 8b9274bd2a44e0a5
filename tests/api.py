"""Clients of the REST API for tests."""

from typing import Any

from rest_framework.test import APIClient

from apps.users.roles import Role
from apps.users.tokens import new_token
from tests.users.factories import ApiKeyFactory, UserFactory


def client_of(role: Role = Role.CURATOR) -> APIClient:
    """Signed in by session, as a page's own script is; `client.user` is who."""
    client = APIClient()
    client.user = UserFactory(role=role)
    client.force_login(client.user)
    return client


def client_with_key(*scopes: str, role: Role = Role.CURATOR, **key: Any) -> APIClient:
    """A program with an API key of these scopes."""
    token = new_token()
    ApiKeyFactory(token=token, scopes=list(scopes), user=UserFactory(role=role), **key)
    return APIClient(headers={"Authorization": f"Bearer {token}"})
