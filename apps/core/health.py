"""Is it alive, is it ready, and if not, which part is not."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.core.cache.policy import CachePolicy
from apps.core.cache.registry import get_cache, register_policy

CACHE = "core.health"

register_policy(CachePolicy(CACHE, version=1, local_size=1, local_ttl=5))


class Unhealthy(Exception):
    """Raised by a check, with the reason."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    run: Callable[[], str]
    required: bool


_checks: dict[str, Check] = {}


def register_check(name: str, run: Callable[[], str], *, required: bool = True) -> None:
    """`run` returns a few words on the state, or raises Unhealthy. Without a required one, nothing can be served."""
    _checks[name] = Check(name, run, required)


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    results = _run_all()
    states = {result["status"] for result in results.values()}
    status = "failed" if "failed" in states else "degraded" if "degraded" in states else "ok"
    return JsonResponse({"status": status, "checks": results}, status=503 if status == "failed" else 200)


def check_all() -> dict[str, dict[str, Any]]:
    """Each part by name, with `status` (ok, degraded, failed), `detail` and `ms`, some seconds old at most."""
    return cast(dict[str, dict[str, Any]], get_cache(CACHE).get_or_compute("all", _run_all))


def _run_all() -> dict[str, dict[str, Any]]:
    return {check.name: _run(check) for check in _checks.values()}


def _run(check: Check) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        status, detail = "ok", check.run()
    except Unhealthy as error:
        status, detail = "failed" if check.required else "degraded", str(error)
    return {"status": status, "detail": detail, "ms": round((time.perf_counter() - started) * 1000, 2)}


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            row = cursor.fetchone()
    except DatabaseError as error:
        raise Unhealthy(f"PostgreSQL does not answer: {_first_line(error)}") from error
    if row is None:
        raise Unhealthy("PostgreSQL has no extension vector")
    return f"pgvector {row[0]}"


def check_cache() -> str:
    try:
        get_redis_connection("default").ping()
    except (RedisError, OSError) as error:
        raise Unhealthy(f"the cache does not answer: {_first_line(error)}") from error
    return "answers"


def check_migrations() -> str:
    try:
        waiting = _waiting_migrations()
    except DatabaseError as error:
        raise Unhealthy(f"cannot be told: {_first_line(error)}") from error
    if waiting:
        _waiting_migrations.cache_clear()
        raise Unhealthy(f"{waiting} not applied")
    return "all applied"


@cache
def _waiting_migrations() -> int:
    """Asked until none waits: a running process cannot gain migrations."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
