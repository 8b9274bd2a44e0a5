"""Which adapter speaks with which provider: one for each, and for each event loop, since connections belong to one."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from apps.inference.curated import CuratedProvider
from apps.inference.models import ProviderKind
from apps.inference.providers.base import Adapter

Kept = dict[int, tuple[CuratedProvider, Adapter]]
_kept: WeakKeyDictionary[asyncio.AbstractEventLoop, Kept] = WeakKeyDictionary()


def adapter_of(provider: CuratedProvider) -> Adapter:
    """The running loop's. A provider that was changed gets a new one; the old one ends when its requests have."""
    loop = asyncio.get_running_loop()
    kept = _kept.get(loop)
    if kept is None:
        kept = _kept[loop] = {}
    found = kept.get(provider.id)
    if found and (found[0] is provider or found[0] == provider):
        return found[1]
    adapter = _makers()[provider.kind](provider)
    kept[provider.id] = provider, adapter
    if found:
        old, unused = found
        loop.call_later(old.timeout, lambda: loop.create_task(unused.close()))
    return adapter


async def close_adapters() -> None:
    """Ends all connections of the running loop: for who is about to end it."""
    for _, adapter in _kept.pop(asyncio.get_running_loop(), {}).values():
        await adapter.close()


def _makers() -> dict[ProviderKind, Callable[[CuratedProvider], Adapter]]:
    return {
        ProviderKind.OPENAI: _make_openai,
        ProviderKind.LOCAL: _make_local,
        ProviderKind.EMBEDDED: _make_embedded,
        ProviderKind.TORCHSERVE: _make_torchserve,
    }


# Each is imported where it is first needed: the openai library alone takes a second and more.


def _make_openai(provider: CuratedProvider) -> Adapter:
    from apps.inference.providers.openai import OpenAIAdapter

    return OpenAIAdapter(provider)


def _make_local(provider: CuratedProvider) -> Adapter:
    from apps.inference.providers.local import LocalAdapter

    return LocalAdapter(provider)


def _make_embedded(provider: CuratedProvider) -> Adapter:
    from apps.inference.providers.embedded import EmbeddedAdapter

    return EmbeddedAdapter(provider)


def _make_torchserve(provider: CuratedProvider) -> Adapter:
    from apps.inference.providers.torchserve import TorchServeAdapter

    return TorchServeAdapter(provider)
