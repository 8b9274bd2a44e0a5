"""The language model on this machine, where one was fetched: its address and key change with each of its starts."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from apps.inference.curated import CuratedModel, CuratedProvider
from apps.inference.errors import Misconfigured
from apps.inference.exchange import Body
from apps.inference.local_model import Server, find_server
from apps.inference.providers.base import Part
from apps.inference.providers.openai import OpenAIAdapter


class LocalModelMissing(Misconfigured):
    message = "There is no language model on this machine, or it is still loading."


class LocalAdapter:
    """Keeps no connection: the server closes each after a stream."""

    def __init__(self, provider: CuratedProvider) -> None:
        self._provider = replace(provider, kept_connections=0)
        self._server: Server | None = None
        self._adapter: OpenAIAdapter | None = None

    async def send(self, model: CuratedModel, body: Body, *, timeout: float) -> dict[str, Any]:
        adapter, server = await self._reach()
        return await adapter.send(replace(model, remote_name=server.model), body, timeout=timeout)

    async def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[Part, None]:
        adapter, server = await self._reach()
        parts = adapter.stream(replace(model, remote_name=server.model), body, timeout=timeout)
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def check(self, provider: CuratedProvider) -> str:
        adapter, server = await self._reach()
        await adapter.check(provider)
        return server.model

    async def close(self) -> None:
        if self._adapter is not None:
            await self._adapter.close()

    async def _reach(self) -> tuple[OpenAIAdapter, Server]:
        server = find_server()
        if server is None:
            raise LocalModelMissing("make model fetches it, and up runs it")
        if self._adapter is None or server != self._server:
            ended, self._server = self._adapter, server
            self._adapter = OpenAIAdapter(replace(self._provider, base_url=server.base_url, api_key=server.key))
            if ended is not None:
                await ended.close()  # its server is no more
        return self._adapter, server
