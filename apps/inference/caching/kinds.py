"""The types of cached answers: for how long each is kept, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

HOUR = 3600
LONGEST_SECONDS = 30 * 24 * HOUR
MOST_ENTRIES = 200_000
LOCAL_SHARE = 4
"""A process keeps this part of what all keep together."""


class CacheKind(StrEnum):
    ROUTING = "routing"
    CHAT = "chat"
    SQL = "sql"
    INFERENCE = "inference"
    TEXT = "text"

    @property
    def label(self) -> str:
        """As pages call it."""
        return "SQL" if self is CacheKind.SQL else self.value.capitalize()


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """`seconds` an entry lives from when it was made; `size` is how many entries all processes keep together."""

    seconds: int
    size: int

    @property
    def local_size(self) -> int:
        return max(1, self.size // LOCAL_SHARE)


DEFAULTS: Mapping[CacheKind, CacheLimits] = MappingProxyType(
    {
        CacheKind.ROUTING: CacheLimits(2 * HOUR, 10_000),
        CacheKind.CHAT: CacheLimits(HOUR, 2_000),
        CacheKind.SQL: CacheLimits(HOUR // 2, 2_000),
        CacheKind.INFERENCE: CacheLimits(HOUR, 5_000),
        CacheKind.TEXT: CacheLimits(24 * HOUR, 5_000),
    }
)
