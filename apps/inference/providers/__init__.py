"""The kinds of servers that models answer from, each behind the same few calls."""

from apps.inference.providers.base import Adapter
from apps.inference.providers.registry import adapter_of

__all__ = ["Adapter", "adapter_of"]
