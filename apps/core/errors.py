"""One form for every error: problem+json (RFC 9457) with a code, the fields at fault and the request's id."""

from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

log = structlog.get_logger("touchstone.errors")

PROBLEM_TYPE = "application/problem+json"


class InvalidInput(Exception):
    """Input that is refused whole: each field at fault with its reason."""

    def __init__(self, errors: dict[str, str], *, code: str = "invalid") -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in errors.items()))
        self.errors = errors
        self.code = code


class Conflict(Exception):
    """The state of things forbids it: a job that ended cannot be cancelled, a stale edit cannot be saved."""

    def __init__(self, detail: str, *, code: str = "conflict") -> None:
        super().__init__(detail)
        self.code = code


def build_problem(
    status: int, *, code: str, detail: str, request_id: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The body of an error. `errors` has one entry a field: `{"field", "code", "message"}`."""
    return {
        "type": f"urn:touchstone:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": errors or [],
        "request_id": request_id,
    }


def problem_response(request: HttpRequest, status: int, *, code: str, detail: str) -> JsonResponse:
    body = build_problem(status, code=code, detail=detail, request_id=get_request_id(request))
    return JsonResponse(body, status=status, content_type=PROBLEM_TYPE)


def get_request_id(request: HttpRequest | Request | None) -> str:
    return getattr(request, "request_id", "")


def handle_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: whatever an API view raises becomes a problem."""
    exc = _to_api_exception(exc)
    response = exception_handler(exc, context)
    if response is None or not isinstance(exc, exceptions.APIException):
        return None
    errors = _flatten(exc.detail) if isinstance(exc, exceptions.ValidationError) else []
    detail = _summary(errors) if errors else str(exc.detail)
    code = "invalid" if isinstance(exc, exceptions.ValidationError) else _code_of(exc)
    request_id = get_request_id(context["request"])
    response.data = build_problem(response.status_code, code=code, detail=detail, request_id=request_id, errors=errors)
    response.content_type = PROBLEM_TYPE
    return response


def _to_api_exception(exc: Exception) -> Exception:
    if isinstance(exc, InvalidInput):
        fields = {field: [exceptions.ErrorDetail(reason, code=exc.code)] for field, reason in exc.errors.items()}
        return exceptions.ValidationError(fields)
    if isinstance(exc, Conflict):
        conflict = exceptions.APIException(str(exc), code=exc.code)
        conflict.status_code = HTTPStatus.CONFLICT
        return conflict
    if isinstance(exc, ValidationError):
        return exceptions.ValidationError(getattr(exc, "message_dict", None) or exc.messages)
    if isinstance(exc, Http404):
        return exceptions.NotFound(str(exc) or None)
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    return exc


def _code_of(exc: exceptions.APIException) -> str:
    codes = exc.get_codes()
    return codes if isinstance(codes, str) else exc.default_code


def _flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [row for key, value in detail.items() for row in _flatten(value, f"{path}.{key}" if path else str(key))]
    if isinstance(detail, list):
        return [
            row
            for index, value in enumerate(detail)
            for row in _flatten(value, path if not isinstance(value, dict | list) else f"{path}.{index}".lstrip("."))
        ]
    field = "" if path == "non_field_errors" else path
    return [{"field": field, "code": getattr(detail, "code", "invalid"), "message": str(detail)}]


def _summary(errors: list[dict[str, str]]) -> str:
    return " ".join(f"{row['field']}: {row['message']}" if row["field"] else row["message"] for row in errors)


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or not request.accepts("text/html")


def render_error(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if wants_json(request):
        return problem_response(request, status, code=code, detail=detail)
    context = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    context["request_id"] = get_request_id(request)
    return render(request, "core/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_error(request, 400, "bad_request", "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_error(request, 403, "permission_denied", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render_error(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    log.error("request_failed", path=request.path, exc_info=True)
    return render_error(request, 500, "server_error", "Something failed on our side. The log has it under this id.")
