"""What the sections of a page are put together from."""

from collections.abc import Iterable, Sequence

from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.words import clip_text

TONES = {
    "better": "good",
    "worse": "bad",
    "failed": "bad",
    "not_enough_cases": "warn",
    "no_difference": "calm",
    "first": "calm",
}


def show_section(anchor: str, title: str, intro: str, *children: object) -> Html:
    return tag("section", tag("h2", title), tag("p", intro, class_="intro") if intro else None, *children, id=anchor)


def show_table(headings: Sequence[str], rows: Iterable[Html], *, kind: str = "", caption: str = "") -> Html:
    """Scrolls sideways by itself where it is too wide. A heading that begins with # is over numbers."""
    cells = [
        tag("th", heading.removeprefix("#"), scope="col", class_="n" if heading.startswith("#") else None)
        for heading in headings
    ]
    table = tag(
        "table",
        tag("caption", caption) if caption else None,
        tag("thead", tag("tr", *cells)),
        tag("tbody", *rows),
        class_=kind or None,
    )
    return tag("div", table, class_="wide")


def show_row(first: object, *cells: object) -> Html:
    """A row of numbers behind its heading; a cell that is markup already is left as it is."""
    numbers = [cell if isinstance(cell, Html) else tag("td", cell, class_="n") for cell in cells]
    return tag("tr", tag("th", first, scope="row"), *numbers)


def show_more(summary: str, *children: object) -> Html:
    """Collapsed until it is clicked, without a script."""
    return tag("details", tag("summary", summary), *children)


def show_list(items: Iterable[object], *, kind: str = "") -> Html:
    return tag("ul", *(tag("li", item) for item in items), class_=kind or None)


def quote(text: str, length: int = 160) -> Html:
    """What somebody wrote, on one line, and whatever its writing direction, apart from the text around it."""
    return tag("bdi", clip_text(text, length) or "(empty)")


def note(*children: object) -> Html:
    return tag("small", *children)


def with_note(text: object, *under: object) -> Html:
    return join([text, *(note(line) for line in under if line)])
