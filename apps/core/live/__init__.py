"""Tells open pages what has changed. A page then asks for that part again, as whoever looks at it."""

from apps.core.live.announcing import announce, announce_now
from apps.core.live.topics import register_topic

__all__ = ["announce", "announce_now", "register_topic"]
