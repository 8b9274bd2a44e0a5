"""How often a sign-in may be tried: so many attempts for an account from an address, then a wait.

Attempts are counted before the password is looked at, and forgotten when it was right: guesses sent all at once
cannot slip past a count that is only made afterwards.
"""

import hashlib
import ipaddress
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from apps.users.models import normalise_email

MAX_ATTEMPTS = 10
WINDOW = timedelta(minutes=15)
# Counting is a guard beside the password, not the lock itself: where it cannot be done, nobody is kept out.
CACHE_FAILURES = (ConnectionInterrupted, RedisError, OSError)

log = structlog.get_logger(__name__)


def count_attempt(request: HttpRequest, email: str) -> int:
    """Counts one attempt; the seconds to wait before the next when there were too many, else 0."""
    count_key, until_key = cache_keys(request, email)
    window = int(WINDOW.total_seconds())
    try:
        cache.add(until_key, int(timezone.now().timestamp()) + window, window)
        cache.add(count_key, 0, window)
        attempts = cache.incr(count_key) or 0  # a cache that is told to swallow its failures gives None
    except ValueError:  # the count ran out between being added and being raised
        return 0
    except CACHE_FAILURES as error:
        log.warning("sign_in_not_counted", error=str(error))
        return 0
    return seconds_left(request, email) if attempts > MAX_ATTEMPTS else 0


def seconds_left(request: HttpRequest, email: str) -> int:
    """Seconds until the account may be tried again from this address; 0 when it may be now."""
    count_key, until_key = cache_keys(request, email)
    try:
        found = cache.get_many([count_key, until_key])
    except CACHE_FAILURES as error:
        log.warning("sign_in_not_counted", error=str(error))
        return 0
    if found.get(count_key, 0) < MAX_ATTEMPTS or until_key not in found:
        return 0
    return max(1, found[until_key] - int(timezone.now().timestamp()))


def forget_attempts(request: HttpRequest, email: str) -> None:
    """Starts the count afresh, after a sign-in that was right."""
    try:
        cache.delete_many(cache_keys(request, email))
    except CACHE_FAILURES as error:
        log.warning("sign_in_not_counted", error=str(error))


def cache_keys(request: HttpRequest, email: str) -> tuple[str, str]:
    """The keys of the count and of its end. Hashed: addresses have any length and no place in a cache's listing."""
    who = f"{normalise_email(email)}\n{client_network(request.META.get('REMOTE_ADDR', ''))}"
    digest = hashlib.sha256(who.encode(errors="replace")).hexdigest()[:32]
    return f"users:login:1:{digest}:count", f"users:login:1:{digest}:until"


def client_network(address: str) -> str:
    """The part of an address that one client holds: all of IPv4, the first 64 bits of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # a unix socket has none
        return address
    if ip.version == 4:
        return str(ip)
    return str(ipaddress.ip_network(f"{ip.compressed.partition('%')[0]}/64", strict=False))
