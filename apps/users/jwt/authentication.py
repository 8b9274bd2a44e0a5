"""Signing in with an access token: `Authorization: Bearer eyJ...`."""

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from apps.core.addresses import client_address
from apps.users.jwt.keeping import find_kept_family
from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import find_family
from apps.users.models import User


class JwtAuthentication(BaseAuthentication):
    """Makes `request.user` the token's owner and `request.auth` its family; leaves other headers to the next."""

    def authenticate(self, request: Request) -> tuple[User, TokenFamily] | None:
        family = sign_in_with_jwt(request)
        return (family.user, family) if family else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Touchstone"'


def sign_in_with_jwt(request: Request | HttpRequest, *, kept: bool = False) -> TokenFamily | None:
    """The family of the access token that the request's header holds, and its use noted; None without such a header.

    Raises TokenRefused. The family is read anew every time: one that is revoked counts from the next request on, in
    every process. With `kept` it is as it was up to half a second ago, see `find_kept_family`.
    """
    text = find_jwt(request)
    if text is None:
        return None
    family = find_kept_family(access=text) if kept else find_family(access=text)
    family.record_use(timezone.now(), client_address(getattr(request, "_request", request)))
    return family


def find_jwt(request: Request | HttpRequest) -> str | None:
    """What the header holds, where that looks like a JWT: no API key has a dot, nor begins like base64 of `{"`."""
    header = get_authorization_header(request)  # type: ignore[arg-type]
    scheme, _, text = header.decode("ascii", errors="replace").partition(" ")
    text = text.strip()
    return text if scheme.lower() == "bearer" and ("." in text or text.startswith("eyJ")) else None
