"""Whose texts are kept, and for how many days: read behind those who call, every few seconds."""

from collections.abc import Iterable, Mapping

from apps.inference.kept import Kept
from apps.inference.recording.models import Retention

LOOK_SECONDS = 3.0


def read_retention() -> Mapping[int, int]:
    """Days by person, of those who want their texts kept."""
    return dict(Retention.objects.filter(days__gt=0).values_list("user_id", "days"))


def read_retention_of(users: Iterable[int]) -> Mapping[int, int]:
    """As it is now: nothing is kept of who has just said no."""
    return dict(Retention.objects.filter(days__gt=0, user__in=set(users)).values_list("user_id", "days"))


retention: Kept[Mapping[int, int]] = Kept("retention", read_retention, seconds=LOOK_SECONDS)


def may_be_kept(user: int | None) -> bool:
    """Whether the texts of a call are to be held until it is written. Asks nobody."""
    if user is None:
        return False
    known = retention.peek()
    return known is None or user in known
