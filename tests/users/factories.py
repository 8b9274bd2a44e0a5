"""People and keys for tests. Addresses are random: sign-in attempts are counted in a cache that tests share."""

import uuid
from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from apps.users.models import ApiKey, User, normalise_email
from apps.users.roles import Role
from apps.users.scopes import FUNCTIONS_READ
from apps.users.tokens import hash_secret, new_token

PASSWORD = "correct horse 7"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.LazyFunction(lambda: f"{uuid.uuid4().hex[:12]}@example.com")
    full_name = "Ada Lovelace"
    role = Role.VIEWER.value
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        """As `create_user` leaves it, in two of its twelve queries, and with nothing in the audit log."""
        email, password = normalise_email(kwargs.pop("email")), make_password(kwargs.pop("password"))
        user = model_class(email=email, password=password, **kwargs)
        model_class.objects.bulk_create([user])
        EmailAddress.objects.bulk_create([EmailAddress(user=user, email=user.email, primary=True, verified=True)])
        return user


class ApiKeyFactory(factory.django.DjangoModelFactory[ApiKey]):
    """`ApiKeyFactory(token=new_token())` where the test needs to send the key."""

    class Meta:
        model = ApiKey

    class Params:
        token = factory.LazyFunction(new_token)

    user = factory.SubFactory(UserFactory)
    name = "nightly job"
    prefix = factory.LazyAttribute(lambda key: key.token.prefix)
    secret_hash = factory.LazyAttribute(lambda key: hash_secret(key.token.secret))
    scopes = factory.LazyFunction(lambda: [FUNCTIONS_READ])
