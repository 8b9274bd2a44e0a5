"""How templates show figures, verdicts and states."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil

from apps.core.targets.registry import get_target
from apps.core.templatetags.core_tags import milliseconds
from apps.evaluations.models import CaseOrigin, CaseState, Run, RunState, Verdict
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
def share(value: object) -> str:
    """`0.8734` as `87.3 %`; a dash for what is not known, which templates give as an empty text."""
    return NOTHING if not isinstance(value, int | float) else f"{100 * value:.1f} %"


@register.filter
def interval(bounds: Sequence[float] | None) -> str:
    """`[0.861, 0.885]` as `86.1 to 88.5 %`."""
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %" if bounds else ""


@register.filter
def points(value: float | None) -> str:
    """`-0.0123` as `-1.23`, with a true minus: points of a hundred."""
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
    return STATE_CLASSES.get(state, "")  # type: ignore[call-overload]


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


@register.filter
def is_list(value: object) -> bool:
    return isinstance(value, list)


@register.filter
def target_title(name: str) -> str:
    return get_target(name).title


@register.filter
def seconds_run(run: Run) -> float:
    """How long it ran, or has run."""
    return run.seconds(timezone.now())


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


@register.filter
def plain_points_rounded(value: float) -> str:
    """`0.00437` as `0.44`: enough digits for a sentence."""
    return f"{100 * value:.2g}"


@register.filter
def ms(value: object) -> str:
    """Milliseconds that may not be known."""
    return NOTHING if not isinstance(value, int | float) else milliseconds(value)


@register.filter
def p_value(value: float | None) -> str:
    if value is None:
        return NOTHING
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


@register.filter
def is_expected(answer: object, expected: object) -> bool:
    """Whether an answer given is one of the right ones; these may leave the library out."""
    if not isinstance(expected, list):
        return False
    return any(answer == one or str(answer).endswith(f"/{one}") for one in expected)
