"""A provider that fails several times in a row is left alone for a moment, by all processes together."""

from apps.inference.breaker.provider import ProviderBreaker, breaker_of

__all__ = ["ProviderBreaker", "breaker_of"]
