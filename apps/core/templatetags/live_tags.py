"""What pages need to be told what has changed."""

from django import template
from django.template.context import Context

from apps.core.live.address import show_address

register = template.Library()


@register.simple_tag(takes_context=True)
def live_address(context: Context) -> str:
    """Where the page's socket is; nothing where there is no gateway."""
    request = context.get("request")
    return show_address(request) if request else ""
