"""Small things that templates of every app need."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.http import HttpRequest
from django.template import Engine
from django.template.base import Template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from apps.core.palette import places

register = template.Library()


@register.simple_block_tag(takes_context=True)
def component(context: Context, content: SafeString, name: str, **values: Any) -> SafeString:
    """`{% component "empty" title="No runs yet" %}<a …>Start one</a>{% endcomponent %}`: a part of the design system
    (templates/components/) around what stands within, which it has as `content`."""
    part: Template = Engine.get_default().get_template(f"components/{name}.html")
    with context.push(content=content.strip() and content, **values):
        return part.render(context)


@register.simple_tag(takes_context=True)
def navigation(context: Context, group: str) -> list[places.Link]:
    """The links of a group of the side bar (`main`, `aside`, `account`) for who looks at the page."""
    request: HttpRequest = context["request"]
    view = request.resolver_match.view_name if request.resolver_match else ""
    return list(places.list_links(places.GROUPS[group], user=request.user, view=view))


@register.simple_tag
def icon(name: str, css_class: str = "") -> SafeString:
    """A decorative picture from the sprite; what it means must be said beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css_class,
        static("icons/icons.svg"),
        name,
    )


@register.filter
def thousands(value: Any) -> str:
    """`9800` as `9,800`; what is no number stays as it is."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


@register.filter
def percent(share: float) -> str:
    """`0.873` as `87 %`."""
    return f"{round(share * 100)} %"


@register.filter
def milliseconds(value: float) -> str:
    """As many digits as tell something: `0.4 ms`, `12 ms`, `1.2 s`."""
    if value >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


@register.filter
def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`; round ones as `3 min` and `2 h`."""
    if round(seconds) < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@register.filter
def in_words(name: str) -> str:
    """`by_language` as `By language`."""
    return name.replace("_", " ").capitalize()


@register.filter
def job_title(kind: str) -> str:
    """`functions.build_index` as `Build index`."""
    return in_words(kind.rpartition(".")[2])


@register.filter
def person(user: Any, nobody: str = "the system") -> SafeString | str:
    """Somebody by their name, with the address for who points at it; `nobody` stands for nobody."""
    if user is None:
        return nobody
    if user.get_full_name() == user.email:
        return str(user.email)
    return format_html('<span title="{}"><bdi>{}</bdi></span>', user.email, user.get_full_name())


@register.filter
def ago(moment: datetime) -> str:
    """`3 minutes ago`; only the largest unit counts."""
    return f"{timesince(moment, depth=1)} ago" if timezone.now() - moment >= timedelta(minutes=1) else "just now"
