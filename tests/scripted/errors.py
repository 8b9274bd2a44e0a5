"""Errors as OpenAI's servers tell them."""

import orjson

from tests.scripted.http import Reply
from tests.scripted.steps import Step

KINDS = {
    400: ("invalid_request_error", None, "The request is not as it should be."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Not allowed."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    408: ("timeout_error", "request_timeout", "The request timed out."),
    409: ("invalid_request_error", "conflict", "The resource is in use."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", "overloaded", "The engine is currently overloaded, please try again later."),
}


class Refusal(Exception):
    """What is answered instead of what was asked for."""

    def __init__(self, status: int, message: str = "", param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param


def encode_error(status: int, message: str = "", param: str | None = None) -> bytes:
    kind, code, usual = KINDS.get(status) or KINDS[500 if status >= 500 else 400]
    return orjson.dumps({"error": {"message": message or usual, "type": kind, "param": param, "code": code}})


def refuse(step: Step, headers: tuple[tuple[str, str], ...]) -> Reply:
    """The error that a step asks for."""
    if step.retry_after is not None:
        headers = (*headers, ("retry-after", f"{step.retry_after:g}"))
    if step.raw is not None:
        return Reply(step.status or 200, step.raw.encode(), "text/html", headers)
    return Reply(step.status, encode_error(step.status), headers=headers)
