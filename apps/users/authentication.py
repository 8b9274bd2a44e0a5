"""Signing in with an API key: `Authorization: Bearer ts_...`, or `Api-Key ts_...`."""

import json
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.users.models import ApiKey, User
from apps.users.tokens import NO_HASH, KeyState, Token, parse_token, same_secret

SCHEMES = ("bearer", "api-key")


class ApiKeyAuthentication(BaseAuthentication):
    """Makes `request.user` the key's owner and `request.auth` the key; without the header leaves it to the next."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        key = sign_in(request)
        return (key.user, key) if key else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Touchstone"'


def sign_in(request: Request | HttpRequest) -> ApiKey | None:
    """The key that the request's header holds, and its use noted; None without such a header.

    Raises AuthenticationFailed for a key that may not be used. Keys are read anew every time: one that is revoked, and
    a role that changes, counts from the next request on, in every process.
    """
    # The header comes as bytes, any at all; ones that are no ASCII become marks that fit no token.
    scheme, _, text = get_authorization_header(request).decode("ascii", errors="replace").partition(" ")  # type: ignore[arg-type]
    if scheme.lower() not in SCHEMES:
        return None
    token = parse_token(text.strip())
    if token is None:
        raise AuthenticationFailed("The API key is malformed: it should look like ts_..._....", "key_malformed")
    key = find_key(token)
    check_alive(key)
    key.record_use(timezone.now())
    return key


def find_key(token: Token) -> ApiKey:
    """The key that the token is of. A wrong secret reads like a wrong prefix, so that neither can be probed for."""
    key = read_key(token.prefix)
    right = same_secret(token.secret, key.secret_hash if key else NO_HASH)
    if key is None or not right:
        raise AuthenticationFailed("The API key is unknown.", "key_unknown")
    return key


def read_key(prefix: str) -> ApiKey | None:
    """The key with this prefix and its owner, in one query that is written once and not at every request."""
    row = fetch_row(key_query(), [prefix])
    if row is None:
        return None
    names, owner_names = field_names(ApiKey), field_names(User)
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
    key.scopes = json.loads(row[names.index("scopes")])
    key.user = User.from_db(DEFAULT_DB_ALIAS, owner_names, row[len(names) :])
    return key


@cache
def field_names(table: type[ApiKey | User]) -> list[str]:
    return [field.attname for field in table._meta.concrete_fields]


@cache
def key_query() -> str:
    """SQL for a key by its prefix: the columns of its row, then those of its owner's."""
    columns = ", ".join(
        f'{table._meta.db_table}."{field.column}"' for table in (ApiKey, User) for field in table._meta.concrete_fields
    )
    keys, users = ApiKey._meta.db_table, User._meta.db_table
    return f"SELECT {columns} FROM {keys} JOIN {users} ON {users}.id = {keys}.user_id WHERE {keys}.prefix = %s"  # noqa: S608


def fetch_row(query: str, parameters: list[Any]) -> tuple[Any, ...] | None:
    """The first row of a query. Where a connection that was kept is found dead, asks again over a new one."""
    wrapper: Any = connection
    unchecked = wrapper.connection is not None and wrapper.health_check_enabled and not wrapper.health_check_done
    if not unchecked or wrapper.in_atomic_block:
        return _fetch(query, parameters)
    # Most often a request's first query: it is itself the check of the connection that would otherwise go before it.
    wrapper.health_check_done = True
    try:
        return _fetch(query, parameters)
    except (OperationalError, InterfaceError):
        wrapper.close()
        return _fetch(query, parameters)


def _fetch(query: str, parameters: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def check_alive(key: ApiKey) -> None:
    """Raises AuthenticationFailed, saying why, for a key that may not be used now. Only its holder gets to see it."""
    if key.state == KeyState.REVOKED:
        raise AuthenticationFailed(f"The API key was revoked on {key.revoked_at:%Y-%m-%d}.", "key_revoked")
    if key.state == KeyState.EXPIRED:
        raise AuthenticationFailed(f"The API key expired on {key.expires_at:%Y-%m-%d}.", "key_expired")
    if not key.user.is_active:
        raise AuthenticationFailed("The API key belongs to a deactivated account.", "key_owner_inactive")
