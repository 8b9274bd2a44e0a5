"""Counting in Valkey, all that a request counts towards in one trip.

The windows are those of `limits` (sliding window counter), with its own scripts. Two things differ: what its two
scripts do, and the budget, is asked for at once; and a thread keeps its connection, since taking one from the pool
costs a request several times what the question does.
"""

import hashlib
import os
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.core.cache import DEFAULT_CACHE_ALIAS
from django_redis import get_redis_connection
from limits.storage import RedisStorage
from redis.exceptions import ConnectionError, NoScriptError, RedisError

from apps.users.limits.policies import MINUTE, Budget, Limit, Window

PREFIX = "touchstone:limits:1"
FAILURES = (RedisError, OSError)
TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
BUDGET_KEPT_SECONDS = 40 * 86_400
VERSION_KEPT_SECONDS = 86_400
"""Longer by far than any process keeps a key."""

ALLOWED, LIMITED, SPENT, UNSEEDED = range(4)
"""What came of a request. UNSEEDED: nothing was counted, since Valkey does not know what the budget stands at."""

SCRIPT = f"""
local function acquire(ARGV)
{RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW.decode()}
end
local function look(ARGV)
{RedisStorage.SCRIPT_SLIDING_WINDOW.decode()}
end
local expiry, budget = ARGV[2], tonumber(ARGV[3])
local used = 0
if budget > 0 then
    local told, whole = tonumber(ARGV[4]), ARGV[5] == '1'
    local known = tonumber(redis.call('get', KEYS[4]) or '')
    if told and ((known and told > known) or (whole and not known)) then
        redis.call('set', KEYS[4], told, 'EX', {BUDGET_KEPT_SECONDS})
        known = told
    end
    if not known then
        return {{{UNSEEDED}}}
    end
    used = known
end
local outcome = {LIMITED}
if budget > 0 and used >= budget then
    outcome = {SPENT}
elseif acquire({{ARGV[1], expiry, 1}}) then
    outcome = {ALLOWED}
    if budget > 0 then
        used = redis.call('incr', KEYS[4])
    end
end
local window = look({{expiry}})
local version = tonumber(redis.call('get', KEYS[3]) or 0)
return {{outcome, used, version, window[1] or 0, window[2], window[3] or 0, window[4]}}
"""
DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class Counted(NamedTuple):
    """ALLOWED, LIMITED, SPENT or UNSEEDED, what of the budget is used, the window, and the version of who asks.

    The version grows with each change of what a process may keep of a key, or of somebody's tokens; None where only
    Valkey would know.
    """

    outcome: int
    used: int
    window: Window
    version: int | None


class SharedCounters:
    """Counters of all processes. Raises what redis does (FAILURES) when Valkey is away."""

    def __init__(self, alias: str = DEFAULT_CACHE_ALIAS) -> None:
        self._alias = alias
        self._local = threading.local()

    def count(self, limit: Limit, budget: Budget | None, used: int | None = None, *, whole: bool = False) -> Counted:
        """Counts one request.

        `used` is what the caller knows to be spent at least. If it is the `whole` of it, counting may begin there.
        """
        keys = key_names(limit, budget)
        given = (limit.quota, MINUTE, budget.quota if budget else 0, "" if used is None else used, int(whole))
        outcome, *rest = self._run(keys, given)
        if not rest:
            return Counted(outcome, 0, Window(0, 0, 0, 0), None)
        spent, version, previous, previous_left, current, current_left = (int(value) for value in rest)
        window = Window(previous, max(0, previous_left) / 1000, current, max(0, current_left) / 1000)
        return Counted(outcome, spent, window, version)

    def change_versions(self, limits: Iterable[Limit]) -> None:
        """Says to all processes that what they keep of these keys, or of these people's tokens, is not so any more."""
        with get_redis_connection(self._alias).pipeline(transaction=False) as together:
            for limit in limits:
                name = version_name(limit)
                together.incr(name)
                together.expire(name, VERSION_KEPT_SECONDS)
            together.execute()

    def _run(self, keys: tuple[str, ...], given: tuple[object, ...]) -> Any:
        try:
            return self._ask("EVALSHA", DIGEST, len(keys), *keys, *given)
        except NoScriptError:  # of a Valkey that was started anew
            return self._ask("EVAL", SCRIPT, len(keys), *keys, *given)

    def _ask(self, *command: object) -> Any:
        connection = self._connection()
        was_open = connection.is_connected
        try:
            return send(connection, command)
        except ConnectionError:
            # One that was kept while its server went away and came back. Counting twice by this harms nobody.
            if not was_open:
                raise
            return send(connection, command)

    def _connection(self) -> Any:
        """This thread's own. A fork makes threads of its own too, but for the one that forked."""
        connection = getattr(self._local, "connection", None)
        if connection is None or connection.pid != os.getpid():
            pool = get_redis_connection(self._alias).connection_pool
            connection = pool.connection_class(**{**pool.connection_kwargs, **TIMEOUTS})
            self._local.connection = connection
        return connection


def send(connection: Any, command: tuple[object, ...]) -> Any:
    try:
        connection.send_command(*command)
        return connection.read_response()
    except NoScriptError:
        raise
    except FAILURES:
        connection.disconnect()
        raise


def key_names(limit: Limit, budget: Budget | None) -> tuple[str, ...]:
    """The window's two counters, as `limits` names them, the version, and the budget's counter."""
    name = tag_name(limit)
    fixed = (f"{name}/-1", name, version_name(limit))
    return (*fixed, f"{name}:{budget.month:%Y-%m}") if budget else fixed


def version_name(limit: Limit) -> str:
    return f"{tag_name(limit)}:version"


def tag_name(limit: Limit) -> str:
    """In braces: what a cluster keeps together."""
    return f"{PREFIX}:{{{limit.kind}:{limit.who}}}"
