"""Who may do what with evaluations over the API, by role and by the scopes of a key."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.evaluations.models import RunState
from apps.users.roles import Role
from apps.users.scopes import EVALUATIONS_READ, EVALUATIONS_RUN, EVALUATIONS_WRITE, FEEDBACK_WRITE, SCOPES
from tests.api import client_of, client_with_key
from tests.evaluations import targets
from tests.evaluations.factories import CaseFactory, ReportFactory, RunFactory, ScheduleFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

CURATORS, ALL = (Role.CURATOR,), (Role.VIEWER, Role.CURATOR)
READS = (
    "suites/", "suites/{suite}/", "suites/{suite}/cases/", "cases/{case}/", "suites/{suite}/runs/", "runs/{run}/",
    "runs/{run}/outcomes/", "runs/{run}/report/", "schedules/", "schedules/{schedule}/",
)  # fmt: skip
WRITES: tuple[tuple[str, str, Any, str, tuple[Role, ...]], ...] = (
    ("post", "suites/", {"name": "new", "target": targets.NAME}, EVALUATIONS_WRITE, CURATORS),
    ("patch", "suites/{suite}/", {"margin": 0.02}, EVALUATIONS_WRITE, CURATORS),
    ("post", "suites/{suite}/cases/", {"query": "new", "expected": []}, EVALUATIONS_WRITE, CURATORS),
    ("post", "suites/{suite}/cases/import/", {"cases": [{"query": "n", "expected": []}]}, EVALUATIONS_WRITE, CURATORS),
    ("post", "suites/{suite}/generate/", {"count": 1}, EVALUATIONS_WRITE, CURATORS),
    ("patch", "cases/{case}/", {"note": "n"}, EVALUATIONS_WRITE, CURATORS),
    ("post", "suites/{suite}/runs/", None, EVALUATIONS_RUN, CURATORS),
    ("post", "runs/{running}/cancel/", None, EVALUATIONS_RUN, CURATORS),
    ("post", "runs/{run}/acknowledge/", {"comment": "c"}, EVALUATIONS_WRITE, CURATORS),
    ("post", "runs/{run}/pin/", None, EVALUATIONS_WRITE, CURATORS),
    ("delete", "runs/{run}/pin/", None, EVALUATIONS_WRITE, CURATORS),
    ("patch", "schedules/{schedule}/", {"enabled": False}, EVALUATIONS_WRITE, CURATORS),
    ("delete", "schedules/{schedule}/", None, EVALUATIONS_WRITE, CURATORS),
    ("post", "feedback/", {"trace_id": "t", "target": targets.NAME, "expected": []}, FEEDBACK_WRITE, ALL),
)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    monkeypatch.setitem(targets.TRACES, "t", {"query": "x", "filters": {}, "got": [], "trace": {}})
    case = CaseFactory()
    run = ReportFactory(run__suite=case.suite, verdict="worse").run
    running = RunFactory(suite=case.suite, state=RunState.RUNNING)
    schedule = ScheduleFactory(suite=case.suite)
    objects = {"suite": case.suite, "case": case, "run": run, "running": running, "schedule": schedule}
    return {name: one.pk for name, one in objects.items()}


def send(client: APIClient, method: str, path: str, body: Any, keys: dict[str, int]) -> int:
    options = {"format": "json"} if body else {}
    return int(getattr(client, method)(f"/api/v1/{path.format(**keys)}", body, **options).status_code)


def test_reading_is_for_everybody_who_is_known(keys: dict[str, int]) -> None:
    others = [scope for scope in SCOPES if scope != EVALUATIONS_READ]
    clients = {
        200: [client_of(Role.VIEWER), client_with_key(EVALUATIONS_READ, role=Role.SERVICE)],
        403: [client_with_key(*others)],
        401: [APIClient()],
    }
    for path in READS:
        for status, known in clients.items():
            assert {send(client, "get", path, None, keys) for client in known} == {status}, path


@pytest.mark.parametrize(("method", "path", "body", "scope", "allowed"), WRITES)
def test_writing(
    method: str, path: str, body: Any, scope: str, allowed: tuple[Role, ...], keys: dict[str, int]
) -> None:
    for role in (Role.VIEWER, Role.CURATOR):
        if role not in allowed:
            assert send(client_of(role), method, path, body, keys) == 403
    others = [other for other in SCOPES if other != scope]
    assert send(client_with_key(*others), method, path, body, keys) == 403
    assert send(APIClient(), method, path, body, keys) == 401
    assert send(client_of(allowed[0]), method, path, body, keys) < 300


@pytest.mark.parametrize(("method", "path", "body", "scope", "allowed"), WRITES)
def test_a_key_with_the_scope_writes(
    method: str, path: str, body: Any, scope: str, allowed: tuple[Role, ...], keys: dict[str, int]
) -> None:
    assert send(client_with_key(scope), method, path, body, keys) < 300
