"""Calls from code that waits: pages and jobs, many threads at once, and after a fork."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from apps.inference import services
from apps.inference.calling import call
from apps.inference.calling.loop import run
from apps.inference.errors import BadAnswer, TimedOut
from apps.inference.exchange import Caller, Operation
from tests.inference.calling.conftest import Curate
from tests.inference.serving import make_curated, make_exchange, make_model, make_provider
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration


def test_threads_share_one_loop_and_get_their_own_answers(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))

    def ask(number: int) -> str:
        body = {"messages": [{"role": "user", "content": f"question {number}"}]}
        return services.read_text(call(make_exchange(model, body)))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(40)))
    assert len({answer.split()[0] for answer in answers}) == 40


def test_errors_come_as_they_are(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted), "scripted-hang")
    curate(make_curated(model))
    with pytest.raises(TimedOut):
        call(make_exchange(model, seconds=0.2))


def ask_in_child() -> None:
    async def answer() -> int:
        return os.getpid()

    os._exit(0 if run(answer()) == os.getpid() else 1)


def test_a_fork_has_a_loop_of_its_own() -> None:
    async def answer() -> int:
        return os.getpid()

    assert run(answer()) == os.getpid()
    child = get_context("fork").Process(target=ask_in_child)
    child.start()
    child.join(120)
    assert child.exitcode == 0


def test_other_apps_chat(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted))
    curate(make_curated(model))
    messages = [{"role": "user", "content": "Where?"}]
    reply = services.chat(target=model.name, messages=messages, caller=Caller(), max_tokens=3, temperature=0)
    assert len(services.read_text(reply).split()) == 3
    asked = scripted.requests()[0]["body"]
    assert (asked["max_tokens"], asked["temperature"]) == (3, 0)
    schema = {"type": "object", "properties": {"town": {"const": "Paris"}}, "required": ["town"]}
    reply = services.chat(target=model.name, messages=messages, caller=Caller(), schema=schema)
    assert services.read_text(reply) == '{"town": "Paris"}'


def test_other_apps_embed(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted), "scripted-embedding", operation=Operation.EMBEDDING)
    curate(make_curated(model))
    one, other = services.embed(target=model.name, texts=["one", "other"], caller=Caller())
    assert len(one) == len(other) == 384
    assert one != other


def test_other_apps_wait_no_longer_than_they_say(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_model(make_provider(scripted), "scripted-hang")
    curate(make_curated(model))
    started = time.monotonic()
    with pytest.raises((TimedOut, BadAnswer)):
        services.chat(target=model.name, messages=[{"role": "user", "content": "?"}], caller=Caller(), seconds=0.2)
    assert time.monotonic() - started < 20
