"""What calls of models are tested with: models of the scripted server, and what was put down of each call."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from apps.inference.curated import Curated, CuratedAlias, CuratedModel, CuratedProvider
from apps.inference.errors import InferenceError
from apps.inference.exchange import Caller, Exchange, ModelTier, Operation, Prices, Reply, Usage
from apps.inference.models import ProviderKind, TooLong
from apps.inference.providers.registry import close_adapters
from tests.scripted import ScriptedServer

Got = TypeVar("Got")
numbers = itertools.count(1_000_000)
"""Providers of tests have numbers of their own: their breakers are shared with whatever else runs."""
CHAT = {"messages": [{"role": "user", "content": "How are you?"}]}


def make_provider(server: ScriptedServer | None = None, **changes: Any) -> CuratedProvider:
    number = next(numbers)
    facts: dict[str, Any] = {
        "id": number,
        "name": f"provider-{number}",
        "kind": ProviderKind.OPENAI,
        "base_url": server.base_url if server else "http://127.0.0.1:9/v1",
        "management_url": "",
        "api_key": server.key if server else "",
        "connect_timeout": 20.0,
        "timeout": 60.0,
        "max_connections": 20,
        "kept_connections": 10,
    }
    return CuratedProvider(**(facts | changes))


def make_model(provider: CuratedProvider, remote_name: str = "scripted-chat", **changes: Any) -> CuratedModel:
    number = next(numbers)
    facts: dict[str, Any] = {
        "id": number,
        "name": f"model-{number}",
        "remote_name": remote_name,
        "provider": provider,
        "operation": Operation.CHAT,
        "tier": ModelTier.LARGE,
        "can_stream": True,
        "can_use_tools": True,
        "can_keep_schema": True,
        "context_tokens": 8192,
        "max_output_tokens": 1024,
        "max_input_characters": 0,
        "too_long": TooLong.REFUSE,
        "batch_size": 32,
        "prices": Prices(Decimal("0.5"), Decimal("1.5")),
    }
    return CuratedModel(**(facts | changes))


def make_curated(*models: CuratedModel, aliases: dict[str, Sequence[CuratedModel]] | None = None) -> Curated:
    named = {name: CuratedAlias(next(numbers), name, "", tuple(ordered)) for name, ordered in (aliases or {}).items()}
    return Curated({model.name: model for model in models}, named)


def make_exchange(
    target: CuratedModel | str,
    body: dict[str, Any] | None = None,
    *,
    operation: Operation | None = None,
    seconds: float = 60.0,
) -> Exchange:
    name = target if isinstance(target, str) else target.name
    of = operation or (Operation.CHAT if isinstance(target, str) else target.operation)
    return Exchange(of, name, CHAT if body is None else body, Caller(), time.monotonic() + seconds)


def run(work: Callable[[], Awaitable[Got]]) -> Got:
    """On a loop of its own, whose connections are closed after it."""

    async def wrapped() -> Got:
        try:
            return await work()
        finally:
            await close_adapters()

    return asyncio.run(wrapped())


@dataclass
class Recorded:
    """One call as it was put down."""

    exchange: Exchange
    reply: Reply
    error: InferenceError | None
    cancelled: bool
    streamed: bool
    ms: float
    first_ms: float | None

    @property
    def outcome(self) -> str:
        return "cancelled" if self.cancelled else self.error.code if self.error else "ok"


@dataclass
class Purse:
    """Grants what is left, and remembers what was settled of it."""

    dollars: Decimal = Decimal("Infinity")
    tokens: int = 10**12
    settled: list[tuple[Decimal, int]] = field(default_factory=list)
    open: int = 0

    @property
    def spent(self) -> tuple[Decimal, int]:
        return sum((one[0] for one in self.settled), Decimal(0)), sum(one[1] for one in self.settled)


def total(usages: Sequence[Usage]) -> tuple[int, int]:
    return sum(one.prompt for one in usages), sum(one.completion for one in usages)
