"""The table of measures, before and after, and how to read it."""

from collections.abc import Sequence

from apps.evaluations.reports.charts import interval_bar
from apps.evaluations.reports.contents import Contents, Row
from apps.evaluations.reports.html.parts import (
    show_list,
    show_more,
    show_row,
    show_section,
    show_table,
    with_note,
)
from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.measures import LATENCIES, Unit
from apps.evaluations.reports.words import (
    explain_reach,
    show_difference,
    show_effect,
    show_interval,
    show_p,
    show_points,
    show_value,
)

HEADINGS = ("Measure", "#Before", "#After", "#Difference", "", "#95 % interval", "#p", "#Effect size")
WORDS = (
    (
        "Difference",
        "This run less the one before, of percentages in percentage points. Only cases asked in both count.",
    ),
    ("95 % interval", "Where the true difference most likely is. If zero is in it, there may be no difference at all."),
    (
        "p",
        "How often chance alone would make a difference this large if nothing had changed. Below 0.05 is surprising.",
    ),
    ("Effect size", "The difference over how much cases vary (Cohen's d). 0.2 is small, 0.5 medium, 0.8 large."),
    ("Margin", "The smallest difference that the owner of this suite cares about: the shaded band in the drawings."),
)


def show_measures(contents: Contents) -> Html | None:
    rows = contents.list_rows(without=LATENCIES[1:])
    if not rows:
        return None
    if contents.reach is None:
        return show_single(rows)
    intro = (
        f"The verdict goes by {contents.suite.measure_title}, and the margin of this suite is "
        f"{show_points(contents.suite.margin)}. Each case is compared with itself."
    )
    reach = find_reach(rows)
    return show_section(
        "measures",
        "Before and after",
        intro,
        show_table(HEADINGS, (show_measure(row, contents, reach) for row in rows)),
        show_list(explain_reach(contents.reach, contents.suite), kind="notes"),
        show_more("How to read these numbers", tag("dl", *explain_words(), class_="words")),
    )


def show_single(rows: Sequence[Row]) -> Html:
    """Of a run that has nothing to be compared with."""
    cells = (show_row(name_row(row), show_value(row.after, row.measure.unit)) for row in rows)
    return show_section("measures", "Measures", "", show_table(("Measure", "#This run"), cells))


def show_measure(row: Row, contents: Contents, reach: float) -> Html:
    unit = row.measure.unit
    tone = {1: "good", -1: "bad"}.get(row.direction, "")
    cells = show_row(
        name_row(row),
        show_value(row.before, unit),
        show_value(row.after, unit),
        tag("td", show_difference(row.difference, unit), class_=f"n {tone}".strip()),
        tag("td", draw_row(row, contents, reach)),
        show_interval(row.low, row.high, unit),
        show_p(row.p_value),
        show_effect(row.effect_size),
    )
    is_primary = row.measure.name == contents.suite.measure
    return Html(cells.replace("<tr>", '<tr class="primary">', 1)) if is_primary else cells


def name_row(row: Row) -> Html:
    return with_note(row.measure.title, row.measure.meaning)


def draw_row(row: Row, contents: Contents, reach: float) -> Html | None:
    if row.measure.unit is not Unit.SHARE or row.difference is None or row.low is None or row.high is None:
        return None
    tone = {1: "better", -1: "worse"}.get(row.direction, "")
    margin = contents.suite.margin if row.measure.name == contents.suite.measure else None
    return interval_bar(row.difference, row.low, row.high, reach=reach, margin=margin, tone=tone)


def find_reach(rows: Sequence[Row]) -> float:
    """The largest bound of all: drawings of one table have one scale."""
    bounds = [abs(bound) for row in rows if row.measure.unit is Unit.SHARE for bound in (row.low, row.high) if bound]
    return max([*bounds, 0.001]) * 1.05


def explain_words() -> list[Html]:
    return [join([tag("dt", term), tag("dd", meaning)]) for term, meaning in WORDS]
