import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.users.models import ApiKey
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ, FUNCTIONS_WRITE
from apps.users.tokens import parse_token
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("create_key", *args, stdout=out)
    return out.getvalue()


def refusal(*args: str) -> str:
    """What wrong use prints to standard error, having ended with status 2."""
    err = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("create_key", *args, stderr=err, no_color=True)
    assert stopped.value.code == 2
    return err.getvalue()


def test_the_token_is_printed_once_and_matches() -> None:
    user = UserFactory(role=Role.CURATOR)
    printed = run(user.email.upper(), "--name", "CI", "--scope", FUNCTIONS_READ, "--scope", FUNCTIONS_WRITE)
    key = ApiKey.objects.get()
    token = parse_token(printed.split("once: ")[1].strip())
    assert token is not None
    assert key.matches(token.secret)
    assert (key.user, key.name, key.scopes, key.expires_at) == (user, "CI", [FUNCTIONS_READ, FUNCTIONS_WRITE], None)


def test_without_a_scope_it_only_reads() -> None:
    run(UserFactory(role=Role.ADMIN).email, "--name", "CI")
    assert ApiKey.objects.get().scopes == [FUNCTIONS_READ]


def test_json() -> None:
    made = json.loads(run(UserFactory().email, "--name", "CI", "--expires", "30", "--json"))
    key = ApiKey.objects.get()
    token = parse_token(made.pop("token"))
    assert token is not None
    assert key.matches(token.secret)
    assert key.expires_at is not None
    assert made == {
        "id": key.pk,
        "user": key.user.email,
        "name": "CI",
        "prefix": key.prefix,
        "scopes": [FUNCTIONS_READ],
        "expires_at": key.expires_at.isoformat(),
        "networks": [],
        "requests_per_minute": None,
        "requests_per_month": None,
    }
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_networks_and_limits() -> None:
    limits = ["--per-minute", "60", "--per-month", "1000"]
    run(UserFactory().email, "--name", "CI", "--network", "192.0.2.7", "--network", "2001:db8::/32", *limits)
    key = ApiKey.objects.get()
    assert key.networks == ["192.0.2.7/32", "2001:db8::/32"]
    assert (key.requests_per_minute, key.requests_per_month) == (60, 1000)


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["--name", ""], "name"),
        (["--name", "CI", "--scope", "functions:destroy"], "scopes"),
        (["--name", "CI", "--scope", FUNCTIONS_WRITE], "scopes"),
        (["--name", "CI", "--network", "office"], "networks"),
        (["--name", "CI", "--per-minute", "0"], "requests_per_minute"),
        (["--name", "CI", "--per-month", "-1"], "requests_per_month"),
        (["--name", "CI", "--expires", "0"], "expires"),
        (["--name", "CI", "--expires", "-3"], "expires"),
        (["--name", "CI", "--expires", "999999999"], "expires"),
    ],
)
def test_wrong_use_names_the_field_and_makes_nothing(args: list[str], field: str) -> None:
    assert refusal(UserFactory().email, *args).startswith(f"{field}: ")
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("email", ["nobody@example.com", "", "a\0b"])
def test_a_user_that_is_not_there_is_wrong_use(email: str) -> None:
    assert refusal(email, "--name", "CI").startswith("email: ")


def test_what_is_no_role_may_hold_none() -> None:
    assert refusal(UserFactory(role="nobody").email, "--name", "CI").startswith("user: ")
