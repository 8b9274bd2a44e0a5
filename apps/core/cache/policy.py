"""What is cached, for how long and where: one policy a namespace."""

import hashlib
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """`version` is part of every key: raise it when the form of the values changes. Times are in seconds."""

    namespace: str
    version: int
    local_size: int
    local_ttl: float
    shared_ttl: float = 0
    """0 keeps values in the process only: right for what is cheaper to compute than to fetch over a socket."""
    write_behind: bool = False
    """Whether `set` leaves the shared tier to a thread: others then see the value within a tenth of a second."""
    flight_seconds: float = 10
    """How long others wait for the one process that computes a value, before they compute it themselves."""

    @property
    def shared(self) -> bool:
        return self.shared_ttl > 0


def make_key(policy: CachePolicy, recipe: object) -> str:
    """`namespace:version:digest`, where the digest is of everything that made the value (any JSON value)."""
    body = orjson.dumps(recipe, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return f"{policy.namespace}:{policy.version}:{hashlib.blake2b(body, digest_size=16).hexdigest()}"
