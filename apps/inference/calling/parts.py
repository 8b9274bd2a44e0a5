"""Stand-ins for the caches, which are on their way."""

from typing import Any


async def find_cached(exchange: Any) -> Any:
    return None


def keep(exchange: Any, reply: Any) -> None: ...
