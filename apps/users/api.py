"""REST: who I am, and my API keys."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.users import schema  # noqa: F401 - tells the OpenAPI about API keys
from apps.users.models import ApiKey
from apps.users.permissions import get_user
from apps.users.scopes import ANY_SCOPE
from apps.users.serializers import ApiKeyRequestSerializer, ApiKeySerializer, MeSerializer, NewApiKeySerializer
from apps.users.services import create_key, revoke_key


class MeView(APIView):
    required_scopes = {"GET": ANY_SCOPE}

    @extend_schema(responses=MeSerializer, summary="Who am I", operation_id="me")
    def get(self, request: Request) -> Response:
        me = get_user(request)
        scopes = request.auth.effective_scopes if isinstance(request.auth, ApiKey) else me.key_scopes
        return Response(MeSerializer(me).data | {"scopes": scopes})


class ApiKeyViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ApiKey]):
    """One's own keys. For people only: a stolen key must not be able to make another that outlives it."""

    serializer_class = ApiKeySerializer
    filter_backends = []
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[ApiKey]:
        if getattr(self, "swagger_fake_view", False):
            return ApiKey.objects.none()
        return ApiKey.objects.filter(user=get_user(self.request)).select_related("user").newest_first()

    @extend_schema(summary="My API keys")
    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ApiKeyRequestSerializer, responses={201: NewApiKeySerializer}, summary="Make an API key")
    def create(self, request: Request) -> Response:
        wanted = ApiKeyRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        key, token = create_key(user=get_user(request), **wanted.validated_data)
        shown = ApiKeySerializer(key).data | {"token": token}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @extend_schema(summary="Revoke an API key", responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        revoke_key(key=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
