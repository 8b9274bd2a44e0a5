"""The top of the page: the verdict with its reasons, and the few figures to take away."""

from apps.evaluations.reports.contents import Contents, Figures, Row
from apps.evaluations.reports.html.parts import TONES, note, show_list, show_more
from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.words import (
    as_sentence,
    clip_text,
    count,
    explain_verdict,
    name_verdict,
    show_difference,
    show_number,
    show_percent,
    show_points,
    show_value,
)

MOST_REASONS = 5
REASON = 600


def show_verdict(contents: Contents) -> Html:
    """The banner. A reader with ten seconds reads only this."""
    sentences = [as_sentence(clip_text(reason, REASON)) for reason in contents.reasons]
    more = sentences[MOST_REASONS:]
    return tag(
        "div",
        tag("h2", name_verdict(contents)),
        tag("p", explain_verdict(contents)),
        show_list(sentences[:MOST_REASONS]) if sentences else None,
        show_more(f"{count(len(more), 'more reason')}", show_list(more)) if more else None,
        class_=f"verdict {TONES.get(contents.verdict, 'calm')}",
        id="verdict",
    )


def show_tiles(contents: Contents) -> Html:
    if contents.reach:
        tiles = list_compared(contents)
    elif contents.summary:
        tiles = list_measured(contents.summary)
    else:
        return Html()
    return tag("dl", *(tag("div", tag("dt", term), tag("dd", *value)) for term, *value in tiles), class_="tiles")


def list_compared(contents: Contents) -> list[tuple[object, ...]]:
    row = find_primary(contents)
    reach = contents.reach
    tiles: list[tuple[object, ...]] = []
    if row:
        moved = show_difference(row.difference, row.measure.unit)
        before = f"before {show_value(row.before, row.measure.unit)}, {moved} points"
        tiles.append((contents.suite.measure_title, tag("b", show_value(row.after, row.measure.unit)), note(before)))
    tiles.append(("Newly wrong", tag("b", f"{contents.newly_wrong:,}"), note("right before, wrong now")))
    tiles.append(("Newly right", tag("b", f"{contents.newly_right:,}"), note("wrong before, right now")))
    if reach:
        seen = show_points(reach.smallest_visible)
        pairs = f"with {count(reach.pairs, 'case')} asked in both runs"
        tiles.append(("Smallest difference it could see", tag("b", seen), note(pairs)))
        if reach.cases_more:
            more = tag("b", f"{reach.cases_more:,}")
            tiles.append(("What would settle it", more, note("more cases, about, if the difference stays")))
    return tiles


def list_measured(summary: Figures) -> list[tuple[object, ...]]:
    """Of a run without a comparison."""
    values = summary.values
    low, high = summary.interval or (None, None)
    between = f"95 % interval {show_percent(low)} to {show_percent(high)}" if summary.interval else ""
    return [
        ("Top-1 accuracy", tag("b", show_percent(values.get("accuracy"))), note(between)),
        ("Recall at 5", tag("b", show_percent(values.get("recall_at_5"))), note("a right answer is in the first five")),
        ("Answered", tag("b", show_percent(values.get("answered"))), note("sure enough to answer")),
        ("Cases", tag("b", show_number(summary.cases)), note("asked in this run")),
    ]


def find_primary(contents: Contents) -> Row | None:
    """What the verdict goes by."""
    return next((row for row in contents.rows if row.measure.name == contents.suite.measure and row.is_paired), None)


def show_top(contents: Contents) -> Html:
    return join([show_verdict(contents), show_tiles(contents)])
