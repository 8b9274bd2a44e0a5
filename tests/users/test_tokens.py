from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.users.tokens import (
    TOKEN_PATTERN,
    KeyState,
    Token,
    hash_secret,
    key_state,
    new_token,
    parse_token,
    same_secret,
)

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def test_a_new_token_reads_back_as_itself() -> None:
    token = new_token()
    assert parse_token(str(token)) == token


def test_tokens_differ_in_both_halves() -> None:
    tokens = [new_token() for _ in range(200)]
    assert len({token.prefix for token in tokens}) == len({token.secret for token in tokens}) == 200


def test_the_secret_stays_out_of_logs() -> None:
    token = new_token()
    assert token.secret not in repr(token)


@given(st.from_regex(TOKEN_PATTERN, fullmatch=True))
def test_whatever_has_the_shape_is_parsed_and_written_back(text: str) -> None:
    token = parse_token(text)
    assert token is not None
    assert str(token) == text


@given(st.text())
@example("ts_ab12cd34")
@example("ts_ab12cd34_")
@example("ts_ab12cd34_" + "a" * 42)
@example("ts_ab12cd34_" + "a" * 44)
@example("ts_ab12cd34_" + "a" * 43 + "\n")
@example("ts_AB12CD34_" + "a" * 43)
@example("ts_ab12cd34_" + "a" * 42 + "\0")
@example("ts_ab12cd34_" + "a" * 42 + "é")
@example("ts_٣b12cd34_" + "a" * 43)
@example("ts_ab12cd34_" + "a" * 10_000)
def test_anything_else_is_no_token(text: str) -> None:
    assert parse_token(text) is None


def test_the_hash_is_sha256_of_the_secret() -> None:
    assert hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_only_the_same_secret_is_the_same() -> None:
    token = new_token()
    assert same_secret(token.secret, hash_secret(token.secret))
    assert not same_secret(token.secret, hash_secret(new_token().secret))
    assert not same_secret(token.secret, "")


@pytest.mark.parametrize(
    ("revoked_at", "expires_at", "state"),
    [
        (None, None, KeyState.ACTIVE),
        (None, FUTURE, KeyState.ACTIVE),
        (None, NOW, KeyState.EXPIRED),
        (None, PAST, KeyState.EXPIRED),
        (PAST, None, KeyState.REVOKED),
        (PAST, PAST, KeyState.REVOKED),
        (PAST, FUTURE, KeyState.REVOKED),
    ],
)
def test_state(revoked_at: datetime | None, expires_at: datetime | None, state: KeyState) -> None:
    assert key_state(revoked_at=revoked_at, expires_at=expires_at, now=NOW) == state


def test_a_token_is_its_halves() -> None:
    assert str(Token("ts_ab12cd34", "s")) == "ts_ab12cd34_s"
