"""The first page of the back office: what waits for a decision, a panel an app, and the jobs at work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.core.home.tiles import gather_decisions
from apps.core.models import Job, JobState

SHOWN = 5
RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name; `warns` colours it."""

    label: str
    value: str
    link: str = ""
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    link: str
    figures: list[Figure]


Builder = Callable[[], Panel]
_panels: list[tuple[str, Builder]] = []


def register_panel(permission: str, build: Builder) -> None:
    """Shows the panel that `build` makes to whoever has the permission. Apps call it from their admin module."""
    if (permission, build) not in _panels:
        _panels.append((permission, build))


def build_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK."""
    panels = [build() for permission, build in _panels if request.user.has_perm(permission)]
    context |= {"panels": panels, "decisions": gather_decisions(request.user), "index_title": "Overview"}
    if request.user.has_perm("core.view_job"):
        jobs = Job.objects.whole().select_related("created_by").defer("params", "result")
        context["open_jobs"] = jobs.open()[:SHOWN]
        context["failed_jobs"] = jobs.filter(state=JobState.FAILED, finished_at__gte=timezone.now() - RECENT)[:SHOWN]
    return context


def leave_out_colours(request: HttpRequest) -> dict[str, Any]:
    """For Unfold, which would write them into each page: they are in static/admin/colours.css."""
    return {"colors": {}}
