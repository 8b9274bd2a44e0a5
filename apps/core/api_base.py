"""What every API view of ours starts from: bounded bodies, known parameters only, writes that may be sent twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django_filters import FilterSet
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from apps.core.errors import InvalidInput
from apps.core.idempotency.api import IdempotentWrites
from apps.core.parsers import BodyTooLarge, JSONParser


class ApiView(IdempotentWrites, GenericAPIView[Any]):
    """A view whose `query_serializer_classes` say, by action or method, what a request may ask in its address."""

    parser_classes = [JSONParser]
    filterset_class: type[FilterSet] | None = None
    query_serializer_classes: Mapping[str, type[Serializer[Any]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body: signing in by session looks into forms, and so would load them first.
        limit = self.get_body_limit(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            raise BodyTooLarge(limit)
        super().initial(request, *args, **kwargs)
        self.check_parameters(request)

    def perform_authentication(self, request: Request) -> None:
        """Also counts who asks, before it is looked at whether they may: guesses count like anything else."""
        try:
            super().perform_authentication(request)
        finally:
            self.check_throttles(request)

    def get_body_limit(self, request: Request) -> int:
        """Bytes."""
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def check_parameters(self, request: Request) -> None:
        """Raises InvalidInput for a parameter that would be ignored: it is likely a misspelt filter."""
        known = self.get_parameters()
        unknown = [name for name in request.query_params if name not in known]
        if unknown:
            hint = f"known are {', '.join(known)}" if known else "there are none here"
            raise InvalidInput({unknown[0]: f"is no parameter; {hint}"}, code="unknown_parameter")

    def get_parameters(self) -> Sequence[str]:
        serializer = self.get_query_serializer_class()
        if serializer is not None:
            return list(serializer().fields)
        return self.get_list_parameters() if getattr(self, "action", None) == "list" else []

    def get_list_parameters(self) -> Sequence[str]:
        filters = list(self.filterset_class.base_filters) if self.filterset_class else []
        return [*filters, "page", "page_size"]

    def get_query_serializer_class(self) -> type[Serializer[Any]] | None:
        by_method = self.query_serializer_classes.get(str(self.request.method))
        return self.query_serializer_classes.get(getattr(self, "action", None) or "", by_method)

    def read_query(self, request: Request) -> dict[str, Any]:
        """The address's parameters, checked by the action's query serializer."""
        serializer_class = self.get_query_serializer_class()
        if serializer_class is None:
            raise LookupError(f"{type(self).__name__} declares no query serializer for this action")
        serializer = serializer_class(data=request.query_params.dict())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def read_body(self, request: Request, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
