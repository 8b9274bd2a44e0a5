"""How providers are now, for who looks after them."""

from collections.abc import Mapping


def read_breakers() -> Mapping[str, object]:
    """By the providers' names; of one that nobody has asked yet there is none."""
    return {}
