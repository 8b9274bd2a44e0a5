"""Where the data are: a given server, or the embedded one on its private socket."""

from typing import Any

import dj_database_url

from apps.core.embedded.home import EmbeddedUrls


def database_settings(url: str, embedded: EmbeddedUrls) -> dict[str, Any]:
    """Django's settings of the database at `url`, or of the embedded PostgreSQL when it is empty."""
    settings: dict[str, Any] = dict(dj_database_url.parse(url)) if url else dict(embedded.database)
    return {**settings, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def cache_settings(url: str, embedded: EmbeddedUrls, *, broker: bool = False) -> dict[str, Any]:
    """Settings of the shared cache: database 1 of the server, beside the broker's database 0."""
    location = redis_location(url, 0 if broker else 1) if url else (embedded.broker if broker else embedded.cache)
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": location,
        "TIMEOUT": 300,
        # Sessions and throttles go on without the cache: what it does not answer is a miss.
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 2, "IGNORE_EXCEPTIONS": True},
    }


def channel_layer_settings(broker: str) -> dict[str, Any]:
    """Settings of what carries news to the gateways, on the broker's server.

    By publishing, which keeps no keys there that could be evicted, or stay. All databases of a server share its
    channels, so the names have the number of ours.
    """
    server = {"address": broker, "socket_connect_timeout": 1, "socket_timeout": 2}
    database = broker.rpartition("db=" if broker.startswith("unix:") else "/")[2]
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [server], "prefix": f"touchstone.{database}."},
    }


def redis_location(url: str, database: int) -> str:
    """`url` with its database number; one that names a database already keeps it for the broker."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return url if "db=" in url else f"{url}{'&' if '?' in url else '?'}db={database}"
    host, _, path = rest.partition("/")
    base = int(path) if path.isdigit() else 0
    return f"{scheme}://{host}/{base + database}"


def broker_url(location: str) -> str:
    """A Redis location as Celery writes it: sockets have a scheme of their own and name the database otherwise."""
    return location.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
