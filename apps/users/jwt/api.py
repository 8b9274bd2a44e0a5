"""REST: tokens for programs that sign in with an account, and the families they are of."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from apps.core.addresses import client_address
from apps.core.api_base import ApiView
from apps.core.errors import InvalidInput
from apps.core.idempotency.services import HEADER
from apps.core.openapi import describe_read, describe_write
from apps.users.jwt.models import TokenFamily
from apps.users.jwt.serializers import (
    RefreshSerializer,
    RevokeSerializer,
    SignInSerializer,
    TokenFamilySerializer,
    TokenPairSerializer,
)
from apps.users.jwt.services import TokenPair, refresh_family, revoke_families, revoke_token, start_family
from apps.users.jwt.signing_in import prove_user
from apps.users.permissions import get_user


class TokenView(ApiView):
    """Open to whoever holds a password or a token: no header or session signs in here."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if HEADER in request.headers:
            reason = "is not taken here: to answer twice, the tokens would have to be kept"
            raise InvalidInput({HEADER: reason}, code="idempotency_not_supported")
        super().initial(request, *args, **kwargs)

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Touchstone"'

    def answer_pair(self, pair: TokenPair) -> Response:
        return Response(TokenPairSerializer(pair).data, headers={"Cache-Control": "no-store"})


class SignInView(TokenView):
    serializer_class = SignInSerializer

    @describe_read(
        "Get a pair of tokens",
        {200: TokenPairSerializer},
        errors=(413, 429),
        request=SignInSerializer,
        description="For an account's address and password, and a code of its second factor if it has one. "
        "An unknown account reads like a wrong password.",
        operation_id="auth_token_create",
    )
    def post(self, request: Request) -> Response:
        given = self.read_body(request, SignInSerializer)
        name = given.pop("name")
        user = prove_user(request._request, **given)
        return self.answer_pair(start_family(user=user, name=name, address=client_address(request._request)))


class RefreshView(TokenView):
    serializer_class = RefreshSerializer

    @describe_read(
        "Refresh a pair of tokens",
        {200: TokenPairSerializer},
        errors=(413,),
        request=RefreshSerializer,
        description="Spends the refresh token. One that comes twice revokes all tokens of its family, without grace.",
        operation_id="auth_token_refresh",
    )
    def post(self, request: Request) -> Response:
        return self.answer_pair(refresh_family(**self.read_body(request, RefreshSerializer)))


class RevokeView(TokenView):
    serializer_class = RevokeSerializer

    @describe_read(
        "Revoke tokens",
        {204: None},
        errors=(413,),
        request=RevokeSerializer,
        description="Ends the whole family of the token, at once and for good.",
        operation_id="auth_token_revoke",
    )
    def post(self, request: Request) -> Response:
        revoke_token(**self.read_body(request, RevokeSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenFamilyViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """One's own families."""

    queryset = TokenFamily.objects.select_related("user").newest_first()
    serializer_class = TokenFamilySerializer
    filter_backends = []
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[TokenFamily]:
        mine: QuerySet[TokenFamily] = super().get_queryset().filter(user=get_user(self.request))
        return mine

    @describe_read(
        "List my token families",
        {200: TokenFamilySerializer(many=True)},
        description="One a sign-in of a program; the newest first.",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @describe_write("Revoke a token family", {204: None}, errors=(404,), description="All its tokens, at once.")
    def destroy(self, request: Request, pk: object) -> Response:
        revoke_families(families=[self.get_object()])
        return Response(status=status.HTTP_204_NO_CONTENT)
