"""How many requests a gateway works on at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.inference.gateway.refusals import Refusal

TRY_AGAIN_SECONDS = 1


class Slots:
    """Counts of one process."""

    def __init__(self) -> None:
        self.taken = 0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Raises Refusal where all are taken."""
        if self.taken >= settings.GATEWAY_CONCURRENCY:
            message = "The gateway works on as many requests as it can. Try again in a moment."
            raise Refusal(503, "overloaded", message, retry_after=TRY_AGAIN_SECONDS)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
