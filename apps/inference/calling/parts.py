"""Stand-ins for parts that are on their way: the next commits put the real ones here."""

from decimal import Decimal
from typing import Any, NamedTuple


class Reservation(NamedTuple):
    dollars: Decimal
    tokens: int

    async def settle(self, dollars: Decimal, tokens: int) -> None: ...


class ProviderBreaker:
    async def admit(self) -> None: ...
    async def succeeded(self) -> None: ...
    async def failed(self, error: Any) -> None: ...


def breaker_of(provider: Any) -> ProviderBreaker:
    return ProviderBreaker()


async def reserve(caller: Any, alias: Any, *, dollars: Decimal, tokens: int) -> Reservation:
    return Reservation(dollars, tokens)


def record_call(exchange: Any, **facts: Any) -> None: ...


async def find_cached(exchange: Any) -> Any:
    return None


def keep(exchange: Any, reply: Any) -> None: ...
