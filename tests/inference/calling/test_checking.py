"""Answers to other words that are asked for anew: asked as the first one was, paid for by the product, and recorded."""

import time
from decimal import Decimal
from typing import Any

import pytest

from apps.inference.calling import checking
from apps.inference.exchange import SEMANTIC, Caller, Exchange, Operation, Reply, Usage
from tests.inference.calling.conftest import Curate
from tests.inference.serving import CHAT, Purse, Recorded, make_curated, make_exchange, make_model, make_provider, run
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.integration
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "Paris"}}]}


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether answers were the same, as it was put down."""
    found: list[bool] = []
    monkeypatch.setattr(checking, "note", lambda alias, same: found.append(same))
    return found


def test_what_it_costs_is_recorded_as_the_products(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse, noted: list[bool]
) -> None:
    scripted.script("checked", {"content": "Paris"})
    model = make_model(make_provider(scripted), "checked")
    curate(make_curated(model, aliases={"alike": [model]}))
    body = {**CHAT, "stream_options": {"include_usage": True}}  # as a stream was asked for
    asked = Exchange(Operation.CHAT, "alike", body, Caller(7, 8, "trace"), time.monotonic() - 1)
    run(lambda: checking.check(asked, Reply(ANSWER, model.name, "", "", cache=SEMANTIC)))
    assert noted == [True]
    counts = scripted.count("checked")
    usage = Usage(counts["prompt_tokens"], counts["completion_tokens"])
    [call] = recorded
    assert (call.exchange.caller, call.exchange.alias, call.reply.usage) == (Caller(), "alike", usage)
    assert purse.spent == (model.prices.cost(usage), usage.total)
    assert "stream_options" not in scripted.requests()[0]["body"]


def test_what_cannot_be_asked_is_recorded_and_tells_nothing(
    scripted: ScriptedServer, curate: Curate, recorded: list[Recorded], purse: Purse, noted: list[bool]
) -> None:
    scripted.script("checked", always={"wrong_json": True})
    model = make_model(make_provider(scripted), "checked", max_output_tokens=100)
    curate(make_curated(model, aliases={"alike": [model]}))
    reply = Reply(ANSWER, model.name, "", "", cache=SEMANTIC)
    run(lambda: checking.check(make_exchange("alike", operation=Operation.CHAT), reply))
    assert noted == []
    [call] = recorded
    assert call.outcome == "inference"
    assert call.reply.usage.completion >= scripted.count("checked")["completion_tokens"] > 0
    assert purse.spent[0] == call.reply.cost > Decimal(0)


def test_only_answers_to_other_words_are_checked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SEMANTIC_CHECK_SHARE = 1
    checked: list[Exchange] = []

    async def check(exchange: Exchange, reply: Reply) -> None:
        checked.append(exchange)

    monkeypatch.setattr(checking, "check", check)
    exchange = make_exchange("alike")

    async def give() -> None:
        for cache in ("", "exact", SEMANTIC):
            checking.check_sometimes(exchange, Reply(ANSWER, "", "", "", cache=cache))

    run(give)
    assert checked == [exchange]
