"""The breakers of all processes, in Valkey: one hash, a field for each provider, each step one script and one trip.

The script has the steps of `machine.py`, by Valkey's own clock.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from redis.exceptions import NoScriptError

from apps.inference.breaker.machine import Breaker, Policy

KEY = "touchstone:breakers:1"

STEP = """
local function read_clock()
    local clock = redis.call('time')
    return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local key, field, step = KEYS[1], ARGV[1], ARGV[2]
local most, open_ms, trial_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local generation, trial = tonumber(ARGV[6]), tonumber(ARGV[7])
local now = tonumber(ARGV[8]) or read_clock()

local function write(state)
    local numbers = {}
    for i = 1, 4 do numbers[i] = string.format('%.0f', state[i]) end
    redis.call('hset', key, field, '[' .. table.concat(numbers, ',') .. ']')
    return state
end

local state = cjson.decode(redis.call('hget', key, field) or '[0,0,0,0]')
local failures, current, open_until, trial_until = unpack(state)
local is_closed, is_open = open_until == 0, now < open_until
local has_say = generation >= current and not is_open
local admitted = 0

if step == 'admit' then
    if is_closed then
        admitted = 1
    elseif now >= math.max(open_until, trial_until) then
        admitted = 1
        state = write({failures, current, open_until, now + trial_ms})
    end
elseif step == 'succeed' then
    if has_say then state = write({0, current, 0, 0}) end
elseif step == 'fail' then
    if has_say then
        if is_closed and failures + 1 < most then
            state = write({failures + 1, current, 0, 0})
        else
            state = write({0, current + 1, now + open_ms, 0})
        end
    end
elseif step == 'release' then
    if trial > 0 and trial_until == trial then state = write({failures, current, open_until, 0}) end
elseif step == 'reset' then
    state = write({0, current + 1, 0, 0})
elseif step == 'restore' then
    local known = cjson.decode(ARGV[9])
    if known[2] > current then state = write(known) end
else
    return redis.error_reply('no step ' .. step)
end
return {admitted, now, state[1], state[2], state[3], state[4]}
"""
DIGEST = hashlib.sha1(STEP.encode(), usedforsecurity=False).hexdigest()


class Stepped(NamedTuple):
    """`now` is Valkey's clock, in milliseconds."""

    admitted: bool
    now: int
    breaker: Breaker


def describe(
    provider: int,
    step: str,
    policy: Policy,
    *,
    generation: int = 0,
    trial: int = 0,
    now: int | None = None,
    known: Breaker | None = None,
) -> tuple[Any, ...]:
    """The keys and arguments of the script."""
    numbers = (policy.failures, policy.open_ms, policy.trial_ms, generation, trial)
    return (KEY, provider, step, *numbers, "" if now is None else now, write_breaker(known or Breaker()))


async def step_async(client: Any, arguments: tuple[Any, ...]) -> Stepped:
    """Raises what redis does when Valkey is away."""
    try:
        answer = await client.evalsha(DIGEST, 1, *arguments)
    except NoScriptError:  # of a Valkey that was started anew
        answer = await client.eval(STEP, 1, *arguments)
    return read_answer(answer)


def step(client: Any, arguments: tuple[Any, ...]) -> Stepped:
    """As step_async, for code that waits."""
    try:
        answer = client.evalsha(DIGEST, 1, *arguments)
    except NoScriptError:
        answer = client.eval(STEP, 1, *arguments)
    return read_answer(answer)


def read_all(client: Any) -> tuple[int, dict[int, Breaker]]:
    """Valkey's clock, and each provider's breaker that ever had a failure. One trip."""
    pipeline = client.pipeline(transaction=False)
    pipeline.time()
    pipeline.hgetall(KEY)
    return read_board(*pipeline.execute())


def read_board(clock: tuple[int, int], fields: Mapping[bytes, bytes]) -> tuple[int, dict[int, Breaker]]:
    seconds, microseconds = clock
    now = seconds * 1000 + microseconds // 1000
    return now, {int(field): Breaker(*orjson.loads(text)) for field, text in fields.items()}


def read_answer(answer: list[int]) -> Stepped:
    admitted, now, *numbers = answer
    return Stepped(bool(admitted), now, Breaker(*numbers))


def write_breaker(breaker: Breaker) -> bytes:
    return orjson.dumps([breaker.failures, breaker.generation, breaker.open_until, breaker.trial_until])
