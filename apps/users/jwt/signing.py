"""How tokens are signed and read: HS256 and nothing else, with a key of their own that is made of SECRET_KEY."""

from typing import Any

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.settings import api_settings

SALT = "apps.users.jwt.signing"


class MalformedToken(TokenBackendError):
    """The text is no token at all."""


class ForeignToken(TokenBackendError):
    """A token, but none that we signed for this purpose."""


class SigningBackend(TokenBackend):
    """Signs with the newest key; reads what that or a key of SECRET_KEY_FALLBACKS signed, for as long as it lasts."""

    def __init__(self) -> None:
        super().__init__(
            "HS256", audience=api_settings.AUDIENCE, issuer=api_settings.ISSUER, leeway=api_settings.LEEWAY
        )

    @property
    def prepared_signing_key(self) -> bytes:
        return derive_key(settings.SECRET_KEY)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """The claims. Raises MalformedToken, ForeignToken or TokenBackendExpiredToken."""
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                return self._decode(token, derive_key(secret))
            except jwt.InvalidSignatureError:
                continue
        raise ForeignToken("The token was not signed here.")

    def _decode(self, token: Any, key: bytes) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[self.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=self.get_leeway(),
                options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
            )
        except jwt.InvalidSignatureError:
            raise
        except jwt.ExpiredSignatureError as error:
            raise TokenBackendExpiredToken(str(error)) from error
        except jwt.InvalidAlgorithmError as error:
            raise ForeignToken(str(error)) from error
        except jwt.DecodeError as error:
            raise MalformedToken(str(error)) from error
        except jwt.InvalidTokenError as error:
            raise ForeignToken(str(error)) from error


def derive_key(secret: str) -> bytes:
    """The signing key, of 256 bits: neither it nor a token tells anything of the secret or of other keys made of it."""
    return salted_hmac(SALT, "jwt", secret=secret, algorithm="sha256").digest()
