import io
import json

import pytest
from django.core.management import call_command

from apps.users.models import User

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("create_user", *args, stdout=out)
    return out.getvalue()


def refusal(*args: str) -> str:
    """What wrong use prints to standard error, having ended with status 2."""
    err = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("create_user", *args, stderr=err, no_color=True)
    assert stopped.value.code == 2
    return err.getvalue()


def test_a_password_is_made_up_and_printed() -> None:
    printed = run("ada@example.com", "--role", "curator", "--name", "Ada")
    user = User.objects.get()
    assert (user.email, user.role, user.full_name) == ("ada@example.com", "curator", "Ada")
    assert user.check_password(printed.split("once: ")[1].strip())


def test_a_given_password_is_not_printed() -> None:
    printed = run("ada@example.com", "--role", "viewer", "--password", "correct horse 7")
    assert "correct horse 7" not in printed
    assert User.objects.get().check_password("correct horse 7")


def test_json() -> None:
    made = json.loads(run("ada@example.com", "--role", "admin", "--json"))
    user = User.objects.get()
    assert made == {"id": user.pk, "email": "ada@example.com", "role": "admin", "password": made["password"]}
    assert user.check_password(made["password"])


def test_json_with_a_given_password_leaves_it_out() -> None:
    made = json.loads(run("ada@example.com", "--role", "admin", "--password", "correct horse 7", "--json"))
    assert "password" not in made


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["nonsense", "--role", "viewer"], "email"),
        (["ada@example.com", "--role", "owner"], "role"),
        (["ada@example.com", "--role", "viewer", "--password", "short"], "password"),
        (["ada@example.com", "--role", "viewer", "--name", "x" * 101], "full_name"),
    ],
)
def test_wrong_use_names_the_field_and_makes_nothing(args: list[str], field: str) -> None:
    assert refusal(*args).startswith(f"{field}: ")
    assert not User.objects.exists()


def test_an_address_that_has_an_account_is_wrong_use() -> None:
    run("ada@example.com", "--role", "viewer")
    assert refusal("Ada@example.com", "--role", "admin") == "email: ada@example.com has an account already\n"


def test_wrong_use_as_json() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("create_user", "nonsense", "--role", "viewer", "--json", stdout=out)
    assert stopped.value.code == 2
    assert json.loads(out.getvalue())["errors"].keys() == {"email"}
