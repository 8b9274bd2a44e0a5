"""What tests of breakers do instead of waiting for a minute."""

from django_redis import get_redis_connection
from redis import Redis

from apps.inference.breaker import shared
from apps.inference.breaker.machine import Breaker
from apps.inference.curated import CuratedProvider
from apps.inference.models import Provider


def let_time_pass(provider: CuratedProvider | Provider, client: Redis | None = None) -> None:
    """Its time of being left alone is over, for all."""
    client = client or get_redis_connection()
    now, known = shared.read_all(client)
    breaker = known[provider.id]
    over = Breaker(breaker.failures, breaker.generation, now - 1, 0)
    client.hset(shared.KEY, str(provider.id), shared.write_breaker(over))
