"""Every cache of the process by its namespace. Apps register their policies from `apps.py`."""

from functools import cache

from apps.core.cache.policy import CachePolicy
from apps.core.cache.tiered import TieredCache

_policies: dict[str, CachePolicy] = {}


def register_policy(policy: CachePolicy) -> None:
    known = _policies.setdefault(policy.namespace, policy)
    if known != policy:
        raise ValueError(f"cache namespace {policy.namespace} has a policy already: {known}")


@cache
def get_cache(namespace: str) -> TieredCache:
    """The one cache of this process for a registered namespace; KeyError for an unknown one."""
    return TieredCache(_policies[namespace])


def all_statistics() -> list[dict[str, float | str]]:
    return [get_cache(namespace).statistics() for namespace in sorted(_policies)]
