"""Signing in with an API key: `Authorization: Bearer ts_...`, or `Api-Key ts_...`."""

import json
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Field
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.core.addresses import client_address
from apps.core.cache.local import Entry, LocalTier
from apps.core.prepared import Row, Statement
from apps.users.jwt.models import TokenFamily
from apps.users.models import ApiKey, User
from apps.users.tokens import NO_HASH, KeyState, Token, hash_secret, parse_token, same_secret

SCHEMES = ("bearer", "api-key")
KEPT_SECONDS = 0.5
"""How long a key is taken to be as it was read, by who allows for that and looks at its version with each request."""

kept_keys = LocalTier(size=1000, ttl=KEPT_SECONDS)
"""Keys by their token, with its secret as a hash, and the version that each had when it was read."""

seen_versions = LocalTier(size=10_000, ttl=86_400)
"""The newest version that was seen of each key, and of who tokens are of, by `version_name`; 0 where none was."""


class ApiKeyAuthentication(BaseAuthentication):
    """Makes `request.user` the key's owner and `request.auth` the key; without the header leaves it to the next."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        key = sign_in(request)
        return (key.user, key) if key else None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Touchstone"'


def sign_in(request: Request | HttpRequest, *, kept: bool = False) -> ApiKey | None:
    """The key that the request's header holds, and its use noted; None without such a header.

    Raises AuthenticationFailed for a key that may not be used. Keys are read anew every time: one that is revoked, and
    a role that changes, counts from the next request on, in every process. With `kept` requests get the same object, as
    it was up to KEPT_SECONDS ago: for who only looks at it, and then asks `is_as_kept`.
    """
    # The header comes as bytes, any at all; ones that are no ASCII become marks that fit no token.
    scheme, _, text = get_authorization_header(request).decode("ascii", errors="replace").partition(" ")  # type: ignore[arg-type]
    if scheme.lower() not in SCHEMES:
        return None
    token = parse_token(text.strip())
    if token is None:
        raise AuthenticationFailed("The API key is malformed: it should look like ts_..._....", "key_malformed")
    key = find_kept_key(token) if kept else find_key(token)
    check_alive(key)
    address = client_address(getattr(request, "_request", request))
    check_network(key, address)
    key.record_use(timezone.now(), address)
    return key


def find_key(token: Token) -> ApiKey:
    """The key that the token is of. A wrong secret reads like a wrong prefix, so that neither can be probed for."""
    rows = key_statement().fetch(token.prefix)
    key = build_key(rows[0]) if rows else None
    # Both are compared also where there is nothing to compare with, so that all who are refused wait as long.
    right = same_secret(token.secret, key.secret_hash if key else NO_HASH)
    known = right or same_secret(token.secret, (key.former_hash if key else "") or NO_HASH)
    if key is None or not known:
        raise AuthenticationFailed("The API key is unknown.", "key_unknown")
    if not right and (key.former_until is None or key.former_until <= timezone.now()):
        raise AuthenticationFailed(f"The API key got a new secret on {key.rotated_at:%Y-%m-%d}.", "key_rotated")
    return key


def find_kept_key(token: Token) -> ApiKey:
    """As `find_key`, or the same key again for KEPT_SECONDS. Only the right secret finds it there."""
    name = kept_name(token)
    known = kept_keys.get(name)
    if known is None:
        # Before the row: what is seen later may be of a change that the row does not have.
        version = find_seen_version(token.prefix)
        key = find_key(token)
        key.kept_version = version
        known = Entry(key, time.time())
        kept_keys.set(name, known)
    kept: ApiKey = known.value
    return kept


def kept_name(token: Token) -> str:
    """Under what the key is in `kept_keys`, if anybody has read it lately."""
    return f"{token.prefix}_{hash_secret(token.secret)}"


def find_seen_version(name: str) -> int:
    seen = seen_versions.get(name)
    return seen.value if seen else 0


def is_as_kept(kept: ApiKey | TokenFamily, version: int | None) -> bool:
    """Whether a key or family is still as it was read, by the version that came of counting the request.

    Of None, which Valkey did not tell, it is taken to be. A version that is new is remembered for the next reading.
    """
    if version is None or version == kept.kept_version:
        return True
    seen_versions.set(kept.version_name, Entry(version, time.time()))
    return False


def build_key(row: Row) -> ApiKey:
    """The key and its owner, of a row that `key_statement` gave. The owner's password hash is read when asked for."""
    values = iter(row)
    key = ApiKey.from_db(DEFAULT_DB_ALIAS, *read_fields(ApiKey, values))
    key.user = User.from_db(DEFAULT_DB_ALIAS, *read_fields(User, values))
    key.scopes, key.networks = json.loads(key.scopes), json.loads(key.networks)
    return key


def read_fields(table: type[ApiKey | User], values: Iterator[bytes | None]) -> tuple[list[str], list[Any]]:
    """Names and values of the fields that are read of the table; takes their bytes from `values`."""
    fields = read_of(table)
    texts = [None if value is None else value.decode() for value in islice(values, len(fields))]
    return [field.attname for field in fields], [
        field.to_python(text) for field, text in zip(fields, texts, strict=True)
    ]


@cache
def read_of(table: type[ApiKey | User]) -> list["Field[Any, Any]"]:
    return [field for field in table._meta.concrete_fields if field.attname != "password"]


@cache
def key_statement() -> Statement:
    """Asks for a key by its prefix: for the fields of its row, then those of its owner's."""
    columns = ", ".join(
        f'{table._meta.db_table}."{field.column}"' for table in (ApiKey, User) for field in read_of(table)
    )
    keys, users = ApiKey._meta.db_table, User._meta.db_table
    tables = f"{keys} JOIN {users} ON {users}.id = {keys}.user_id"
    return Statement(f"SELECT {columns} FROM {tables} WHERE {keys}.prefix = $1")  # noqa: S608


def check_alive(key: ApiKey) -> None:
    """Raises AuthenticationFailed, saying why, for a key that may not be used now. Only its holder gets to see it."""
    if key.state == KeyState.REVOKED:
        raise AuthenticationFailed(f"The API key was revoked on {key.revoked_at:%Y-%m-%d}.", "key_revoked")
    if key.state == KeyState.EXPIRED:
        raise AuthenticationFailed(f"The API key expired on {key.expires_at:%Y-%m-%d}.", "key_expired")
    if not key.user.is_active:
        raise AuthenticationFailed("The API key belongs to a deactivated account.", "key_owner_inactive")


def check_network(key: ApiKey, address: str) -> None:
    """Raises AuthenticationFailed for a key that may not be used from there."""
    if not key.is_allowed_from(address):
        raise AuthenticationFailed(
            f"The API key may not be used from {address or 'an unknown address'}.", "key_network"
        )
