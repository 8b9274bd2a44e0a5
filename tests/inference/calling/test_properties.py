"""Whatever servers do, and whenever callers leave: what must hold of every call, by the server's own count."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.inference.calling import call_async, open_stream, trying
from apps.inference.curated import CuratedModel
from apps.inference.errors import InferenceError
from apps.inference.exchange import Exchange
from tests.inference.calling.conftest import Curate
from tests.inference.serving import Purse, Recorded, make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = [pytest.mark.integration, pytest.mark.critical, pytest.mark.slow(seconds=15)]
EXACT: list[dict[str, Any]] = [
    {"ok": True},
    {"status": 500},
    {"status": 429, "retry_after": 0.05},
    {"status": 400},
    {"status": 401},
    {"reset": True},
    {"delay": 0.05},
]
"""What costs nothing, or what the server tells."""
ODD: list[dict[str, Any]] = [
    {"hang": True},
    {"wrong_json": True},
    {"cut_after": 2},
    {"error_after": 2},
    {"no_usage": True},
    {"chunk_delay": 0.1, "tokens": 400},
    {"raw": "<h1>Sign in</h1>"},
]
"""What is guessed: never less than the server's count."""


UNFINISHED = {"cancelled", "timeout"}
"""Of a stream that is left the server counts also what was on its way."""
take_time_really = trying.Trial._take_time


@dataclass
class Seen:
    """What a caller saw of one call."""

    parts: int = 0
    requests_at_first: int | None = None
    seconds: float = 0.0


def count_requests(server: ScriptedServer) -> int:
    return int(server.counts()["totals"]["requests"])


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Seconds that each try gave itself, and those that its call had left then: twice before its request is sent."""
    found: list[tuple[float, float]] = []

    def take_time(trial: trying.Trial) -> None:
        left = trial.course.seconds_left
        take_time_really(trial)
        found.append((trial.seconds, left))

    monkeypatch.setattr(trying.Trial, "_take_time", take_time)
    return found


async def ask(server: ScriptedServer, exchange: Exchange, seen: Seen, *, streamed: bool) -> None:
    started = time.monotonic()
    try:
        if not streamed:
            await call_async(exchange)
            return
        stream = await open_stream(exchange)
        async for _ in stream:
            seen.parts += 1
            if seen.requests_at_first is None:
                seen.requests_at_first = count_requests(server)
    finally:
        seen.seconds = time.monotonic() - started


async def ask_and_leave(
    server: ScriptedServer, exchange: Exchange, seen: Seen, *, streamed: bool, leaves_after: float | None
) -> None:
    task = asyncio.create_task(ask(server, exchange, seen, streamed=streamed))
    if leaves_after is not None:
        await asyncio.wait({task}, timeout=leaves_after)
        task.cancel()
    with contextlib.suppress(InferenceError, asyncio.CancelledError):
        await task
    await asyncio.to_thread(server.wait_until_idle, 60)


def check_counts(server: ScriptedServer, models: list[CuratedModel], purse: Purse, call: Recorded, exact: bool) -> None:
    counts = [server.count(model.remote_name) for model in models]
    prompt, completion = (sum(one.get(f"{kind}_tokens", 0) for one in counts) for kind in ("prompt", "completion"))
    usage = call.reply.usage
    assert (call.reply.cost, usage.total) == purse.spent
    assert call.reply.cost == sum((attempt.cost for attempt in call.reply.attempts), Decimal(0))
    assert usage.prompt >= prompt
    if not (call.streamed and UNFINISHED & {attempt.outcome for attempt in call.reply.attempts}):
        assert usage.completion >= completion
    if exact:
        assert (usage.prompt, usage.completion, usage.estimated) == (prompt, completion, False)
    assert all(one.get("requests", 0) <= trying.TRIES for one in counts)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fates=st.lists(st.lists(st.sampled_from(EXACT + ODD), max_size=3), min_size=1, max_size=3),
    streamed=st.booleans(),
    seconds=st.sampled_from([0.15, 0.4, 2.0]),
    leaves_after=st.sampled_from([None, None, 0.02, 0.1]),
)
def test_what_must_hold_of_every_call(
    fates: list[list[dict[str, Any]]],
    streamed: bool,
    seconds: float,
    leaves_after: float | None,
    scripted: ScriptedServer,
    curate: Curate,
    recorded: list[Recorded],
    purse: Purse,
    taken: list[tuple[float, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trying, "FIRST_WAIT", 0.001)
    scripted.reset()
    recorded.clear()
    purse.settled.clear()
    taken.clear()
    models = []
    for place, steps in enumerate(fates):
        scripted.script(f"fate-{place}", *steps, always={"ok": True})
        models.append(make_model(make_provider(scripted, timeout=0.2), f"fate-{place}"))
    curate(make_curated(*models, aliases={"all": models}))
    exchange = make_exchange("all", seconds=seconds)
    scripted.set_deadline(seconds + 10)  # what is sent in time may come in late on a busy machine
    seen = Seen()
    run(lambda: ask_and_leave(scripted, exchange, seen, streamed=streamed, leaves_after=leaves_after))

    assert purse.open == 0
    [call] = recorded
    outcomes = {attempt.outcome for attempt in call.reply.attempts}
    is_exact = all(step in EXACT for steps in fates for step in steps) and not outcomes & UNFINISHED
    check_counts(scripted, models, purse, call, is_exact)
    assert scripted.counts()["totals"]["after_deadline"] == 0
    assert all(0 < given <= left for given, left in taken)
    assert count_requests(scripted) <= len(taken) // 2
    assert seen.seconds < seconds + 20  # a slow answer is longer, and a server that hangs never ends
    if seen.requests_at_first is not None:
        assert count_requests(scripted) == seen.requests_at_first
