"""Errors as OpenAI's API tells them: `{"error": {"message", "type", "param", "code"}}`."""

import math
from collections.abc import Sequence
from typing import Any

import orjson
from rest_framework.exceptions import AuthenticationFailed

from apps.inference.errors import InferenceError, UnknownModel

Headers = Sequence[tuple[bytes, bytes]]
KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
SPENT = "budget_spent"


class Refusal(Exception):
    """What is answered instead of what was asked for. `param` is the body's field at fault."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = list(headers)
        if retry_after is not None:
            self.headers.append((b"retry-after", str(max(1, math.ceil(retry_after))).encode()))

    @property
    def kind(self) -> str:
        if self.code == SPENT:
            return "insufficient_quota"
        return KINDS.get(self.status) or ("api_error" if self.status >= 500 else "invalid_request_error")

    def as_dict(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def encode(self) -> bytes:
        return orjson.dumps(self.as_dict())


class WrongBody(Refusal):
    """A field of the body that is not as it should be."""

    def __init__(self, param: str | None, message: str) -> None:
        super().__init__(400, "invalid_value" if param else "invalid_json", message, param=param)


def refuse_for(error: InferenceError, *, headers: Headers = ()) -> Refusal:
    """What the caller is told of what went wrong with a model."""
    param = "model" if isinstance(error, UnknownModel) else None
    return Refusal(error.status, error.code, str(error), param=param, retry_after=error.retry_after, headers=headers)


def refuse_key(error: AuthenticationFailed) -> Refusal:
    return Refusal(401, str(error.get_codes()), str(error.detail), headers=[(b"www-authenticate", b"Bearer")])


def refuse_failure() -> Refusal:
    return Refusal(500, "server_error", "Something failed on our side. The log has it under the request's id.")
