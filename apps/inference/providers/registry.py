"""Which adapter speaks with which provider: one for each, and for each event loop, since connections belong to one."""

import asyncio
import importlib
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings

from apps.inference.curated import CuratedProvider
from apps.inference.models import ProviderKind
from apps.inference.providers.base import Adapter


@dataclass(slots=True)
class Kept:
    """A loop's: those in use by the providers' ids, and those whose last requests may still be under way."""

    current: dict[int, tuple[CuratedProvider, Adapter]] = field(default_factory=dict)
    retired: set[Adapter] = field(default_factory=set)


_kept: WeakKeyDictionary[asyncio.AbstractEventLoop, Kept] = WeakKeyDictionary()

PLACES = {
    ProviderKind.OPENAI: ("apps.inference.providers.openai", "OpenAIAdapter"),
    ProviderKind.LOCAL: ("apps.inference.providers.local", "LocalAdapter"),
    ProviderKind.EMBEDDED: ("apps.inference.providers.embedded", "EmbeddedAdapter"),
    ProviderKind.TORCHSERVE: ("apps.inference.providers.torchserve", "TorchServeAdapter"),
}
"""Imported where they are first needed: a start that calls no model need not wait for aiohttp or numpy."""
_loaded: dict[ProviderKind, Any] = {}


def load_adapter(kind: ProviderKind) -> Any:
    """The class for providers of a kind. The first time may take seconds: for a thread, or before anybody waits."""
    module, name = PLACES[kind]
    found = _loaded[kind] = getattr(importlib.import_module(module), name)
    return found


async def prepare_adapter(kind: ProviderKind, seconds: float) -> None:
    """So that `adapter_of` holds nobody up. Gives up after so many seconds; what it began goes on."""
    if kind not in _loaded:
        await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(load_adapter, kind))}, timeout=max(0.0, seconds))


def adapter_of(provider: CuratedProvider) -> Adapter:
    """The running loop's. A provider that was changed gets a new one; the old one ends when its requests have."""
    loop = asyncio.get_running_loop()
    kept = _kept.get(loop)
    if kept is None:
        kept = _kept[loop] = Kept()
    found = kept.current.get(provider.id)
    if found and (found[0] is provider or found[0] == provider):
        return found[1]
    adapter: Adapter = (_loaded.get(provider.kind) or load_adapter(provider.kind))(provider)
    kept.current[provider.id] = provider, adapter
    if found:
        old, unused = found
        kept.retired.add(unused)
        loop.call_later(longest_request(old), lambda: loop.create_task(_close(kept, unused)))
    return adapter


def longest_request(provider: CuratedProvider) -> float:
    """In seconds. The provider's time-out counts anew with each part of a stream, which has its caller's time."""
    return max(provider.timeout, float(settings.GATEWAY_TIMEOUT_SECONDS))


async def close_adapters() -> None:
    """Ends all connections of the running loop: for who is about to end it."""
    kept = _kept.pop(asyncio.get_running_loop(), Kept())
    for adapter in (*kept.retired, *(adapter for _, adapter in kept.current.values())):
        await adapter.close()


async def _close(kept: Kept, adapter: Adapter) -> None:
    kept.retired.discard(adapter)
    await adapter.close()
