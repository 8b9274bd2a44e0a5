"""Many texts: split, sent side by side, put together in order, and each no longer than its model takes."""

from typing import Any

import pytest

from apps.inference.calling import call_async, trying
from apps.inference.calling.choosing import PREDICTION_CHARACTERS, fit_texts
from apps.inference.curated import CuratedModel
from apps.inference.errors import BadAnswer, InferenceError, InputTooLong, Refused
from apps.inference.exchange import Operation, Usage
from apps.inference.models import TooLong
from tests.inference.calling.conftest import Curate
from tests.inference.serving import Purse, Recorded, make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer
from tests.scripted.answers import embed

pytestmark = pytest.mark.integration


def make_embedding(server: ScriptedServer, **changes: Any) -> CuratedModel:
    return make_model(make_provider(server), "scripted-embedding", operation=Operation.EMBEDDING, **changes)


def test_batches_come_back_in_order_with_their_usage_added(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse
) -> None:
    model = make_embedding(scripted, batch_size=8)
    curate(make_curated(model))
    texts = [f"text number {number}" for number in range(30)]
    reply = run(lambda: call_async(make_exchange(model, {"input": texts, "dimensions": 4})))
    assert sorted(len(one["body"]["input"]) for one in scripted.requests()) == [6, 8, 8, 8]
    assert [item["index"] for item in reply.body["data"]] == list(range(30))
    assert [item["embedding"] for item in reply.body["data"]] == [embed(text, 4, "float") for text in texts]
    assert reply.body["usage"]["prompt_tokens"] == 90
    assert reply.usage == Usage(90)
    assert len(purse.settled) == len(reply.attempts) == 4
    assert len(recorded) == 1


def test_one_batch_that_fails_fails_all_and_says_what_was_spent(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "TRIES", 1)
    scripted.script("odd", {"ok": True}, {"ok": True}, {"status": 500})
    one_by_one = make_provider(scripted, kept_connections=1)
    model = make_model(one_by_one, "odd", operation=Operation.EMBEDDING, batch_size=1)
    curate(make_curated(model))
    with pytest.raises(BadAnswer):
        run(lambda: call_async(make_exchange(model, {"input": ["a", "b", "c"]})))
    assert purse.open == 0
    assert purse.spent[1] == recorded[0].reply.usage.total == 2


def test_tokens_go_as_they_are(scripted: ScriptedServer, curate: Curate) -> None:
    model = make_embedding(scripted)
    curate(make_curated(model))
    reply = run(lambda: call_async(make_exchange(model, {"input": [[1, 2, 3], [4, 5]]})))
    assert len(reply.body["data"]) == 2
    one = run(lambda: call_async(make_exchange(model, {"input": [1, 2, 3]})))
    assert len(one.body["data"]) == 1


@pytest.mark.parametrize("given", [None, "input missing", [], [1, "a"], [["a"]], {"a": 1}, [[]], 5, [True]])
def test_what_is_no_text_is_refused_before_anybody_is_asked(
    given: Any, scripted: ScriptedServer, curate: Curate
) -> None:
    model = make_embedding(scripted)
    curate(make_curated(model))
    body = {} if given == "input missing" else {"input": given}
    with pytest.raises(Refused, match="input must be"):
        run(lambda: call_async(make_exchange(model, body)))
    assert not scripted.requests()


def test_too_long_texts_are_refused_by_their_place_or_cut() -> None:
    refusing = make_model(make_provider(), operation=Operation.PREDICTION)
    cutting = make_model(make_provider(), operation=Operation.PREDICTION, max_input_characters=5, too_long=TooLong.CUT)
    texts = ["short", "x" * (PREDICTION_CHARACTERS + 1)]
    with pytest.raises(InputTooLong, match=r"input\[1\] has 2,049 characters, and the model takes 2,048"):
        fit_texts(refusing, texts)
    assert fit_texts(cutting, texts) == ["short", "xxxxx"]
    assert fit_texts(refusing, ["x" * PREDICTION_CHARACTERS]) == ["x" * PREDICTION_CHARACTERS]


def test_a_model_that_takes_more_may_follow(scripted: ScriptedServer, curate: Curate) -> None:
    narrow, wide = make_embedding(scripted, max_input_characters=3), make_embedding(scripted)
    curate(make_curated(narrow, wide, aliases={"both": [narrow, wide]}))
    exchange = make_exchange("both", {"input": "longer"}, operation=Operation.EMBEDDING)
    assert run(lambda: call_async(exchange)).model == wide.name


def test_fewer_vectors_than_texts_are_no_answer(scripted: ScriptedServer, curate: Curate) -> None:
    raw = '{"object": "list", "data": [{"index": 0, "embedding": [1.0]}]}'
    scripted.script("short", always={"raw": raw})
    model = make_model(make_provider(scripted), "short", operation=Operation.EMBEDDING)
    curate(make_curated(model))
    with pytest.raises(InferenceError) as caught:
        run(lambda: call_async(make_exchange(model, {"input": ["a", "b"]})))
    assert caught.value.code == "inference"
