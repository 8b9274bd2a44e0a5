"""How sure the system is against how right, and how long cases take."""

from apps.evaluations.reports.charts import BLUE, GREY, reliability_chart
from apps.evaluations.reports.contents import Contents, Figures, Row
from apps.evaluations.reports.html.parts import show_row, show_section, show_table, with_note
from apps.evaluations.reports.markup import Html, join, shape, tag
from apps.evaluations.reports.measures import LATENCIES
from apps.evaluations.reports.words import show_difference, show_percent, show_value

CALIBRATION = (
    "When the system says it is 80 % sure, is it right in 80 % of cases? A dot on the dashed line: yes. Below it: too "
    "sure of itself. Above it: better than it thinks. Larger dots are more cases, red lines how far off they are."
)


def show_calibration(contents: Contents) -> Html | None:
    sides = [("Before", contents.baseline_summary), ("This run", contents.summary)]
    drawn = [draw_calibration(title, figures) for title, figures in sides if figures and figures.bins]
    if not drawn:
        return None
    return show_section(
        "calibration", "Can its confidence be trusted?", CALIBRATION, tag("div", *drawn, class_="plots")
    )


def draw_calibration(title: str, figures: Figures) -> Html:
    error = figures.values.get("ece")
    caption = title if error is None else f"{title}: off by {show_percent(error)} on average (ECE)"
    return tag("figure", tag("figcaption", caption), reliability_chart(figures.bins, error))


def show_latency(contents: Contents) -> Html | None:
    rows = [row for row in contents.rows if row.measure.name in LATENCIES]
    if not rows:
        return None
    most = max(value for row in rows for value in (row.before, row.after) if value is not None)
    has_before = any(row.before is not None for row in rows)
    headings = ("", "", "#Before", "#After", "#Difference") if has_before else ("", "", "#This run")
    table = show_table(headings, (show_times(row, most, has_before=has_before) for row in rows), kind="spans")
    return show_section("latency", "How long cases take", explain_latency(contents), table)


def show_times(row: Row, most: float, *, has_before: bool) -> Html:
    unit = row.measure.unit
    cells = [tag("td", draw_times(row, most))]
    shown: list[object] = [show_value(row.after, unit)]
    if has_before:
        shown = [show_value(row.before, unit), *shown, show_difference(row.difference, unit)]
    return show_row(with_note(row.measure.title, row.measure.meaning), *cells, *shown)


def draw_times(row: Row, most: float) -> Html:
    """Two bars, before above after."""
    bars = [
        shape("rect", y=y, width=f"{value / most * 100:.1f}%", height=7, rx=2, fill=colour)
        for value, y, colour in ((row.before, 1, GREY), (row.after, 9, BLUE))
        if value is not None and most > 0
    ]
    return shape("svg", *bars, aria_hidden="true")


def explain_latency(contents: Contents) -> Html:
    margin = contents.suite.latency_margin
    if margin is None:
        rule = "In this suite latency is shown and decides nothing."
    else:
        rule = f"This suite calls it worse when cases take {show_percent(margin, 0)} longer on average."
    if contents.baseline_summary is None:
        return join([rule])
    return join([rule, " ", _key(GREY), "before, ", _key(BLUE), "this run."])


def _key(colour: str) -> Html:
    return shape("svg", shape("rect", width=11, height=11, rx=2, fill=colour), class_="key", aria_hidden="true")
