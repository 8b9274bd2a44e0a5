from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.audit.masking import HIDDEN, MOST_CHARACTERS, mask, mask_change

SECRET = "ts_abcdefgh_" + "S" * 43
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_any_value_can_be_kept(value: Any) -> None:
    """PostgreSQL's JSON takes no NUL."""
    assert "\\u0000" not in repr(mask(value))


@given(st.recursive(st.just(SECRET), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner)))
def test_a_key_is_found_however_deep(value: Any) -> None:
    assert "SSS" not in repr(mask(value))


@pytest.mark.parametrize(
    "name", ["password", "new_password1", "webhook_secret", "refresh_token", "secret_hash", "X-Authorization"]
)
def test_fields_that_are_called_so_are_hidden(name: str) -> None:
    assert mask({name: "hush", "nothing": ""}) == {name: HIDDEN, "nothing": ""}
    assert mask_change(name, "", "hush") == ["", HIDDEN]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("smtp://ann:hush@mail.example:25", "smtp://(hidden)@mail.example:25"),
        ("Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "Bearer (hidden)"),
        ("a plain text with ts_ in it", "a plain text with ts_ in it"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert mask(text) == shown


def test_of_long_texts_the_part_that_changed_is_kept() -> None:
    before, after = mask_change("code", "a" * 10_000 + "before", "a" * 10_000 + "after")
    assert before == "…" + "a" * 200 + "before"
    assert after == "…" + "a" * 200 + "after"


def test_long_texts_are_cut() -> None:
    assert mask("x" * 5000) == "x" * MOST_CHARACTERS + "… (5,000 characters)"
