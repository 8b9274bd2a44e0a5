"""Who may do what over the API, by role and by the scopes of a key."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.functions.models import Function
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_IMPORT, FUNCTIONS_READ, FUNCTIONS_WRITE
from tests.api import FUNCTIONS, IMPORT, RECORD, client_of, client_with_key, url
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestRights:
    WRITES = (
        ("post", FUNCTIONS, RECORD),
        ("patch", "{function}", {"action": "count"}),
        ("post", "{function}retire/", None),
        ("post", "{function}publish/", None),
        ("post", "{function}restore/", {"number": 1}),
        ("post", "/api/v1/functions/index/rebuild/", None),
        ("post", IMPORT, {"library": "texts", "records": [RECORD]}),
    )
    READS = (
        FUNCTIONS,
        "{function}",
        "{function}revisions/",
        "{function}similar/",
        "/api/v1/libraries/",
        "/api/v1/functions/index/",
        "/api/v1/functions/search/?q=lines",
    )

    @pytest.fixture(autouse=True)
    def folders(self, settings: Settings, tmp_path: Path) -> None:
        settings.UPLOADS_DIR = settings.INDEX_DIR = tmp_path

    def status_of(self, client: APIClient, method: str, path: str, body: Any = None) -> int:
        path = path.format(function=url(FunctionFactory()))
        return int(getattr(client, method)(path, body, **({"format": "json"} if body else {})).status_code)

    @pytest.mark.parametrize("path", READS)
    def test_reading_is_for_everybody_who_is_known(self, path: str) -> None:
        assert self.status_of(client_of(Role.VIEWER), "get", path) == 200
        assert self.status_of(client_with_key(FUNCTIONS_READ, role=Role.SERVICE), "get", path) == 200
        assert self.status_of(client_with_key(FUNCTIONS_WRITE, FUNCTIONS_IMPORT), "get", path) == 403
        assert self.status_of(APIClient(), "get", path) == 401

    @pytest.mark.parametrize(("method", "path", "body"), WRITES)
    def test_writing_is_for_curators(self, method: str, path: str, body: Any) -> None:
        assert self.status_of(client_of(Role.VIEWER), method, path, body) == 403
        scope, other = FUNCTIONS_WRITE, FUNCTIONS_IMPORT
        if path == IMPORT:
            scope, other = other, scope
        assert self.status_of(client_with_key(FUNCTIONS_READ, other), method, path, body) == 403
        assert self.status_of(APIClient(), method, path, body) == 401
        assert self.status_of(client_with_key(scope), method, path, body) < 300

    def test_a_page_of_another_site_cannot_write_with_a_session(self) -> None:
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(client_of().user)
        assert client.post(FUNCTIONS, RECORD, format="json").status_code == 403
        assert not Function.objects.exists()
