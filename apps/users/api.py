"""REST: who I am, and my API keys."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.errors import InvalidInput
from apps.core.idempotency.services import HEADER
from apps.core.openapi import describe_read, describe_write
from apps.users import schema  # noqa: F401 - tells the OpenAPI about API keys
from apps.users.models import ApiKey
from apps.users.permissions import get_user
from apps.users.serializers import (
    ApiKeySerializer,
    MeSerializer,
    NewApiKeySerializer,
    RotationSerializer,
    ShownApiKeySerializer,
)
from apps.users.services import create_key, revoke_key, rotate_key


class MeView(ApiView):
    serializer_class = MeSerializer

    @describe_read("Who am I", {200: MeSerializer}, description="Any live key may ask.", operation_id="me_retrieve")
    def get(self, request: Request) -> Response:
        me = get_user(request)
        scopes = request.auth.effective_scopes if isinstance(request.auth, ApiKey) else me.key_scopes
        return Response(MeSerializer(me).data | {"scopes": scopes})


class ApiKeyViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """One's own keys. For people only: a stolen key must not be able to make another that outlives it."""

    queryset = ApiKey.objects.select_related("user").newest_first()
    serializer_class = ApiKeySerializer
    filter_backends = []
    lookup_value_converter = "int"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST" and HEADER in request.headers:
            reason = "is not taken here: to answer twice, the token would have to be kept"
            raise InvalidInput({HEADER: reason}, code="idempotency_not_supported")
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ApiKey]:
        mine: QuerySet[ApiKey] = super().get_queryset().filter(user=get_user(self.request))
        return mine

    @describe_read("List my API keys", {200: ApiKeySerializer(many=True)})
    def list(self, request: Request) -> Response:
        return super().list(request)

    # Described as a read is, since it takes no Idempotency-Key.
    @describe_read(
        "Make an API key",
        {201: ShownApiKeySerializer},
        errors=(413,),
        request=NewApiKeySerializer,
        description="The answer holds the token, this once.",
    )
    def create(self, request: Request) -> Response:
        key, token = create_key(user=get_user(request), **self.read_body(request, NewApiKeySerializer))
        shown = ApiKeySerializer(key).data | {"token": token}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @describe_write("Revoke an API key", {204: None}, errors=(404,), description="At once and for good.")
    def destroy(self, request: Request, pk: int) -> Response:
        revoke_key(key=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    # Described as a read is, since it takes no Idempotency-Key.
    @describe_read(
        "Rotate an API key",
        {200: ShownApiKeySerializer},
        errors=(404, 409, 413),
        request=RotationSerializer,
        description="Gives the key a new secret. The answer holds the token, this once.",
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: int) -> Response:
        hours = self.read_body(request, RotationSerializer)["overlap_hours"]
        key = self.get_object()
        token = rotate_key(key=key, overlap=timedelta(hours=hours))
        return Response(ApiKeySerializer(key).data | {"token": token}, headers={"Cache-Control": "no-store"})
