"""Whatever servers do, and whatever is tried instead: none is asked anything once the caller's time is up."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from apps.inference.models import Call
from tests.inference.chaos.conftest import HURRIED_SECONDS, REQUESTS, Site
from tests.inference.factories import AliasFactory
from tests.inference.gateway.conftest import write_down
from tests.inference.gateway.process import Answered, GatewayProcess

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.critical]

SCENARIOS = 24
ON_THE_WAY = 2.5
"""Seconds. What was sent in time may be noted later, where the machine is busy. Servers that hang do so for longer."""
FATES: list[dict[str, Any]] = [
    {"hang": True},
    {"delay": 0.5, "status": 500},
    {"delay": 0.9, "status": 503},
    {"status": 429, "retry_after": 0.4},
    {"status": 429, "retry_after": 30},
    {"reset": True},
    {"delay": 0.5, "wrong_json": True},
    {"chunk_delay": 0.3, "tokens": 40},
    {"ok": True},
]


@dataclass(frozen=True)
class Scenario:
    """An alias of up to three models, and how it is asked."""

    name: str
    operation: str
    streamed: bool
    models: tuple[str, ...]


def plan(site: Site, number: int, random: Random) -> Scenario:
    operation = random.choice(["chat", "chat", "completion", "embedding"])
    models = []
    for place in range(random.randint(1, 3)):
        steps = random.choices(FATES, k=random.randint(1, 4))
        timeout = random.choice([0.4, 1.2, 15.0])
        models.append(site.put_model(f"late-{number}-{place}", *steps, operation=operation, timeout=timeout))
    name = "auto" if number == 0 and operation != "embedding" else f"late-{number}"
    AliasFactory(name=name, models=models)
    streamed = operation != "embedding" and random.random() < 0.5
    return Scenario(name, operation, streamed, tuple(model.name for model in models))


def read_spans(site: Site, scenarios: list[Scenario]) -> Iterator[tuple[Scenario, float]]:
    """The seconds between the first and the last request that servers got for a caller.

    The first came after the caller's time had begun: no span may be longer than that.
    """
    seen: dict[str, list[float]] = defaultdict(list)
    for request in site.scripted.requests():
        seen[request["model"]].append(request["seconds"])
    for scenario in scenarios:
        moments = [moment for name in scenario.models for moment in seen[name]]
        yield scenario, max(moments, default=0.0) - min(moments, default=0.0)


def code_of(answer: Answered) -> str:
    """Of an answer that is none, or that broke off."""
    told = answer.body[-1] if isinstance(answer.body, list) else answer.body
    return "" if told == "[DONE]" or "error" not in told else str(told["error"]["code"])


@pytest.mark.parametrize("seed", [1, 2])
def test_no_server_is_asked_after_the_callers_deadline(site: Site, hurried: GatewayProcess, seed: int) -> None:
    random = Random(seed)
    scenarios = [plan(site, number, random) for number in range(SCENARIOS)]
    site.wait_until_known(hurried, scenarios[-1].name)

    def ask(scenario: Scenario) -> Answered:
        more = {"stream": True} if scenario.streamed else {}
        return site.ask(hurried, scenario.operation, scenario.name, **more)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, scenarios))
    site.scripted.wait_until_idle()
    spans = dict(read_spans(site, scenarios))
    assert {one.name: span for one, span in spans.items() if span > HURRIED_SECONDS + ON_THE_WAY} == {}
    assert max(spans.values()) > HURRIED_SECONDS / 4  # or it has shown nothing
    codes = [code_of(answer) for answer in answers]
    assert "timeout" in codes
    assert all(answer.status == 200 or code for answer, code in zip(answers, codes, strict=True))
    write_down(hurried)
    late = Call.objects.filter(ms__gt=(HURRIED_SECONDS + 2 * ON_THE_WAY) * 1000)
    assert list(late.values_list("target", "ms")) == []


def test_texts_that_are_sent_in_parts_end_at_the_deadline_too(site: Site, hurried: GatewayProcess) -> None:
    model = site.put_model("parts", {"delay": 0.3}, operation="embedding", batch_size=1)
    site.wait_until_known(hurried, model.name)
    body = {**REQUESTS["embedding"][1], "input": [f"text {number}" for number in range(100)]}
    answer = hurried.ask("POST", "/v1/embeddings", {"model": model.name, **body}, key=site.front.token)
    assert answer.body["error"]["code"] == "timeout"
    site.scripted.wait_until_idle()
    moments = [one["seconds"] for one in site.scripted.requests() if one["model"] == model.name]
    assert 1 < len(moments) < 100
    assert max(moments) - min(moments) < HURRIED_SECONDS + ON_THE_WAY
