"""What this app puts on the first page."""

from typing import Any

from django.urls import reverse

from apps.core.home.items import Decision
from apps.inference.caching.watching import list_waiting

MOST = 4


def list_decisions(user: Any) -> list[Decision]:
    """Aliases whose cache gave too many wrong answers to other words, until somebody has seen it."""
    if not user.has_perm("inference.change_caches"):
        return []
    return [
        Decision(
            f"The cache of {row.alias} gave wrong answers, and is stricter now",
            f"{reverse('admin:inference_cachesetting_changelist')}#semantic",
            "alert",
            f"{row.all_false} of {row.all_hits} that were checked",
            action=reverse("admin:inference_cachesetting_seen", args=[row.pk]),
            button="Seen",
        )
        for row in list_waiting()[:MOST]
    ]
