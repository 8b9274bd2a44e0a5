"""Clients of the REST API for tests."""

from typing import Any

from rest_framework.test import APIClient

from apps.functions.models import Function
from apps.users.roles import Role
from apps.users.tokens import new_token
from tests.users.factories import ApiKeyFactory, UserFactory

FUNCTIONS = "/api/v1/functions/"
IMPORT = "/api/v1/functions/import/"
RECORD = {"name": "read_lines", "language": "python", "library": "texts", "description": "Read a file's lines."}


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


def url(function: Function, action: str = "") -> str:
    return f"{FUNCTIONS}{function.pk}/{action}"


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [row["name"] for row in response.json()["results"]]


def fault(response: Any, status: int = 400) -> str:
    """The field that the problem names."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    return str(response.json()["errors"][0]["field"])
