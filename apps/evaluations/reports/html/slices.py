"""Parts of the suite: those that moved, and then all of them."""

from collections.abc import Sequence
from itertools import groupby

from apps.evaluations.reports.charts import interval_bar
from apps.evaluations.reports.contents import Contents, Figures, SliceFigures, SliceRow
from apps.evaluations.reports.html.parts import note, show_more, show_row, show_section, show_table
from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.words import (
    MOVES,
    clip_text,
    count,
    name_dimension,
    show_difference,
    show_interval,
    show_number,
    show_p,
    show_percent,
    show_value,
)

MOST_ROWS = 40
"""Rows of one dimension; a suite may have thousands of tags."""
NAME = 80
COMPARED = ("", "#Cases", "#Before", "#After", "#Difference", "", "#95 % interval", "#p (Holm)", "Moved?")
MEASURED = ("", "#Cases", "#Accuracy before", "#Accuracy", "#Recall at 5", "#p95 latency")
INTRO = (
    "A change can help one part of the suite and harm another. A part counts as moved when its difference reaches the "
    "margin and chance does not explain it, with p corrected for looking at many parts (Holm)."
)


def show_slices(contents: Contents) -> Html | None:
    compared = {one.dimension for one in contents.slices}
    others = [one for one in contents.figures if one.dimension not in compared]
    if not compared and not others:
        return None
    moved = contents.moved
    reach = find_reach(contents.slices)
    return show_section(
        "slices",
        "Parts of the suite",
        INTRO if contents.reach else "",
        show_moved(moved, contents, reach) if contents.reach else None,
        show_more(f"All {count(len(contents.slices), 'part')} compared", *list_compared(contents, reach))
        if compared
        else None,
        show_more(f"Figures by {' and '.join(list_names(others))}", *list_measured(others)) if others else None,
    )


def show_moved(moved: Sequence[SliceRow], contents: Contents, reach: float) -> Html:
    small = contents.reach.small_slices if contents.reach else 0
    left_out = note(f"Not looked at: {count(small, 'part')} with too few cases to show anything.") if small else None
    if not moved:
        return join([tag("p", "No part moved by what matters."), left_out])
    reach = max([reach, *(abs(bound) * 1.05 for one in moved for bound in (one.row.low, one.row.high) if bound)])
    rows = [show_slice(one, contents, reach, named=True) for one in moved[:MOST_ROWS]]
    return join([show_table(COMPARED, rows, caption="Parts that moved"), left_out])


def list_compared(contents: Contents, reach: float) -> list[Html]:
    """A table a dimension."""
    tables = []
    for dimension, found in groupby(contents.slices, key=lambda one: one.dimension):
        rows = sorted(found, key=lambda one: -one.pairs)
        shown = [show_slice(one, contents, reach, named=False) for one in rows[:MOST_ROWS]]
        tables.append(show_table(COMPARED, shown, caption=caption_of(dimension, len(rows))))
    return tables


def show_slice(one: SliceRow, contents: Contents, reach: float, *, named: bool) -> Html:
    row, unit = one.row, one.row.measure.unit
    name = f"{name_dimension(one.dimension)}: {one.value}" if named else one.value
    tone = {"better": "good", "worse": "bad"}.get(one.moved, "")
    bar = None
    if row.difference is not None and row.low is not None and row.high is not None:
        margin = contents.suite.margin
        bar = interval_bar(row.difference, row.low, row.high, reach=reach, margin=margin, tone=one.moved)
    return show_row(
        clip_text(name, NAME),
        f"{one.pairs:,}",
        show_value(row.before, unit),
        show_value(row.after, unit),
        tag("td", show_difference(row.difference, unit), class_=f"n {tone}".strip()),
        tag("td", bar),
        show_interval(row.low, row.high, unit),
        show_p(one.p_adjusted),
        tag("td", MOVES.get(one.moved, one.moved), class_=tone or None),
    )


def list_measured(figures: Sequence[SliceFigures]) -> list[Html]:
    """Parts that were not compared case by case, such as the tier that answered: a change moves cases among them."""
    tables = []
    for dimension, found in groupby(figures, key=lambda one: one.dimension):
        rows = list(found)
        shown = [show_figures(one) for one in rows[:MOST_ROWS]]
        tables.append(show_table(MEASURED, shown, caption=caption_of(dimension, len(rows))))
    return tables


def show_figures(one: SliceFigures) -> Html:
    before, after = one.before or Figures(), one.after or Figures()
    p95 = after.values.get("latency_p95")
    return show_row(
        clip_text(one.value, NAME),
        show_number(after.cases),
        show_percent(before.values.get("accuracy")),
        show_percent(after.values.get("accuracy")),
        show_percent(after.values.get("recall_at_5")),
        "–" if p95 is None else f"{p95:.1f} ms",
    )


def caption_of(dimension: str, rows: int) -> str:
    """With how many rows are left out, if any."""
    name = f"By {name_dimension(dimension)}"
    return name if rows <= MOST_ROWS else f"{name} (the {MOST_ROWS} largest of {rows:,}; CSV and JSON have all)"


def list_names(figures: Sequence[SliceFigures]) -> list[str]:
    return [name_dimension(name) for name in dict.fromkeys(one.dimension for one in figures)]


def find_reach(slices: Sequence[SliceRow]) -> float:
    """Small parts have wide intervals: the scale goes by the nine in ten narrower ones, wider ones end at the edge."""
    bounds = sorted(abs(bound) for one in slices for bound in (one.row.low, one.row.high) if bound)
    return max(bounds[int(len(bounds) * 0.9)] if bounds else 0.0, 0.001) * 1.05
