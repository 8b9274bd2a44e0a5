"""Tells open pages what has changed. A page then asks for that part again, as whoever looks at it."""

from apps.core.live.announcing import announce
from apps.core.live.topics import register_topic

__all__ = ["announce", "register_topic"]
