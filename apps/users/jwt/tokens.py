"""The two kinds of tokens, and what is wrong with one that may not be used."""

from typing import Any, TypeVar
from uuid import UUID

from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from apps.users.jwt.models import TokenFamily
from apps.users.jwt.signing import ForeignToken, MalformedToken, SigningBackend

FAMILY_CLAIM = "fam"
REFUSALS = {
    "token_malformed": "The token is malformed: it should have three parts, with a dot between each.",
    "token_expired": "The token has expired.",
    "token_unknown": "The token is unknown.",
    "token_wrong_type": "This is the other kind of token: requests take the access token, refreshing the other.",
    "token_revoked": "The token was revoked. Sign in again.",
    "token_reused": "The refresh token was used before, so all tokens of its family are revoked. Sign in again.",
    "token_owner_inactive": "The token belongs to a deactivated account.",
}

AnyToken = TypeVar("AnyToken", bound="OurToken")


class TokenRefused(AuthenticationFailed):
    """Says with a code of REFUSALS why a token may not be used."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSALS[code], code)


class OurToken(tokens.Token):
    """A token that was signed here, with the claim of its family."""

    @property
    def token_backend(self) -> SigningBackend:
        return SigningBackend()

    def verify(self) -> None:
        super().verify()
        for claim in ("sub", "jti", FAMILY_CLAIM):
            if not isinstance(self.payload.get(claim), str):
                raise TokenError(f"no {claim}")

    @property
    def family_id(self) -> UUID:
        return UUID(self.payload[FAMILY_CLAIM])


class AccessToken(OurToken, tokens.AccessToken):
    """Goes with each request."""


class RefreshToken(OurToken, tokens.RefreshToken):  # type: ignore[misc]
    """Gets a new pair, once."""

    access_token_class = AccessToken


def new_refresh_token(family: TokenFamily) -> RefreshToken:
    """A refresh token of the family, which also makes the access token that goes with it."""
    token: Any = RefreshToken.for_user(family.user)
    token[FAMILY_CLAIM] = family.pk.hex
    made: RefreshToken = token
    return made


def read_token(kind: type[AnyToken], text: str) -> AnyToken:
    """The token of that kind that is written in `text`. Raises TokenRefused."""
    encoded: Any = text
    try:
        token = kind(encoded)
        _ = token.family_id
    except ExpiredTokenError as error:
        raise TokenRefused("token_expired") from error
    except TokenError as error:
        raise TokenRefused(find_code(error.__cause__)) from error
    except ValueError as error:
        raise TokenRefused("token_unknown") from error
    return token


def find_code(cause: BaseException | None) -> str:
    if isinstance(cause, MalformedToken):
        return "token_malformed"
    return "token_unknown" if isinstance(cause, ForeignToken) else "token_wrong_type"
