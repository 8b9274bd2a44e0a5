"""What a cache does while something of it is slow, away, full, damaged or of another version: the model is asked."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import orjson
import pytest
from django_redis import get_redis_connection

from apps.inference.caching import alike as level
from apps.inference.caching import engine, entries, meaning, recipes, response, shared
from apps.inference.caching.engine import LOADING, MISSING, Engine, Loader, NoEngine
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.response import response_cache
from apps.inference.calling import call_async
from apps.inference.models import CacheLevel
from tests.inference.caching.asking import (
    ALIKE,
    FIRST,
    VECTORS,
    ask,
    ask_and_look,
    ask_in_turn,
    count_requests,
    make_engine,
    put_engine,
    say,
)
from tests.inference.caching.conftest import Offer, find_names
from tests.inference.chaos.valkey import Valkey, own_valkey
from tests.inference.serving import CHAT, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What waits for it goes on at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


def be_slow(gate: threading.Event) -> Engine:
    """Each vector takes until the gate is opened."""
    quick = make_engine()

    def embed(text: str) -> Any:
        gate.wait(30)
        return quick.embed(text)

    return Engine(quick.entries, embed, quick.model)


def write_all() -> None:
    response_cache(CacheKind.INFERENCE).flush()
    level.make_meanings(level.engines.peek().engine).flush()


def forget_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it is another process, which has only what is in Valkey."""
    response.response_cache.cache_clear()
    put_engine(monkeypatch, make_engine())


def test_a_comparison_that_takes_too_long_is_given_up(
    alike: Offer, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_engine(monkeypatch, be_slow(gate))
    monkeypatch.setattr(level, "PATIENCE_SECONDS", 0.05)
    cache, look = ask_and_look(FIRST)
    assert (cache, look.outcome) == ("", "skipped")
    assert "took longer" in look.reason
    gate.set()
    assert ask_and_look(FIRST)[0] == "exact"


def test_many_that_take_long_hold_up_nobody_else(
    alike: Offer, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have threads of their own: what the rest of the process does in threads goes on."""
    put_engine(monkeypatch, be_slow(gate))

    async def scenario() -> None:
        slow = [asyncio.create_task(call_async(ask(say(FIRST, before=str(number))))) for number in range(40)]
        await asyncio.sleep(0)
        assert await asyncio.to_thread(lambda: "done") == "done"
        alike(CacheLevel.EXACT)
        assert (await call_async(ask(CHAT))).cache == ""
        assert not any(one.done() for one in slow)
        gate.set()
        await asyncio.gather(*slow)

    run(scenario)


def test_until_the_model_is_loaded_the_level_is_skipped(
    alike: Offer, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> Engine:
        gate.wait(30)
        return make_engine()

    loader = Loader(load)
    monkeypatch.setattr(level, "engines", loader)
    cache, look = ask_and_look(FIRST)
    assert (cache, look.outcome, look.reason) == ("", "skipped", LOADING)
    assert ask_and_look(FIRST)[0] == "exact"
    gate.set()
    loader.start().join(30)
    assert ask_and_look(ALIKE)[1].outcome == "miss"
    assert ask_and_look("How do I fry eggs?")[1].outcome == "miss"
    assert loader.start() is loader.start()


def fail_for_want() -> Engine:
    raise NoEngine(MISSING)


def fail_for_memory() -> Engine:
    raise MemoryError


@pytest.mark.parametrize(("load", "reason"), [(fail_for_want, MISSING), (fail_for_memory, engine.BROKEN)])
def test_without_a_model_the_trace_says_so(
    alike: Offer, load: Callable[[], Engine], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = Loader(load)
    loader.start().join(30)
    monkeypatch.setattr(level, "engines", loader)
    cache, look = ask_and_look(FIRST)
    assert (cache, look.outcome, look.reason) == ("", "skipped", reason)


def test_a_folder_without_a_model_is_said_to_be_one(tmp_path: Any, settings: Any) -> None:
    settings.MODELS_DIR = tmp_path
    with pytest.raises(NoEngine, match=MISSING):
        engine.load_engine()


def test_nothing_is_compared_while_valkey_is_away(alike: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_turn(ask(say(FIRST)))
    write_all()

    def away() -> Any:
        raise OSError("away")

    monkeypatch.setattr(shared, "get_async_client", away)
    monkeypatch.setattr(shared, "get_redis_connection", away)
    forget_process(monkeypatch)
    cache, look = ask_and_look(ALIKE)
    assert (cache, look.level, look.outcome) == ("", "exact", "miss")
    assert look.reason


@pytest.fixture
def small_valkey(tmp_path: Any, settings: Any) -> Iterator[Valkey]:
    """One of the test's own, which is used instead."""
    with own_valkey(tmp_path) as valkey:
        there = {**settings.CACHES["default"], "LOCATION": f"{valkey.url}/1"}
        settings.CACHES = {**settings.CACHES, "default": there}
        yield valkey


def test_a_full_valkey_gives_what_it_has_and_takes_nothing_more(
    alike: Offer, small_valkey: Valkey, monkeypatch: pytest.MonkeyPatch, scripted: ScriptedServer
) -> None:
    ask_in_turn(ask(say(FIRST)))
    write_all()
    small_valkey.cache.config_set("maxmemory", "1")  # what it can push out it is told not to
    small_valkey.cache.config_set("maxmemory-policy", "noeviction")
    forget_process(monkeypatch)
    assert [ask_and_look(text)[0] for text in (FIRST, ALIKE)] == ["exact", "semantic"]
    assert ask_and_look("How do I fry eggs?")[0] == ""
    write_all()
    forget_process(monkeypatch)
    assert ask_and_look("How do I fry eggs?")[0] == ""

    small_valkey.cache.config_set("maxmemory", "0")
    ask_in_turn(ask(say("How do I fry eggs?"), fresh=True))
    write_all()
    forget_process(monkeypatch)
    assert ask_and_look("How do I fry eggs?")[0] == "exact"
    assert count_requests(scripted) == 4


def test_what_a_full_valkey_pushes_out_is_asked_again(
    alike: Offer, small_valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers go, and the question leads nowhere; then questions go too, and others are learned again."""
    ask_in_turn(ask(say(FIRST)))
    write_all()
    for name in find_names("{inference}:entry:*"):
        small_valkey.cache.delete(name)
    forget_process(monkeypatch)
    assert ask_and_look(ALIKE)[0] == ""
    assert ask_and_look(FIRST)[0] == "semantic"  # of the other wording, which has an answer now
    write_all()
    for name in find_names("questions:*"):
        small_valkey.cache.delete(name)
    forget_process(monkeypatch)
    assert ask_and_look(FIRST)[0] == ""
    assert ask_and_look(ALIKE)[0] == "exact"


FACTS = orjson.dumps([0, 4_000_000_000.0, ["owner:user:1"]])
DAMAGED = [
    b"",
    b"nothing of the kind",
    b"7\n{}",
    b"[1,2]\n{}",
    b'["a","b",[]]\n{}',
    FACTS,
    FACTS + b"\n{cut",
    FACTS + b'\n"a text"',
    FACTS + b'\n{"body":{}}',
    FACTS + b'\n{"usage":[1,2,false,4,5],"body":{},"model":"","provider":"","tier":""}',
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_answer_is_none(offer: Offer, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_turn(ask())
    response_cache(CacheKind.INFERENCE).flush()
    [name] = find_names("{inference}:entry:*")
    get_redis_connection().set(name, content)
    response.response_cache.cache_clear()
    assert [reply.cache for reply in ask_in_turn(ask(), ask())] == ["", "exact"]
    response_cache(CacheKind.INFERENCE).flush()
    response.response_cache.cache_clear()
    assert [reply.cache for reply in ask_in_turn(ask())] == ["exact"]


FIELDS = {"key": "k", "text": ALIKE, "vector": np.array(VECTORS[ALIKE], dtype=np.float32).tobytes()}


@pytest.mark.parametrize(
    "fields",
    [
        {"vector": b"123"},
        {"vector": np.array([1.0], dtype=np.float32).tobytes()},
        {"vector": np.array([np.nan, 1.0], dtype=np.float32).tobytes()},
        {"vector": np.array([3.0, 4.0], dtype=np.float32).tobytes()},
        {"vector": b""},
        {"text": b"\xff\xfe"},
        {"key": b"\xff"},
        {"vector": None},
        {"text": None},
    ],
)
def test_a_damaged_question_is_passed_over(alike: Offer, fields: dict[str, Any]) -> None:
    """Those before and after it are not."""
    ask_in_turn(ask(say(FIRST)))
    write_all()
    client = get_redis_connection()
    [name] = find_names("questions:*")
    client.xadd(name, {key: value for key, value in (FIELDS | fields).items() if value is not None})
    level.make_meanings.cache_clear()
    assert ask_and_look(ALIKE)[0] == "semantic"


def test_a_list_of_questions_that_is_none(alike: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_turn(ask(say(FIRST)))
    write_all()
    client = get_redis_connection()
    [name] = find_names("questions:*")
    client.set(name, "a text")
    forget_process(monkeypatch)
    assert ask_and_look(ALIKE)[0] == ""
    assert ask_and_look(ALIKE)[0] == "exact"


@pytest.mark.parametrize(("module", "name"), [(recipes, "FORM"), (entries, "VERSION")])
def test_another_versions_answers_are_not_found(
    offer: Offer, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(module, name, 0)
        assert [reply.cache for reply in ask_in_turn(ask(), ask())] == ["", "exact"]
    assert [reply.cache for reply in ask_in_turn(ask(), ask())] == ["", "exact"]


def test_vectors_of_another_model_are_never_compared(alike: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in_turn(ask(say(FIRST)))
    write_all()
    newer = make_engine()
    put_engine(monkeypatch, Engine(newer.entries, newer.embed, "a newer one"))
    assert ask_and_look(ALIKE)[0] == ""


def test_questions_are_read_page_by_page(alike: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is cut off in between leaves what was read to the next one."""
    monkeypatch.setattr(meaning, "PAGE", 2)
    ask_in_turn(ask(say(FIRST)))
    write_all()
    client = get_redis_connection()
    [name] = find_names("questions:*")
    for number in range(5):
        client.xadd(name, FIELDS | {"key": f"k{number}"})
    used = make_engine()
    meanings = put_engine(monkeypatch, used)
    scope = name.decode().rpartition(":")[2]

    async def read(times: int) -> int:
        pages = iter(range(times))

        async def cut(scope: str, last: str, client: Any) -> Any:
            if next(pages, None) is None:
                raise asyncio.CancelledError
            return await whole(scope, last, client)

        whole = meaning.read_page
        with monkeypatch.context() as cutting:
            cutting.setattr(meaning, "read_page", cut)
            with suppress(asyncio.CancelledError):
                await meanings.compare(scope, FIRST, None)
        return used.entries.count(scope)

    assert [asyncio.run(read(times)) for times in (1, 1, 9)] == [2, 4, 6]


def test_the_scope_that_was_used_longest_ago_makes_room(alike: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "MOST_KEPT", 1)
    used = make_engine()
    put_engine(monkeypatch, used)
    for before in ("one", "two"):
        ask_in_turn(ask(say(FIRST, before=before)))
    write_all()
    ask_in_turn(ask(say(ALIKE, before="two")))
    assert sum(used.entries.count(scope) for scope in list(used.entries._shelves)) <= 2
    assert [reply.cache for reply in ask_in_turn(ask(say(ALIKE, before="one")))] == ["semantic"]


def test_old_questions_leave_valkey_with_their_answers(alike: Offer) -> None:
    """So that nobody's words stay there for longer, however much is asked after them."""
    ask_in_turn(ask(say(FIRST)))
    write_all()
    client = get_redis_connection()
    [name] = find_names("questions:*")
    client.delete(name)
    client.xadd(name, FIELDS, id="1-1")
    ask_in_turn(ask(say(ALIKE), fresh=True), ask(say("How do I fry eggs?")))
    write_all()
    assert [fields[b"text"] for _, fields in client.xrange(name)] == [b"How do I fry eggs?"]
    assert 0 < client.ttl(name) <= 3600
