"""Signing in with an access token: `Authorization: Bearer eyJ...`."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from apps.core.addresses import client_address
from apps.users.jwt.models import TokenFamily
from apps.users.jwt.services import find_family
from apps.users.models import User


class JwtAuthentication(BaseAuthentication):
    """Makes `request.user` the token's owner and `request.auth` its family; leaves other headers to the next.

    The family is read anew every time: one that is revoked counts from the next request on, in every process.
    """

    def authenticate(self, request: Request) -> tuple[User, TokenFamily] | None:
        text = find_jwt(request)
        if text is None:
            return None
        family = find_family(access=text)
        family.record_use(timezone.now(), client_address(request._request))
        return family.user, family

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Touchstone"'


def find_jwt(request: Request) -> str | None:
    """What the header holds, where that looks like a JWT: no API key has a dot, nor begins like base64 of `{"`."""
    scheme, _, text = get_authorization_header(request).decode("ascii", errors="replace").partition(" ")
    text = text.strip()
    return text if scheme.lower() == "bearer" and ("." in text or text.startswith("eyJ")) else None
