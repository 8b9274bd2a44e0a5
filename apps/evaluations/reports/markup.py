"""HTML and SVG that cannot be broken by what is put into it: plain text is escaped wherever it goes."""

from collections.abc import Iterable
from html import escape

from apps.evaluations.reports.words import clean_text

EMPTY = frozenset({"br", "hr", "meta"})
"""Elements without content."""


class Html(str):
    """Markup that is finished. Templates that ask for `__html__` put it in as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """One element. Children that are no Html are escaped, those that are None are left out.

    Attributes are escaped; `_` in their names stands for `-`, one at the end is for Python's sake (`class_`). None and
    False leave an attribute out, True gives it without a value.
    """
    opening = f"<{name}{''.join(_show_attribute(*item) for item in attributes.items())}>"
    return Html(opening if name in EMPTY else f"{opening}{join(children)}</{name}>")


def shape(name: str, /, *children: object, **attributes: object) -> Html:
    """One element of SVG, closed also where it is empty."""
    opening = f"<{name}{''.join(_show_attribute(*item) for item in attributes.items())}"
    return Html(f"{opening}>{join(children)}</{name}>" if children else f"{opening}/>")


def join(children: Iterable[object]) -> Html:
    return Html("".join(_show(child) for child in children if child is not None))


def _show(child: object) -> str:
    return str(child) if isinstance(child, Html) else escape(clean_text(str(child)))


def _show_attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(clean_text(str(value)))}"'
