"""Signing in and out, second factors, keys and tokens in the audit log."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory

from apps.core.audit.models import AuditEntry
from apps.users.jwt.services import refresh_family, start_family
from apps.users.jwt.tokens import TokenRefused
from apps.users.models import User
from apps.users.services import create_key, revoke_key, revoke_keys, rotate_key
from apps.users.watching import shorten_address
from tests.users.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LOGIN = "/account/login/"


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def last(event: str) -> AuditEntry:
    return AuditEntry.objects.filter(event=event).latest("pk")


def sign_in(email: str, password: str) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.44")
    client.post(LOGIN, {"login": email, "password": password})
    return client


def test_signing_in_and_out(user: User) -> None:
    client = sign_in(user.email, PASSWORD)
    entry = last("sign_in")
    assert (entry.actor_id, entry.remote_addr, entry.additional_data["path"]) == (user.pk, "192.0.2.44", LOGIN)
    assert entry.cid
    client.post("/account/logout/")
    assert last("sign_out").actor_id == user.pk


def test_a_failure_says_which_address_was_tried_and_nothing_of_the_password(user: User) -> None:
    sign_in(user.email, "wrong-password-9")
    entry = last("sign_in.failed")
    assert (entry.actor_id, entry.object_repr, entry.remote_addr) == (None, user.email, "192.0.2.44")
    assert "wrong-password" not in str(AuditEntry.objects.values())


def test_an_unknown_address_leaves_the_same_trace(user: User) -> None:
    sign_in("nobody@example.org", "wrong-password-9")
    assert last("sign_in.failed").object_repr == "nobody@example.org"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann@Example.org ", "ann@example.org"),
        ("my-secret-password", "(no e-mail address)"),
        ("", "(no e-mail address)"),
    ],
)
def test_a_password_in_the_wrong_field_is_not_kept(typed: str, kept: str) -> None:
    assert shorten_address(typed) == kept


def test_failures_outside_of_pages_are_noted_too(user: User) -> None:
    assert authenticate(RequestFactory().get("/"), email=user.email, password="wrong") is None
    assert last("sign_in.failed").object_repr == user.email


def test_second_factors(user: User) -> None:
    factor = Authenticator.objects.create(user=user, type="totp", data={"secret": "hush"})
    request = RequestFactory().get("/")
    request.user = user
    authenticator_added.send(sender=Authenticator, request=request, user=user, authenticator=factor)
    entry = last("second_factor.added")
    assert (entry.actor_id, entry.object_repr, entry.additional_data["factor"]) == (user.pk, user.email, "totp")
    assert "hush" not in str(AuditEntry.objects.values())


def test_keys(user: User) -> None:
    key, token = create_key(user=user, name="nightly", scopes=["functions:read"])
    assert AuditEntry.objects.get_for_object(key).get().event == "created"
    second = rotate_key(key=key)
    assert last("key.rotated").object_pk == str(key.pk)
    revoke_key(key=key)
    revoke_key(key=key)
    assert AuditEntry.objects.filter(event="key.revoked").count() == 1
    text = str(list(AuditEntry.objects.values()))
    for secret in (token, second, key.secret_hash):
        assert secret not in text


def test_many_keys_at_once_have_an_entry_each(user: User) -> None:
    keys = [create_key(user=user, name=name, scopes=["functions:read"])[0] for name in "ab"]
    revoke_keys(keys=keys)
    assert {entry.object_pk for entry in AuditEntry.objects.filter(event="key.revoked")} == {str(k.pk) for k in keys}


def test_a_refresh_token_that_is_used_twice(user: User) -> None:
    pair = start_family(user=user)
    assert last("jwt.begun").actor_id == user.pk
    refresh_family(refresh=pair.refresh)
    with pytest.raises(TokenRefused):
        refresh_family(refresh=pair.refresh)
    entry = last("jwt.reused")
    assert (entry.object_pk, entry.additional_data["owner"]) == (str(pair.family.pk), user.email)


def test_noting_costs_nothing_when_nobody_signs_in(user: User) -> None:
    before = AuditEntry.objects.count()
    Client().get(LOGIN)
    assert AuditEntry.objects.count() == before
