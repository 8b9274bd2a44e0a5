"""The `Idempotency-Key` header on API views."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.idempotency import services
from apps.core.idempotency.models import IdempotencyRecord

REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("Location", "ETag")


class IdempotencyMismatch(APIException):
    status_code = 422
    default_code = "idempotency_mismatch"
    default_detail = "This Idempotency-Key was used for another request."


class IdempotentWrites(APIView):
    """Answers a write that comes again under its key with the first answer, and does nothing else."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get(services.HEADER)
        if key is None or request.method in SAFE_METHODS:
            return
        services.check_key(key)
        # The instance lives for one request, and its methods are bound the same way in ViewSetMixin.
        name = str(request.method).lower()
        if handler := getattr(self, name, None):
            setattr(self, name, partial(answer_once, handler, key))


def answer_once(handler: Callable[..., Response], key: str, request: Request, /, *args: Any, **kwargs: Any) -> Response:
    """`kwargs` are what the address names, a `key` among it for functions."""
    fingerprint = services.digest_request(
        method=str(request.method),
        path=request.get_full_path(),
        precondition=request.headers.get("If-Match", ""),
        data=request.data,
    )
    try:
        record = services.claim_key(user_id=int(request.user.pk or 0), key=key, fingerprint=fingerprint)
    except services.KeyReused as error:
        raise IdempotencyMismatch from error
    if record.is_answered:
        return _replay(record)
    return _answer(record, partial(handler, request, *args, **kwargs))


def _answer(record: IdempotencyRecord, handler: Callable[[], Response]) -> Response:
    stored = False
    try:
        with transaction.atomic():
            response = handler()
            headers = {name: response[name] for name in KEPT_HEADERS if name in response}
            body = JSONRenderer().render(response.data).decode()
            services.store_answer(record=record, answer=services.StoredAnswer(response.status_code, headers, body))
        stored = True
    finally:
        if not stored:
            services.release_key(record)
    return response


def _replay(record: IdempotencyRecord) -> Response:
    data = json.loads(record.body) if record.body else None
    return Response(data, status=record.status, headers={**record.headers, REPLAYED: "true"})
