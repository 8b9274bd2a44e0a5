"""Only what was signed here, for this, by the one algorithm, is a token."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.users.jwt.signing import SALT, derive_key
from apps.users.jwt.tokens import AccessToken, RefreshToken, TokenRefused, read_token

pytestmark = pytest.mark.unit

FAMILY = "0" * 32
FUTURE = 10_000_000_000
"""In the year 2286."""


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "token_type": "access",
        "sub": "1",
        "jti": "a" * 32,
        "fam": FAMILY,
        "iat": now,
        "exp": now + 60,
        "iss": "touchstone",
        "aud": "touchstone-api",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def sign(key: bytes | None = None, algorithm: str = "HS256", **changed: Any) -> str:
    from django.conf import settings

    return jwt.encode(claims(**changed), key or derive_key(settings.SECRET_KEY), algorithm=algorithm)


def refusal(text: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        read_token(AccessToken, text)
    return str(refused.value.get_codes())


def test_what_was_signed_here_is_read() -> None:
    assert read_token(AccessToken, sign()).family_id.hex == FAMILY


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "another-api"},
        {"aud": None},
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"fam": "no uuid"},
        {"iat": FUTURE},
        {"nbf": FUTURE},
    ],
)
def test_claims_that_are_missing_or_another_services_are_unknown(changed: dict[str, Any]) -> None:
    assert refusal(sign(**changed)) == "token_unknown"


def test_other_keys_sign_nothing(settings: Settings) -> None:
    for key in (b"k" * 32, settings.SECRET_KEY.encode() * 3, derive_key("another secret"), SALT.encode() * 2):
        assert refusal(sign(key)) == "token_unknown"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_algorithms_are_refused_even_with_the_right_key(algorithm: str, settings: Settings) -> None:
    assert refusal(sign(derive_key(settings.SECRET_KEY) * 2, algorithm)) == "token_unknown"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_a_token_that_says_it_needs_no_signature_is_refused(name: str) -> None:
    head, body = ({"alg": name, "typ": "JWT"}, claims())
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, body)]
    for signature in ("", sign().rpartition(".")[2]):
        assert refusal(".".join([*parts, signature])) == "token_unknown"


def test_a_former_key_is_read_while_it_is_named(settings: Settings) -> None:
    token = sign()
    former, settings.SECRET_KEY = settings.SECRET_KEY, "a new secret key"
    assert refusal(token) == "token_unknown"
    settings.SECRET_KEY_FALLBACKS = ["one before", former]
    assert read_token(AccessToken, token)["sub"] == "1"
    settings.SECRET_KEY_FALLBACKS = []
    assert read_token(AccessToken, sign())["sub"] == "1"


def test_time_runs_out_but_for_what_clocks_differ() -> None:
    now = int(time.time())
    assert refusal(sign(exp=now - 60)) == "token_expired"
    assert read_token(AccessToken, sign(iat=now + 2))["sub"] == "1"


def test_the_other_kind_is_named_as_that() -> None:
    assert refusal(sign(token_type="refresh")) == "token_wrong_type"
    assert refusal(sign(token_type=None)) == "token_wrong_type"
    with pytest.raises(TokenRefused, match="other kind"):
        read_token(RefreshToken, sign())


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_token(text: str) -> None:
    assert refusal(text) in ("token_malformed", "token_unknown")


@given(st.data())
def test_no_changed_letter_goes_unnoticed(data: st.DataObject) -> None:
    token = sign()
    # The last letter of a signature has two bits that mean nothing.
    place = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda letter: letter != token[place]))
    assert refusal(token[:place] + letter + token[place + 1 :]) in ("token_malformed", "token_unknown")
