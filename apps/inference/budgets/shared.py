"""Accounts in Valkey, of all processes: reserving over all budgets of a call is one script, and so is settling it.

An account is a hash of what is spent (`d` units of dollars, `t` tokens) and held (`hd`, `ht`), and a sorted set of the
reservations that are held, by when they expire. All have one tag, since a cluster keeps together what a script needs.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import NoScriptError

from apps.core.valkey import get_async_client
from apps.inference.budgets.policies import Account, Amount, Limit

PREFIX = "touchstone:budgets:1:{all}"
HOLD_SECONDS = max(900, int(settings.GATEWAY_TIMEOUT_SECONDS) + 60)
"""When a reservation is given up whose process is gone: no call takes as long."""
KEPT_SECONDS = 40 * 86_400
SETTLED_SECONDS = 120
"""For how long it is known that a reservation was settled: nobody tries again after that."""

GRANTED, SPENT, UNSEEDED = range(3)
"""UNSEEDED: nothing was reserved, since Valkey does not know what one of the budgets stands at."""

COMMON = """
local function parse(member) return string.match(member, '^[^:]+:(%d+):(%d+)$') end

local function release(account, member)
    local d, t = parse(member)
    if d ~= '0' then redis.call('hincrby', account, 'hd', '-' .. d) end
    if t ~= '0' then redis.call('hincrby', account, 'ht', '-' .. t) end
end
"""

RESERVE = f"""{COMMON}
local clock = redis.call('time')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local id, dollars, tokens = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function whole(number) return string.format('%.0f', number) end

local function seed(account, held, told_d, told_t)
    local hd, ht = 0, 0
    for _, member in ipairs(redis.call('zrange', held, 0, -1)) do
        local d, t = parse(member)
        hd, ht = hd + d, ht + t
    end
    redis.call('hset', account, 'd', told_d, 't', told_t, 'hd', whole(hd), 'ht', whole(ht))
end

local function expire(account, held)
    for _, member in ipairs(redis.call('zrangebyscore', held, '-inf', now)) do
        redis.call('zrem', held, member)
        release(account, member)
    end
end

local grant_d, grant_t = dollars, tokens
for i = 1, #KEYS / 2 do
    local account, held = KEYS[2 * i - 1], KEYS[2 * i]
    local limit_d, limit_t, told_d, told_t, is_whole = unpack(ARGV, 5 * i - 1, 5 * i + 3)
    if told_d ~= '' then
        local d, t = unpack(redis.call('hmget', account, 'd', 't'))
        if not d then
            if is_whole == '1' then seed(account, held, told_d, told_t) end
        else
            if tonumber(told_d) > tonumber(d) then redis.call('hset', account, 'd', told_d) end
            if tonumber(told_t) > tonumber(t) then redis.call('hset', account, 't', told_t) end
        end
    end
    if redis.call('exists', account) == 0 then return {{{UNSEEDED}}} end
    expire(account, held)
    local d, t, hd, ht = unpack(redis.call('hmget', account, 'd', 't', 'hd', 'ht'))
    if limit_d ~= '' then grant_d = math.min(grant_d, limit_d - d - hd) end
    if limit_t ~= '' then grant_t = math.min(grant_t, limit_t - t - ht) end
    if (dollars > 0 and grant_d <= 0) or (tokens > 0 and grant_t <= 0) then return {{{SPENT}, i - 1}} end
end
grant_d, grant_t = math.max(grant_d, 0), math.max(grant_t, 0)
local member = id .. ':' .. whole(grant_d) .. ':' .. whole(grant_t)
for i = 1, #KEYS / 2 do
    local account, held = KEYS[2 * i - 1], KEYS[2 * i]
    if redis.call('zadd', held, now + {HOLD_SECONDS * 1000}, member) == 1 then
        redis.call('hincrby', account, 'hd', whole(grant_d))
        redis.call('hincrby', account, 'ht', whole(grant_t))
    end
    redis.call('expire', account, {KEPT_SECONDS})
    redis.call('expire', held, {KEPT_SECONDS})
end
return {{{GRANTED}, whole(grant_d), whole(grant_t)}}
"""

SETTLE = f"""{COMMON}
if not redis.call('set', KEYS[1], '1', 'NX', 'EX', {SETTLED_SECONDS}) then return 0 end
for i = 1, (#KEYS - 1) / 2 do
    local account, held = KEYS[2 * i], KEYS[2 * i + 1]
    local was_held = redis.call('zrem', held, ARGV[1]) == 1
    if redis.call('exists', account) == 1 then
        if was_held then release(account, ARGV[1]) end
        redis.call('hincrby', account, 'd', ARGV[2])
        redis.call('hincrby', account, 't', ARGV[3])
    end
end
return 1
"""


class Line(NamedTuple):
    """A budget, its account of now, and what of it is known to be spent at least (`whole`: and at most)."""

    limit: Limit
    account: Account
    told: Amount | None
    whole: bool = False


class Settlement(NamedTuple):
    """What a reservation came to. `granted` is what it held, in Valkey where it `is_shared`."""

    id: str
    accounts: tuple[Account, ...]
    granted: Amount
    spent: Amount
    is_shared: bool = True

    @property
    def member(self) -> str:
        return f"{self.id}:{self.granted.dollars}:{self.granted.tokens}"


class Outcome(NamedTuple):
    """GRANTED with how much, SPENT with the place of the line that is, or UNSEEDED."""

    code: int
    granted: Amount = Amount()
    line: int = 0


class SharedAccounts:
    """All of it in one trip. Raises what redis does when Valkey is away."""

    async def reserve(self, id: str, lines: Sequence[Line], asked: Amount, settled: Sequence[Settlement]) -> Outcome:
        """Settles first what this process has not told of yet."""
        pipeline = get_async_client().pipeline(transaction=False)
        self._put(pipeline, settled)
        pipeline.evalsha(RESERVE_DIGEST, 2 * len(lines), *name_lines(lines), *describe(id, lines, asked))
        *done, answer = await pipeline.execute(raise_on_error=False)
        if lacks_script([*done, answer]):  # a Valkey that was started anew
            await get_async_client().script_load(RESERVE)
            await get_async_client().script_load(SETTLE)
            if not isinstance(answer, NoScriptError):
                return await self._settle_again(settled, answer)
            return await self.reserve(id, lines, asked, settled)
        raise_first([*done, answer])
        return read_outcome(answer)

    async def _settle_again(self, settled: Sequence[Settlement], answer: Sequence[Any]) -> Outcome:
        """For a Valkey that knew how to reserve, and did, but not how to settle."""
        pipeline = get_async_client().pipeline(transaction=False)
        self._put(pipeline, settled)
        await pipeline.execute()
        return read_outcome(answer)

    def settle(self, settled: Sequence[Settlement]) -> None:
        """The same again does nothing."""
        client = get_redis_connection()
        pipeline = client.pipeline(transaction=False)
        self._put(pipeline, settled)
        try:
            pipeline.execute()
        except NoScriptError:
            client.script_load(SETTLE)
            self.settle(settled)

    def _put(self, pipeline: Any, settled: Sequence[Settlement]) -> None:
        for one in settled:
            keys = [f"{PREFIX}:settled:{one.id}", *(name for account in one.accounts for name in names_of(account))]
            pipeline.evalsha(SETTLE_DIGEST, len(keys), *keys, one.member, one.spent.dollars, one.spent.tokens)


def names_of(account: Account) -> tuple[str, str]:
    """The account's hash, and the sorted set of what is held of it."""
    name = f"{PREFIX}:{account.budget}:{account.since:%Y-%m-%d}"
    return name, f"{name}:held"


def name_lines(lines: Sequence[Line]) -> list[str]:
    return [name for line in lines for name in names_of(line.account)]


def describe(id: str, lines: Sequence[Line], asked: Amount) -> list[str | int]:
    """The arguments of RESERVE."""
    given: list[str | int] = [id, asked.dollars, asked.tokens]
    for limit, _, told, whole in lines:
        given += ["" if limit.dollars is None else limit.dollars, "" if limit.tokens is None else limit.tokens]
        given += ["", ""] if told is None else [told.dollars, told.tokens]
        given.append(int(whole))
    return given


def read_outcome(answer: Sequence[Any]) -> Outcome:
    code, *rest = answer
    if code == GRANTED:
        return Outcome(GRANTED, Amount(int(rest[0]), int(rest[1])))
    return Outcome(code, line=rest[0] if rest else 0)


def lacks_script(answers: Sequence[Any]) -> bool:
    return any(isinstance(answer, NoScriptError) for answer in answers)


def raise_first(answers: Sequence[Any]) -> None:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer


def digest_of(script: str) -> str:
    """What Valkey knows the script by."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


RESERVE_DIGEST, SETTLE_DIGEST = digest_of(RESERVE), digest_of(SETTLE)
