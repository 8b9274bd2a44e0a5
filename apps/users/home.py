"""What this app puts on the first page."""

from datetime import datetime, timedelta

from django.contrib.humanize.templatetags.humanize import naturalday
from django.urls import reverse
from django.utils import timezone

from apps.core.home.items import Decision, News, Step
from apps.users.accounts.models import Invitation
from apps.users.models import ApiKey, User

SOON = timedelta(days=14)
MOST = 4


def list_decisions(user: User) -> list[Decision]:
    """Own keys that end soon, and for who looks after members the invitations that wait."""
    return [*_list_ending_keys(user), *(_list_invitations() if user.has_perm("users.view_user") else [])]


def list_news(user: User, since: datetime) -> list[News]:
    if not user.has_perm("users.view_user"):
        return []
    joined = User.objects.filter(date_joined__gt=since).exclude(pk=user.pk).order_by("-date_joined")
    members = reverse("users:members")
    return [
        News(f"{one.get_full_name()} joined", one.date_joined, "users", members, one.get_role_display())
        for one in joined[:MOST]
    ]


def list_steps(user: User) -> list[Step]:
    if not user.has_perm("users.add_user"):
        return []
    is_done = User.objects.exclude(pk=user.pk).exists() or Invitation.objects.exists()
    text = "Viewers search and read, curators keep functions and suites, admins look after people."
    return [Step(4, "Invite your colleagues", text, is_done, reverse("users:members"), "Invite")]


def _list_ending_keys(user: User) -> list[Decision]:
    now = timezone.now()
    keys = ApiKey.objects.filter(user=user, revoked_at=None, expires_at__gt=now, expires_at__lte=now + SOON)
    return [
        Decision(f"The key “{key.name}” expires {naturalday(key.expires_at, 'j F')}", reverse("users:keys"), "key")
        for key in keys.order_by("expires_at")[:MOST]
    ]


def _list_invitations() -> list[Decision]:
    waiting = list(Invitation.objects.unsettled().order_by("expires_at")[: MOST + 1])
    if len(waiting) > MOST:
        return [Decision("Many invitations wait to be accepted", reverse("users:members"), "users")]
    return [
        Decision(f"{one.email} has not accepted the invitation", reverse("users:members"), "users", one.state.value)
        for one in waiting
    ]
