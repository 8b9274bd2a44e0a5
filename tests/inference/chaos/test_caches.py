"""Answers to other words between two gateways, and while Valkey is away or comes back empty."""

import itertools
import time

import pytest

from apps.inference.models import ServedModel
from tests.inference.chaos.conftest import Site
from tests.inference.factories import AliasFactory
from tests.inference.gateway.process import Answered, GatewayProcess
from tests.inference.gateway.test_semantic import ALIAS, ALIKE, ASKED, LOADS_WITHIN
from tests.inference.gateway.test_semantic import pytestmark as real_model
from tests.scripted.models import CHAT

pytestmark = [*real_model, pytest.mark.chaos]
numbers = itertools.count(100)
"""Questions with different ones are never the same."""


@pytest.fixture
def semantic(site: Site) -> Site:
    """Once both gateways compare questions."""
    AliasFactory(name=ALIAS, cache="semantic", models=[ServedModel.objects.get(name=CHAT)])
    site.wait_until_all_know(ALIAS)
    for gateway in site.gateways:
        ask_until_alike(site, gateway, gateway, LOADS_WITHIN)
    return site


def ask(site: Site, gateway: GatewayProcess, text: str) -> Answered:
    answered = site.chat(gateway, ALIAS, messages=[{"role": "user", "content": text}])
    assert answered.status == 200
    return answered


def ask_until_alike(
    site: Site, one: GatewayProcess, other: GatewayProcess, seconds: float
) -> tuple[Answered, Answered]:
    """What one gateway answered, and what the other then gave to other words, once it was the same."""
    until = time.monotonic() + seconds
    while True:
        number = next(numbers)
        first = ask(site, one, f"How can I learn to play chess in {number} days?")
        time.sleep(0.2)  # in which it is written, behind the answer
        again = ask(site, other, f"How do I learn to play chess in {number} days?")
        if again.headers["x-touchstone-cache"] == "semantic":
            return first, again
        assert time.monotonic() < until


def test_what_one_gateway_was_asked_the_other_answers(semantic: Site) -> None:
    first, again = ask_until_alike(semantic, *semantic.gateways, 120)
    assert again.body["choices"] == first.body["choices"]


def test_valkey_goes_and_comes_back_empty(semantic: Site) -> None:
    ask(semantic, semantic.front.gateway, ASKED)
    semantic.valkey.kill()
    assert [ask(semantic, one, ALIKE).headers["x-touchstone-cache"] for one in semantic.gateways] == ["miss"] * 2
    semantic.valkey.start()
    ask_until_alike(semantic, *semantic.gateways, 120)
