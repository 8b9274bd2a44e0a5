"""What every kind of provider can do for who calls models."""

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from apps.inference.curated import CuratedModel, CuratedProvider
from apps.inference.exchange import Body

Part = dict[str, Any]
"""A piece of a stream, in the form of OpenAI's chunks."""


class Adapter(Protocol):
    """All raise apps.inference.errors, retry nothing, and close the connection when they are cancelled.

    `body` has neither `model` nor `stream`; `timeout` is in seconds, for a stream that until each of its parts.
    """

    async def send(self, model: CuratedModel, body: Body, *, timeout: float) -> dict[str, Any]:
        """The whole answer, in OpenAI's form."""

    def stream(self, model: CuratedModel, body: Body, *, timeout: float) -> AsyncGenerator[Part, None]:
        """The parts as they come. Its `aclose()` ends the request at the provider."""

    async def check(self, provider: CuratedProvider) -> str:
        """What it said of itself, for a health check."""

    async def close(self) -> None: ...
