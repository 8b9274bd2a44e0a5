import io
import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.users.models import ApiKey
from apps.users.tokens import parse_token
from tests.users.factories import ApiKeyFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("rotate_key", *args, stdout=out)
    return out.getvalue()


def refusal(*args: str) -> str:
    err = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("rotate_key", *args, stderr=err, no_color=True)
    assert stopped.value.code
    return err.getvalue()


def test_the_new_token_is_printed_once_and_matches() -> None:
    key = ApiKeyFactory()
    token = parse_token(run(key.prefix).split("once: ")[1].strip())
    assert token is not None
    assert token.prefix == key.prefix
    assert ApiKey.objects.get().matches(token.secret)


def test_json_says_how_long_the_old_one_is_good() -> None:
    key = ApiKeyFactory()
    made = json.loads(run(key.prefix, "--overlap", "0", "--json"))
    stored = ApiKey.objects.get()
    assert made["former_until"] == stored.former_until.isoformat()
    assert stored.former_until <= timezone.now()


@pytest.mark.parametrize("prefix", ["ts_nosuchke", "", "ts_\0"])
def test_a_key_that_is_not_there_is_wrong_use(prefix: str) -> None:
    assert refusal(prefix).startswith("prefix: ")


@pytest.mark.parametrize("hours", ["-1", "1000"])
def test_an_overlap_beyond_reason_changes_nothing(hours: str) -> None:
    key = ApiKeyFactory()
    assert refusal(key.prefix, "--overlap", hours).startswith("overlap: ")
    assert ApiKey.objects.get().secret_hash == key.secret_hash


def test_what_has_ended_stays_so() -> None:
    key = ApiKeyFactory(revoked_at=timezone.now())
    assert "make a new one" in refusal(key.prefix)
