"""Who asks: the key of a request, whether it may ask models, and its limits. The database is asked off the loop."""

import asyncio
from functools import partial
from typing import NamedTuple

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from apps.core.addresses import network_of
from apps.inference.gateway.counting import LoopCounters
from apps.inference.gateway.refusals import Headers, Refusal, refuse_key
from apps.users.authentication import (
    SCHEMES,
    check_alive,
    check_network,
    find_kept_key,
    find_key,
    is_as_kept,
    kept_keys,
    kept_name,
)
from apps.users.limits.policies import Budget, Limit, Verdict
from apps.users.limits.requests import describe_refusal, limits_of_key
from apps.users.models import ApiKey
from apps.users.scopes import INFERENCE_USE
from apps.users.tokens import Token, parse_token

HINT = "Send an API key of Touchstone as 'Authorization: Bearer ts_...'."


class Admitted(NamedTuple):
    key: ApiKey
    headers: Headers
    """What the answer says of the key's limits."""


class Doorkeeper:
    """One event loop's. A key is read once for all who come with it at the same time."""

    def __init__(self, counters: LoopCounters) -> None:
        self._counters = counters
        self._reading: dict[Token, asyncio.Task[ApiKey]] = {}

    async def admit(self, authorization: str, address: str) -> Admitted:
        """Raises Refusal: 401, 403 or 429."""
        try:
            token = read_token(authorization)
            key = await self._find(token, address)
            check_usable(key, address)
            verdict = await self._count(*limits_of_key(key))
            if not is_as_kept(key, verdict.version):
                # Counting told that it was changed since: revoked, or given another role.
                key = await sync_to_async(read_anew)(token)
                check_usable(key, address)
        except AuthenticationFailed as error:
            await self._count(Limit("address", f"api:{network_of(address)}", settings.LIMIT_ADDRESS_PER_MINUTE))
            raise refuse_key(error) from None
        headers = write_headers(verdict)
        if INFERENCE_USE not in key.effective_scopes:
            raise Refusal(403, "scope_missing", f"The API key lacks the scope {INFERENCE_USE}.", headers=headers)
        return Admitted(key, headers)

    async def _find(self, token: Token, address: str) -> ApiKey:
        kept = kept_keys.get(kept_name(token))
        if kept is not None:
            key: ApiKey = kept.value
            return key
        reading = self._reading.get(token)
        if reading is None:
            reading = asyncio.create_task(sync_to_async(read_key)(token, address))
            self._reading[token] = reading
            reading.add_done_callback(partial(self._forget, token))
        # One who leaves does not take it from the others.
        return await asyncio.shield(reading)

    def _forget(self, token: Token, reading: asyncio.Task[ApiKey]) -> None:
        del self._reading[token]
        if not reading.cancelled():
            reading.exception()  # which those have seen who wait for it, if anybody still does

    async def _count(self, limit: Limit, budget: Budget | None = None) -> Verdict:
        verdict = await self._counters.count(limit, budget)
        if verdict.code:
            wait = verdict.wait(timezone.now())
            raise Refusal(
                429, verdict.code, describe_refusal(verdict, wait), retry_after=wait, headers=write_headers(verdict)
            )
        return verdict


def read_token(authorization: str) -> Token:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() not in SCHEMES:
        raise AuthenticationFailed(f"There is no API key. {HINT}", "key_missing")
    token = parse_token(text.strip())
    if token is None:
        raise AuthenticationFailed(f"The API key is malformed. {HINT}", "key_malformed")
    return token


def check_usable(key: ApiKey, address: str) -> None:
    check_alive(key)
    check_network(key, address)


def read_key(token: Token, address: str) -> ApiKey:
    """Notes its use, where it may be used. For a thread."""
    close_old_connections()
    try:
        key = find_kept_key(token)
        check_usable(key, address)
        key.record_use(timezone.now(), address)
        return key
    finally:
        close_old_connections()


def read_anew(token: Token) -> ApiKey:
    close_old_connections()
    try:
        return find_key(token)
    finally:
        close_old_connections()


def write_headers(verdict: Verdict) -> Headers:
    stated = verdict.headers(timezone.now())
    return [(name.lower().encode(), value.encode()) for name, value in stated.items()]
