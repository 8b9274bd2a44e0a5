"""How pages write cost and latencies."""

from decimal import Decimal

from django import template

from apps.core.templatetags.core_tags import milliseconds

register = template.Library()

OUTCOMES = {
    "ok": "answered",
    "cancelled": "cancelled",
    "connection": "server not reached",
    "timeout": "too slow",
    "rate_limit": "too many requests",
    "refused": "refused",
    "inference": "no usable answer",
    "wrong_form": "wrong form",
    "breaker_open": "server left alone",
    "budget_spent": "budget spent",
    "input_too_long": "text too long",
    "not_supported": "not supported",
    "model_not_found": "unknown model",
    "no_models": "no model to ask",
    "misconfigured": "set up wrongly",
}


@register.filter
def dollars(value: Decimal | float) -> str:
    """Cents, and of less than a cent as many digits as tell something: `$12.50`, `$0.00042`, `$0`."""
    value = Decimal(value)
    if not value:
        return "$0"
    if value >= Decimal("0.01"):
        return f"${value:,.2f}"
    digits = min(10, -value.adjusted() + 1)
    return f"${value:.{digits}f}"


@register.filter
def latency(value: float | None) -> str:
    return "–" if value is None else milliseconds(value)


@register.filter
def share_of(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "–"


@register.filter
def outcome(code: str) -> str:
    """In words; a code that has none stays as it is."""
    return OUTCOMES.get(code, code)


@register.filter
def outcome_tone(code: str) -> str:
    return {"ok": "good", "cancelled": ""}.get(code, "bad")
