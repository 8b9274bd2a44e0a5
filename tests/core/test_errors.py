import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from rest_framework import exceptions

from apps.core import errors
from apps.core.errors import PROBLEM_TYPE, Conflict, InvalidInput, handle_exception
from tests.api import client_of

MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id"}


def problem_of(error: Exception) -> dict[str, Any]:
    request = RequestFactory().get("/api/v1/functions/")
    request.request_id = "r-1"
    response = handle_exception(error, {"request": request})
    assert response is not None
    assert response.content_type == PROBLEM_TYPE
    assert set(response.data) == MEMBERS
    assert response.data["request_id"] == "r-1"
    assert response.data["type"] == f"urn:touchstone:problem:{response.data['code']}"
    return dict(response.data)


class TestHandleException:
    pytestmark = pytest.mark.unit

    def test_invalid_input_names_each_field(self) -> None:
        problem = problem_of(InvalidInput({"name": "is required", "line": "must be a number"}, code="bad_record"))
        assert (problem["status"], problem["title"]) == (400, "Bad Request")
        assert problem["errors"] == [
            {"field": "name", "code": "bad_record", "message": "is required"},
            {"field": "line", "code": "bad_record", "message": "must be a number"},
        ]
        assert problem["detail"] == "name: is required line: must be a number"

    def test_nested_fields_have_paths(self) -> None:
        detail = {"records": [{}, {"name": ["is required"]}], "non_field_errors": ["do not fit"]}
        errors = problem_of(exceptions.ValidationError(detail))["errors"]
        assert [(row["field"], row["message"]) for row in errors] == [
            ("records.1.name", "is required"),
            ("", "do not fit"),
        ]

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (Conflict("over already", code="job_over"), 409, "job_over"),
            (ValidationError({"name": "no"}), 400, "invalid"),
            (ValidationError("no"), 400, "invalid"),
            (Http404("gone"), 404, "not_found"),
            (PermissionDenied(), 403, "permission_denied"),
            (exceptions.PermissionDenied("no", "missing_scope"), 403, "missing_scope"),
            (exceptions.NotAuthenticated(), 401, "not_authenticated"),
            (exceptions.ParseError("bad"), 400, "parse_error"),
            (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
            (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        ],
    )
    def test_status_and_code(self, error: Exception, status: int, code: str) -> None:
        problem = problem_of(error)
        assert (problem["status"], problem["code"]) == (status, code)

    def test_what_is_unforeseen_is_left_to_django(self) -> None:
        assert handle_exception(RuntimeError("boom"), {"request": RequestFactory().get("/api/")}) is None


class TestRenderError:
    pytestmark = pytest.mark.unit

    def test_the_api_gets_json_whatever_it_accepts(self, rf: RequestFactory) -> None:
        response = errors.not_found(rf.get("/api/v1/nothing/", headers={"accept": "text/html"}))
        assert (response.status_code, response["Content-Type"]) == (404, PROBLEM_TYPE)
        assert json.loads(response.content)["code"] == "not_found"

    @pytest.mark.parametrize(
        ("handler", "status"),
        [
            (errors.bad_request, 400),
            (errors.permission_denied, 403),
            (errors.not_found, 404),
            (errors.server_error, 500),
        ],
    )
    def test_every_handler_answers_programs_in_json(self, rf: RequestFactory, handler: Any, status: int) -> None:
        request: HttpRequest = rf.get("/functions/", headers={"accept": "application/json"})
        body = json.loads(handler(request).content)
        assert set(body) == MEMBERS
        assert body["status"] == status


@pytest.mark.integration
@pytest.mark.django_db
class TestOverHttp:
    def test_an_unknown_address_of_the_api(self, client: Client) -> None:
        response = client.get("/api/v1/nothing/")
        assert (response.status_code, response["Content-Type"]) == (404, PROBLEM_TYPE)
        assert response.json()["request_id"] == response["X-Request-ID"]

    @pytest.mark.parametrize("path", ["/api/v1/jobs/", "/api/v1/jobs/1/", "/api/v1/jobs/1/cancel/"])
    def test_a_wrong_method(self, path: str) -> None:
        response = client_of().put(path, {}, format="json")
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")

    def test_nobody_is_asked_to_sign_in(self, client: Client) -> None:
        response = client.get("/api/v1/jobs/")
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")

    def test_a_request_id_is_taken_over_only_when_harmless(self, client: Client) -> None:
        assert client.get("/api/v1/jobs/", headers={"X-Request-ID": "abc-1"}).json()["request_id"] == "abc-1"
        assert client.get("/api/v1/jobs/", headers={"X-Request-ID": "<b>"}).json()["request_id"] != "<b>"
