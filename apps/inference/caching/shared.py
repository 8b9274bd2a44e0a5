"""The tier that all processes share, in Valkey. Each step is one script and one trip; whatever fails is a miss.

Of each type there are: its entries, which end by themselves; `used` and `ends`, sorted sets of their digests by when
they were last asked for and when they end; `cleared`, a hash of what was cleared when; and `counts`. The least recently
used go when there are more than the type's size, in the trip that adds one. The names of a type have one tag, since a
cluster keeps together what a script needs. A Valkey whose memory is full still gives what it has, and refuses the first
thing that a script would write.
"""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import structlog
from django_redis import get_redis_connection
from redis.exceptions import NoScriptError, RedisError, ResponseError

from apps.core.valkey import get_async_client
from apps.inference.caching.entries import ALL, Stamp
from apps.inference.caching.kinds import CacheKind

PREFIX = "touchstone:responses:1"
FAILURES = (RedisError, OSError)
AWAY_SECONDS = 1.0
"""After a failure nobody asks for as long, so that a Valkey that is away holds nobody up twice."""
MAX_MARKS = 10_000
"""Beyond it, clearing one more mark clears the whole type: what is known of clearings stays small."""

READ = """
local prefix, epoch, number = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('hmget', KEYS[1], 'epoch', 'number')
if not known[1] then
    redis.call('hset', KEYS[1], 'epoch', ARGV[4])
    known[1] = ARGV[4]
end
local now, stands = known[1], known[2] or '0'
local last = false
if now ~= epoch or stands ~= number then last = redis.call('hgetall', KEYS[1]) end
local clock = redis.call('time')
local found, place, claimed = false, 0, 0
for i = 6, #ARGV do
    found = redis.call('get', prefix .. ARGV[i])
    if found then
        place = i - 6
        redis.pcall('zadd', KEYS[2], 'xx', clock[1] * 1000000 + clock[2], ARGV[i])
        break
    end
end
if not found and ARGV[5] ~= '0' then
    local made = redis.pcall('set', prefix .. ARGV[6] .. ':flight', 1, 'nx', 'px', ARGV[5])
    claimed = made and 1 or 0
end
return {now, stands, last, found, place, claimed}
"""

WRITE = """
local prefix, size, key, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[5])
local wanted = ARGV[4] ~= '' and redis.call('hget', KEYS[1], 'epoch') == ARGV[6]
local kept = wanted and redis.pcall('set', prefix .. key, ARGV[4], 'px', ttl)
redis.call('del', prefix .. key .. ':flight')
if not wanted then return 0 end
if kept.err then return kept end
local clock = redis.call('time')
local now = clock[1] * 1000000 + clock[2]
for _, ended in ipairs(redis.call('zrangebyscore', KEYS[3], '-inf', now, 'limit', 0, 200)) do
    redis.call('zrem', KEYS[2], ended)
    redis.call('zrem', KEYS[3], ended)
end
redis.call('zadd', KEYS[2], now, key)
redis.call('zadd', KEYS[3], now + ttl * 1000, key)
local over = math.min(200, redis.call('zcard', KEYS[2]) - size)
if over > 0 then
    for _, oldest in ipairs(redis.call('zrange', KEYS[2], 0, over - 1)) do
        redis.call('unlink', prefix .. oldest)
        redis.call('zrem', KEYS[2], oldest)
        redis.call('zrem', KEYS[3], oldest)
    end
    redis.call('hincrby', KEYS[4], 'evictions', over)
end
return 1
"""

CLEAR = f"""
redis.call('hsetnx', KEYS[1], 'epoch', ARGV[2])
local number = redis.call('hincrby', KEYS[1], 'number', 1)
local whole = ARGV[3] == '{ALL}'
if not whole then
    redis.call('hset', KEYS[1], ARGV[3], number)
    whole = redis.call('hlen', KEYS[1]) > {MAX_MARKS}
end
if whole then
    for _, key in ipairs(redis.call('zrange', KEYS[2], 0, -1)) do redis.call('unlink', ARGV[1] .. key) end
    redis.call('del', KEYS[2], KEYS[3])
    local epoch = redis.call('hget', KEYS[1], 'epoch')
    redis.call('del', KEYS[1])
    redis.call('hset', KEYS[1], 'epoch', epoch, 'number', number, '{ALL}', number)
end
return number
"""

log = structlog.get_logger("touchstone.cache")


class Read(NamedTuple):
    """`last` is None where nothing was cleared since what was known; `place` is that of the key that was found.

    `claimed`: who asked shall make the answer.
    """

    stamp: Stamp
    last: dict[str, int] | None
    found: bytes | None
    place: int
    claimed: bool


class Write(NamedTuple):
    """No `content` only ends the claim. `seconds` is how long it lives."""

    key: str
    epoch: str = ""
    content: bytes = b""
    seconds: float = 0.0


class SharedResponses:
    """One type's. Every step gives None where Valkey is away."""

    def __init__(self, kind: CacheKind, timer: Callable[[], float] = time.monotonic) -> None:
        root = f"{PREFIX}:{{{kind.value}}}"
        self._prefix = f"{root}:entry:"
        self._cleared, self._used, self._ends, self.counts = (
            f"{root}:{name}" for name in ("cleared", "used", "ends", "counts")
        )
        self._timer = timer
        self._away_until = 0.0
        self._told = float("-inf")
        self.errors = 0

    def read(self, known: Stamp | None, keys: Sequence[str]) -> Read | None:
        return self.guard(lambda client: parse(run(client, READ, *self._describe(known, keys, 0))))

    async def read_async(self, known: Stamp | None, keys: Sequence[str], *, claim_ms: int = 0) -> Read | None:
        wanted = self._describe(known, keys, claim_ms)
        answer = await self.guard_async(lambda client: run_async(client, READ, *wanted))
        return None if answer is None else parse(answer)

    def write(self, writes: Sequence[Write], size: int) -> None:
        """All in one trip."""
        self.guard(lambda client: self._send(client, writes, size))

    def clear(self, mark: str) -> bool:
        """Whether it was cleared: False where Valkey is away."""
        names = [self._cleared, self._used, self._ends]
        return (
            self.guard(lambda client: run(client, CLEAR, names, [self._prefix, secrets.token_hex(6), mark])) is not None
        )

    def count_entries(self) -> int:
        return int(self.guard(lambda client: client.zcount(self._ends, time.time() * 1_000_000, "+inf")) or 0)

    def guard(self, act: Callable[[Any], Any]) -> Any:
        if self._timer() < self._away_until:
            return None
        try:
            return act(get_redis_connection())
        except FAILURES as error:
            self._fail(error)
            return None

    async def guard_async(self, ask: Callable[[Any], Awaitable[Any]]) -> Any:
        """`ask` gets the running loop's client."""
        if self._timer() < self._away_until:
            return None
        try:
            return await ask(get_async_client())
        except FAILURES as error:
            self._fail(error)
            return None

    def _describe(self, known: Stamp | None, keys: Sequence[str], claim_ms: int) -> tuple[list[str], list[Any]]:
        epoch, number = (known.epoch, known.number) if known else ("", "")
        return [self._cleared, self._used], [self._prefix, epoch, number, secrets.token_hex(6), claim_ms, *keys]

    def _send(self, client: Any, writes: Sequence[Write], size: int) -> None:
        names = [self._cleared, self._used, self._ends, self.counts]
        pipeline = client.pipeline(transaction=False)
        for one in writes:
            milliseconds = max(1, int(one.seconds * 1000))
            values = [self._prefix, size, one.key, one.content, milliseconds, one.epoch]
            pipeline.eval(WRITE, len(names), *names, *values)
        pipeline.execute()

    def _fail(self, error: Exception) -> None:
        """A Valkey that refuses something, as one without memory left does, still answers the rest."""
        self.errors += 1
        now = self._timer()
        if not isinstance(error, ResponseError):
            self._away_until = now + AWAY_SECONDS
        if now >= self._told + AWAY_SECONDS:
            self._told = now
            log.warning("responses_not_reached", error=str(error) or type(error).__name__, errors=self.errors)


def run(client: Any, script: str, names: Sequence[str], values: Sequence[Any]) -> Any:
    try:
        return client.evalsha(digest_of(script), len(names), *names, *values)
    except NoScriptError:  # of a Valkey that was started anew
        return client.eval(script, len(names), *names, *values)


async def run_async(client: Any, script: str, names: Sequence[str], values: Sequence[Any]) -> Any:
    try:
        return await client.evalsha(digest_of(script), len(names), *names, *values)
    except NoScriptError:
        return await client.eval(script, len(names), *names, *values)


def parse(answer: Sequence[Any]) -> Read:
    epoch, number, pairs, found, place, claimed = answer
    last = None
    if pairs is not None:
        fields = {name.decode(): value for name, value in zip(pairs[::2], pairs[1::2], strict=True)}
        last = {name: int(value) for name, value in fields.items() if name not in ("epoch", "number")}
    return Read(Stamp(epoch.decode(), int(number)), last, found, place, bool(claimed))


def digest_of(script: str) -> str:
    """What Valkey knows the script by."""
    return DIGESTS[script]


DIGESTS = {script: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (READ, WRITE, CLEAR)}
