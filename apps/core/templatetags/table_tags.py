"""How lists show what a column gives."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.tables.columns import Column
from apps.core.templatetags.core_tags import ago, person, thousands

register = template.Library()

NOTHING = "–"
MOST = 300
"""Characters of a value; the row's own page has the rest."""


@register.filter
def cell(row: Any, column: Column) -> SafeString | str:
    """The column's value of a row, as people read it."""
    value = column.value(row)
    if isinstance(value, AbstractBaseUser):
        return person(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return show_time(value)
    if isinstance(value, int):
        return thousands(value)
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return str(value)[:MOST] if value not in (None, "") else NOTHING


@register.filter
def cell_class(row: Any, column: Column) -> str:
    """Whether figures stand in it, and whether there is nothing to say, which a card leaves out."""
    marks = {"number": column.number, "unlabelled": column.unlabelled, "unknown": column.value(row) in (None, "", [])}
    return " ".join(name for name, holds in marks.items() if holds)


@register.filter
def show_time(moment: datetime | None) -> SafeString | str:
    """How long ago, with the whole time for who points at it."""
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment)
    whole = local.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), whole, ago(moment))
