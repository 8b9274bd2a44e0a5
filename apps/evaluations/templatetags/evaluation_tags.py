"""How templates show figures, verdicts and states."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil

from apps.evaluations.models import CaseOrigin, CaseState, RunState, Verdict
from apps.evaluations.presenting import drawing

register = template.Library()

NOTHING = "–"
VERDICT_CLASSES = {
    Verdict.BETTER: "good",
    Verdict.WORSE: "bad",
    Verdict.FAILED: "bad",
    Verdict.NOT_ENOUGH: "warn",
    Verdict.NO_DIFFERENCE: "calm",
    Verdict.FIRST: "calm",
}
STATE_CLASSES = {
    CaseState.DRAFT: "warn",
    CaseState.ACTIVE: "good",
    CaseState.RETIRED: "bad",
    RunState.QUEUED: "",
    RunState.RUNNING: "accent",
    RunState.SUCCEEDED: "good",
    RunState.FAILED: "bad",
    RunState.CANCELLED: "warn",
}
ORIGINS = {
    CaseOrigin.FILE: "from a file",
    CaseOrigin.WRITTEN: "written by hand",
    CaseOrigin.GENERATED: "generated",
    CaseOrigin.FEEDBACK: "from feedback",
}


@register.filter
def share(value: float | None) -> str:
    """`0.8734` as `87.3 %`."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


@register.filter
def interval(bounds: Sequence[float] | None) -> str:
    """`[0.861, 0.885]` as `86.1 to 88.5 %`."""
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %" if bounds else ""


@register.filter
def points(value: float | None) -> str:
    """`-0.0123` as `−1.23`: points of a hundred, with its sign."""
    if value is None:
        return NOTHING
    shown = f"{100 * value:+.2f}"
    return "±0.00" if shown in ("+0.00", "-0.00") else shown.replace("-", "−")


@register.filter
def plain_points(value: float) -> str:
    """`0.01` as `1`; `0.005` as `0.5`: points of a hundred, as people write a margin."""
    return f"{100 * value:g}"


@register.filter
def verdict_class(verdict: str) -> str:
    return VERDICT_CLASSES.get(Verdict(verdict), "")


@register.filter
def verdict_title(verdict: str) -> str:
    return str(Verdict(verdict).label)


@register.filter
def state_class(state: str) -> str:
    return STATE_CLASSES.get(state, "")  # type: ignore[call-overload,no-any-return]


@register.filter
def origin_title(origin: str) -> str:
    return ORIGINS.get(CaseOrigin(origin), origin)


@register.filter
def until(moment: datetime) -> str:
    """`in 3 hours`; only the largest unit counts."""
    return f"in {timeuntil(moment, depth=1)}" if moment > timezone.now() else "now"


@register.filter
def moment(text: str | None) -> datetime | None:
    """A time that a report holds as text."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def item(mapping: dict[Any, Any], key: object) -> Any:
    return mapping.get(key)


@register.simple_tag
def sparkline(shares: Sequence[float], label: str) -> SafeString:
    return drawing.draw_sparkline(shares, label)


@register.simple_tag
def share_bar(value: float | None, bounds: Sequence[float] | None) -> SafeString | str:
    return drawing.draw_share(value, *bounds) if value is not None and bounds else ""


@register.simple_tag
def difference_bar(row: dict[str, Any], reach: float) -> SafeString | str:
    """Of a measure that a comparison has: `difference`, `low`, `high`."""
    if row.get("low") is None or row.get("high") is None:
        return ""
    return drawing.draw_difference(row["difference"], row["low"], row["high"], reach)
