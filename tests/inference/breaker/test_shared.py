"""Valkey's script takes the machine's steps, for all processes."""

from typing import Any

import pytest
from django_redis import get_redis_connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.valkey import get_async_client
from apps.inference.breaker import shared
from apps.inference.breaker.board import take_step
from apps.inference.breaker.machine import Breaker, Policy, restore
from tests.inference.serving import numbers

pytestmark = pytest.mark.integration

POLICY = Policy(failures=3, open_ms=1000, trial_ms=400)
START = 1_790_000_000_000

times = st.sampled_from([0, 1, 399, 400, 999, 1000])
steps = st.lists(
    st.tuples(
        st.sampled_from(["admit", "succeed", "fail", "fail", "fail", "release", "reset"]), times, st.integers(0, 3)
    ),
    max_size=40,
)


@pytest.fixture
def client() -> Any:
    return get_redis_connection()


@pytest.fixture
def provider() -> int:
    """Its number is nobody else's: this process's own board tells Valkey again of what it lost."""
    return next(numbers)


@given(history=steps)
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_the_pure_machine_on_any_history(history: list[tuple[str, int, int]]) -> None:
    client, provider = get_redis_connection(), next(numbers)
    now, breaker, trial = START, Breaker(), 0
    for step, wait, back in history:
        now += wait
        generation = max(0, breaker.generation - back // 2)
        given_trial = trial if back < 3 else 0
        asked = shared.describe(provider, step, POLICY, generation=generation, trial=given_trial, now=now)
        found = shared.step(client, asked)
        breaker, admitted = take_step(step, breaker, now, POLICY, generation=generation, trial=given_trial)
        assert (found.breaker, found.admitted, found.now) == (breaker, admitted, now)
        trial = breaker.trial_until or trial


@given(one=st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(0, 2**45)] * 2), other=st.integers(0, 6))
@settings(max_examples=50, deadline=None)
def test_what_a_process_has_seen_is_restored_as_the_machine_does(one: tuple[int, ...], other: int) -> None:
    client, provider = get_redis_connection(), next(numbers)
    known, there = Breaker(*one), Breaker(1, other)
    client.hset(shared.KEY, provider, shared.write_breaker(there))
    found = shared.step(client, shared.describe(provider, "restore", POLICY, known=known))
    assert found.breaker == restore(there, known) == shared.read_all(client)[1][provider]


def test_it_goes_by_the_clock_of_valkey(client: Any, provider: int) -> None:
    seconds, _ = client.time()
    found = shared.step(client, shared.describe(provider, "admit", POLICY))
    assert 0 <= found.now - seconds * 1000 < 60_000
    assert found.admitted


async def ask(provider: int, step: str) -> shared.Stepped:
    return await shared.step_async(get_async_client(), shared.describe(provider, step, POLICY))


def test_a_valkey_that_forgot_the_script_gets_it_again(client: Any, provider: int) -> None:
    import asyncio

    client.script_flush()
    assert asyncio.run(ask(provider, "fail")).breaker.failures == 1
    client.script_flush()
    assert shared.step(client, shared.describe(provider, "fail", POLICY)).breaker.failures == 2
    assert client.script_exists(shared.DIGEST) == [True]


def test_an_unknown_step_is_an_error_on_both_sides(client: Any, provider: int) -> None:
    with pytest.raises(Exception, match="no step jump"):
        shared.step(client, shared.describe(provider, "jump", POLICY))
    with pytest.raises(ValueError, match="no step jump"):
        take_step("jump", Breaker(), START, POLICY)
