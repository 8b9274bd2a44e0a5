"""How breakers stand, and closing one by hand."""

import asyncio
from collections.abc import Iterator

import pytest
from django.test import Client

from apps.core.audit.models import AuditEntry
from apps.inference.breaker import board as boards
from apps.inference.breaker import breaker_of
from apps.inference.breaker.machine import Phase
from apps.inference.breaker.states import BreakerState, gauge_breakers, read_states, reset_breaker
from apps.inference.curated import forget_curated, get_curated
from apps.inference.errors import BadAnswer
from apps.inference.models import Provider
from tests.inference.factories import ModelFactory, ProviderFactory
from tests.inference.serving import numbers
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    forget_curated()
    monkeypatch.setattr(boards.board, "_client", None)  # the next one is as patient as tests are
    boards.board.look()  # it may be alone yet since an earlier test, in which Valkey was away
    number = next(numbers)
    provider: Provider = ProviderFactory(pk=number, name=f"watched-{number}")
    ModelFactory(provider=provider)
    yield provider
    forget_curated()


def break_down(provider: Provider, times: int = 5) -> None:
    curated = get_curated().providers[provider.pk]

    async def fail() -> None:
        for _ in range(times):
            breaker = breaker_of(curated)
            await breaker.admit()
            await breaker.failed(BadAnswer())

    asyncio.run(fail())


def state_of(provider: Provider) -> BreakerState:
    return next(state for state in read_states() if state.provider == provider.name)


def level_of(provider: Provider) -> float:
    return next(level for labels, level in gauge_breakers() if labels["provider"] == provider.name)


def test_each_state_is_told_in_words_and_as_a_metric(provider: Provider, client: Client) -> None:
    assert (state_of(provider).why, level_of(provider)) == ("", 0)
    break_down(provider, 2)
    assert (state_of(provider).why, level_of(provider)) == ("Failures in a row: 2.", 0)
    break_down(provider, 3)
    state = state_of(provider)
    assert (state.state, level_of(provider)) == (Phase.OPEN, 2)
    assert state.retry_after == pytest.approx(60, abs=20)
    assert "left alone for" in state.why
    page = client.get("/metrics").content.decode()
    assert f'touchstone_inference_breaker_state{{provider="{provider.name}"}} 2.0' in page


def test_who_closes_one_by_hand_is_put_down(provider: Provider) -> None:
    user = UserFactory()
    break_down(provider)
    reset_breaker(provider.name, by=user)
    assert state_of(provider).state is Phase.CLOSED
    break_down(provider, 1)
    assert state_of(provider).failures == 1
    entry = AuditEntry.objects.get(event="inference.breaker_reset")
    assert (entry.actor, entry.object_repr) == (user, provider.name)


def test_a_name_of_no_provider(provider: Provider) -> None:
    with pytest.raises(Provider.DoesNotExist):
        reset_breaker("nobody", by=None)
