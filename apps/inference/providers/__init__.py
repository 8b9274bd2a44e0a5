"""The kinds of servers that models answer from, each behind the same few calls."""

from apps.inference.providers.base import Adapter
from apps.inference.providers.registry import adapter_of, load_adapter, prepare_adapter

__all__ = ["Adapter", "adapter_of", "load_adapter", "prepare_adapter"]
