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

pytestmark = pytest.mark.integration

POLICY = Policy(failures=3, open_ms=1000, trial_ms=400)
START = 1_790_000_000_000
PROVIDER = 77

times = st.sampled_from([0, 1, 399, 400, 999, 1000])
steps = st.lists(
    st.tuples(
        st.sampled_from(["admit", "succeed", "fail", "fail", "fail", "release", "reset"]), times, st.integers(0, 3)
    ),
    max_size=40,
)


@pytest.fixture
def client() -> Any:
    client = get_redis_connection()
    client.delete(shared.KEY)
    yield client
    client.delete(shared.KEY)


@given(history=steps)
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_the_pure_machine_on_any_history(history: list[tuple[str, int, int]]) -> None:
    client = get_redis_connection()
    client.delete(shared.KEY)
    now, breaker, trial = START, Breaker(), 0
    for step, wait, back in history:
        now += wait
        generation = max(0, breaker.generation - back // 2)
        given_trial = trial if back < 3 else 0
        asked = shared.describe(PROVIDER, step, POLICY, generation=generation, trial=given_trial, now=now)
        found = shared.step(client, asked)
        breaker, admitted = take_step(step, breaker, now, POLICY, generation=generation, trial=given_trial)
        assert (found.breaker, found.admitted, found.now) == (breaker, admitted, now)
        trial = breaker.trial_until or trial


@given(one=st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(0, 2**45)] * 2), other=st.integers(0, 6))
@settings(max_examples=50, deadline=None)
def test_what_a_process_has_seen_is_restored_as_the_machine_does(one: tuple[int, ...], other: int) -> None:
    client = get_redis_connection()
    known, there = Breaker(*one), Breaker(1, other)
    client.hset(shared.KEY, PROVIDER, shared.write_breaker(there))
    found = shared.step(client, shared.describe(PROVIDER, "restore", POLICY, known=known))
    assert found.breaker == restore(there, known) == shared.read_all(client)[1][PROVIDER]


def test_it_goes_by_the_clock_of_valkey(client: Any) -> None:
    seconds, _ = client.time()
    found = shared.step(client, shared.describe(PROVIDER, "admit", POLICY))
    assert 0 <= found.now - seconds * 1000 < 60_000
    assert found.admitted


async def ask(step: str) -> shared.Stepped:
    return await shared.step_async(get_async_client(), shared.describe(PROVIDER, step, POLICY))


def test_a_valkey_that_forgot_the_script_gets_it_again(client: Any) -> None:
    import asyncio

    client.script_flush()
    assert asyncio.run(ask("fail")).breaker.failures == 1
    client.script_flush()
    assert shared.step(client, shared.describe(PROVIDER, "fail", POLICY)).breaker.failures == 2
    assert client.script_exists(shared.DIGEST) == [True]


def test_an_unknown_step_is_an_error_on_both_sides(client: Any) -> None:
    with pytest.raises(Exception, match="no step jump"):
        shared.step(client, shared.describe(PROVIDER, "jump", POLICY))
    with pytest.raises(ValueError, match="no step jump"):
        take_step("jump", Breaker(), START, POLICY)
