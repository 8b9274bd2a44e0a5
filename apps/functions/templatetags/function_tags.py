"""How templates show functions and answers."""

from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString

from apps.functions import rendering
from apps.functions.models import Origin

register = template.Library()

TIERS = {
    "cache": "cache",
    "rules": "name rule",
    "words": "all the words",
    "local_model": "words and meaning",
    "lexical": "words only",
    "language_model": "language model",
}


ORIGINS = {
    Origin.IMPORT: "by an import",
    Origin.ADMIN: "in the admin",
    Origin.API: "over the API",
    Origin.PAGE: "on its page",
    Origin.COMMAND: "on the command line",
}


@register.filter
def origin_words(origin: str) -> str:
    return ORIGINS.get(Origin(origin), origin)


@register.filter
def language_name(key: str) -> str:
    return rendering.name_language(key)


@register.filter
def tier_name(key: str) -> str:
    return TIERS.get(key, key.replace("_", " "))


@register.filter
def confidence_words(confidence: float) -> str:
    """A probability of being right, as people say it."""
    if confidence >= 0.9:
        return "almost certainly right"
    if confidence >= 0.75:
        return "very likely right"
    if confidence >= 0.5:
        return "likely right"
    return "perhaps right" if confidence >= 0.25 else "a guess"


@register.filter
def emphasise(text: object, terms: Iterable[str]) -> SafeString:
    return rendering.emphasise(str(text), terms)


@register.filter
def breakable(name: object) -> SafeString:
    return rendering.breakable(str(name))


@register.filter
def trim_lines(text: str) -> str:
    """Without the empty lines around it; what its first line is indented by stays."""
    return text.rstrip().lstrip("\r\n")


@register.filter
def reflow(text: str) -> str:
    return rendering.reflow(text)


@register.filter
def as_diff(lines: list[str]) -> SafeString:
    return rendering.render_diff(lines)
