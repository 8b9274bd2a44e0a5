"""How our views describe themselves in the OpenAPI document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, TypeVar, Unpack

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from apps.core.errors import PROBLEM_TYPE
from apps.core.idempotency.services import HEADER, MAX_LENGTH
from apps.core.serializers import ProblemSerializer

F = TypeVar("F")
JSON_TYPE = "application/json"


class Options(TypedDict, total=False):
    """What else `extend_schema` is told."""

    description: str
    request: Any
    parameters: Sequence[Any]
    examples: Sequence[OpenApiExample]
    operation_id: str


IDEMPOTENCY_KEY = OpenApiParameter(
    name=HEADER,
    type={"type": "string", "maxLength": MAX_LENGTH},
    location=OpenApiParameter.HEADER,
    description="Your own name of this write. Sent again within 24 hours it is answered as the first time, with the "
    "header `Idempotent-Replayed: true`, and changes nothing.",
)
IF_MATCH = OpenApiParameter(
    name="If-Match",
    type=str,
    location=OpenApiParameter.HEADER,
    description="The `ETag` of the revision you edit: when it is not the newest any more, the answer is 412.",
)
LIMITS = [
    OpenApiParameter(
        name="RateLimit-Policy",
        type=str,
        location=OpenApiParameter.HEADER,
        response=True,
        description='Each limit: a quota `q` in `w` seconds, as in `"key";q=6000;w=60`; `"budget"` is of the month.',
    ),
    OpenApiParameter(
        name="RateLimit",
        type=str,
        location=OpenApiParameter.HEADER,
        response=True,
        description='How each stands: `r` requests remain, all of it again in `t` seconds, as in `"key";r=5987;t=52`.',
    ),
    OpenApiParameter(
        name="Retry-After",
        type=int,
        location=OpenApiParameter.HEADER,
        response=[429],
        description="Seconds to wait.",
    ),
]
MEANINGS = {
    400: "The request is malformed; `errors` names each field at fault.",
    401: "No valid API key or session.",
    403: "The key's scopes or the user's role do not allow this.",
    404: "There is nothing at this address.",
    409: "The state of things forbids it.",
    406: "No answer is of a type that `Accept` names.",
    412: "Somebody else changed it since the revision named in `If-Match`.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken here.",
    422: "The `Idempotency-Key` was used for another request.",
    429: "Too many requests (`rate_limited`), too many a month (`budget_spent`), or failed sign-ins (`throttled`).",
}
READ_ERRORS = (400, 401, 403, 429)
WRITE_ERRORS = (*READ_ERRORS, 409, 413, 422)
EDIT_ERRORS = (*WRITE_ERRORS, 404, 412)


def describe_read(
    summary: str, responses: Mapping[Any, Any], *, errors: Sequence[int] = (), **options: Unpack[Options]
) -> Callable[[F], F]:
    """`extend_schema` for an operation that changes nothing. `errors`: statuses besides the usual ones."""
    return _describe(summary, responses, (*READ_ERRORS, *errors), [], options)


def describe_write(
    summary: str, responses: Mapping[Any, Any], *, errors: Sequence[int] = (), **options: Unpack[Options]
) -> Callable[[F], F]:
    """`extend_schema` for an operation that may be sent twice under one key."""
    return _describe(summary, responses, (*WRITE_ERRORS, *errors), [IDEMPOTENCY_KEY], options)


def describe_edit(summary: str, responses: Mapping[Any, Any], **options: Unpack[Options]) -> Callable[[F], F]:
    """`extend_schema` for a write to something that has revisions."""
    return _describe(summary, responses, EDIT_ERRORS, [IDEMPOTENCY_KEY, IF_MATCH], options)


def _describe(
    summary: str,
    responses: Mapping[Any, Any],
    errors: Sequence[int],
    headers: list[OpenApiParameter],
    options: Options,
) -> Callable[[F], F]:
    # Every key has its media type: drf-spectacular takes the least for the main answer, and compares them as text.
    answers = {key if isinstance(key, tuple) else (key, JSON_TYPE): answer for key, answer in responses.items()}
    problems = {(status, PROBLEM_TYPE): _problem(status) for status in sorted(set(errors))}
    decorate: Any = extend_schema(
        summary=summary,
        description=options.get("description"),
        request=options.get("request"),
        responses={**answers, **problems},
        parameters=[*options.get("parameters", ()), *headers, *LIMITS],
        examples=list(options.get("examples", ())),
        operation_id=options.get("operation_id"),
    )
    return decorate


def _problem(status: int) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=MEANINGS[status])


def add_usual_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """For drf-spectacular: problems that follow from what an operation takes, said once for all of them."""
    for operations in result["paths"].values():
        for operation in operations.values():
            known = operation["responses"]
            problem = known.get("401") or known.get("400")
            for status in _usual_statuses(operation) if problem else ():
                known.setdefault(str(status), {**problem, "description": MEANINGS[status]})
    return result


def _usual_statuses(operation: dict[str, Any]) -> list[int]:
    """A page of a list that is not there is a 404."""
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    return [406, *([404] if "page" in parameters else []), *([415] if "requestBody" in operation else [])]
