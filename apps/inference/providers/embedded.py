"""The embedding model in this process, in threads of its own: many texts hold up neither the loop nor other work."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apps.inference.curated import CuratedModel, CuratedProvider
from apps.inference.embedder import get_embedder
from apps.inference.embedding import EmbeddingModelMissing
from apps.inference.errors import Misconfigured, NotSupported, Refused
from apps.inference.exchange import Body, Usage
from apps.inference.providers.base import Part
from apps.inference.tokens import tell_usage

THREADS = 2


class EmbeddedAdapter:
    def __init__(self, provider: CuratedProvider) -> None:
        self._name = provider.name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="embedding")

    async def send(self, model: CuratedModel, body: Body, *, timeout: float) -> dict[str, Any]:
        """What was begun goes on to its end when it is cancelled: a batch takes a moment, and costs nobody anything."""
        return await self._embed(body)

    async def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[Part, None]:
        raise NotSupported(f"{self._name} has only vectors")
        yield {}

    async def check(self, provider: CuratedProvider) -> str:
        answer = await self._embed({"input": "check"})
        return f"{len(answer['data'][0]['embedding'])} dimensions"

    async def close(self) -> None:
        """There are no connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _embed(self, body: Body) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, embed, body)


def embed(body: Body) -> dict[str, Any]:
    """As OpenAI's API answers, with the tokenizer's own count of tokens."""
    texts = [body["input"]] if isinstance(body["input"], str) else list(body["input"])
    if not all(isinstance(text, str) for text in texts):
        raise Refused("it takes texts, and no tokens", message="The model takes texts, and no tokens.")
    try:
        embedder = get_embedder()
    except EmbeddingModelMissing as error:
        raise Misconfigured(str(error)) from error
    if body.get("dimensions") not in (None, embedder.dimensions):
        raise Refused(message=f"The model's vectors have {embedder.dimensions} dimensions, and no other number.")
    packed = body.get("encoding_format") == "base64"
    data = [
        {
            "object": "embedding",
            "index": place,
            "embedding": base64.b64encode(row.tobytes()).decode() if packed else row.tolist(),
        }
        for place, row in enumerate(embedder.embed(texts))
    ]
    usage = Usage(sum(map(embedder.count_tokens, texts)))
    return {"object": "list", "data": data, "usage": tell_usage(usage)}
