"""How many requests a gateway works on at a time, of all keys together and of each."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.inference.gateway.refusals import Refusal

TRY_AGAIN_SECONDS = 1


class Slots:
    """Counts of one process. One key cannot take them all, however long its streams last."""

    def __init__(self) -> None:
        self.taken = Counter[int]()
        self.all_taken = 0

    @contextmanager
    def take(self, key: int) -> Iterator[None]:
        """Raises Refusal where all are taken, or all that a key may have."""
        if self.all_taken >= settings.GATEWAY_CONCURRENCY:
            message = "The gateway works on as many requests as it can. Try again in a moment."
            raise Refusal(503, "overloaded", message, retry_after=TRY_AGAIN_SECONDS)
        if self.taken[key] >= settings.GATEWAY_KEY_CONCURRENCY:
            message = f"The API key has {self.taken[key]:,} requests in work, as many as it may. Wait for one to end."
            raise Refusal(429, "too_many_at_once", message, retry_after=TRY_AGAIN_SECONDS)
        self.taken[key] += 1
        self.all_taken += 1
        try:
            yield
        finally:
            self.all_taken -= 1
            self.taken[key] -= 1
            if not self.taken[key]:
                del self.taken[key]
