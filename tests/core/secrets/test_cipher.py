import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from apps.core.secrets import SecretUnreadable, decrypt, encrypt, is_current, reencrypt

pytestmark = pytest.mark.unit


def new_key() -> str:
    return Fernet.generate_key().decode()


@given(st.text())
def test_what_was_encrypted_is_read_back(text):
    token = encrypt(text)
    assert token.isascii()
    assert decrypt(token) == text


def test_the_same_text_looks_different_each_time():
    assert encrypt("s3cret") != encrypt("s3cret")
    assert "s3cret" not in encrypt("s3cret")


def test_a_new_first_key_encrypts_and_the_former_still_reads(settings):
    former = settings.SECRETS_KEYS
    token = encrypt("s3cret")
    settings.SECRETS_KEYS = [new_key(), *former]
    assert decrypt(token) == "s3cret"
    assert not is_current(token)
    fresh = reencrypt(token)
    assert is_current(fresh)
    settings.SECRETS_KEYS = former
    with pytest.raises(SecretUnreadable, match="not in SECRETS_KEYS"):
        decrypt(fresh)


@pytest.mark.parametrize("token", ["", "plain text", "gAAAAA", "ä"])
def test_what_no_key_opens_is_said_to_be_unreadable(token):
    with pytest.raises(SecretUnreadable):
        decrypt(token)


def test_a_changed_token_is_not_read():
    token = encrypt("s3cret")
    changed = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    with pytest.raises(SecretUnreadable):
        decrypt(changed)
