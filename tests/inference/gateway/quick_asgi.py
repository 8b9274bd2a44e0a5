"""The gateway that writes calls down when it is told to, in less and in more of a hurry than operators run it.

It sees at once what was curated, and waits for Valkey and for comparisons for as long as they may take.
"""

from tests.inference.gateway.writing_asgi import application  # noqa: I001 - which sets up Django

from apps.inference import curated
from apps.inference.caching import alike
from tests.patience import wait_long_for_valkey

__all__ = ["application"]

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 20.0

curated._kept._seconds = LOOK_SECONDS
alike.PATIENCE_SECONDS = PATIENCE_SECONDS
wait_long_for_valkey()
