"""Charts as SVG text, for pages and for reports.

They are drawn in the colour of the text around them (currentColor) and in colours that can be told apart on light and
on dark ground, given as presentation attributes: any rule of a style sheet for their classes goes before them, and no
inline style is needed. They are as wide as what they are put into.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.evaluations.reports.axes import Scale, choose_range, choose_step, list_ticks, show_tick
from apps.evaluations.reports.markup import Html, join, shape
from apps.evaluations.reports.words import VERDICTS, clip_text, count, show_percent

COLOURS = {
    "better": "#2f9e5f",
    "worse": "#d9483b",
    "failed": "#d9483b",
    "not_enough_cases": "#b9801f",
    "no_difference": "#4d7fd6",
    "first": "#4d7fd6",
}
BLUE, GREY = "#4d7fd6", "#8a9099"
WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 704, 16, 208
MOST_WHISKERS = 60
"""With more runs than these, their intervals are one band."""
CHARACTER = 7
"""About how wide one is, at most."""
MOST_DESCRIBED = 30
"""Runs in the text that stands for the picture."""
LABEL = 14
"""Characters of a label under the axis; its tooltip has all of it."""
SIDE = 320


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run: `value`, `low` and `high` are shares, None for a run that has none; `verdict` is its report's."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: str = ""
    url: str = ""


def trend_chart(points: Sequence[TrendPoint], *, title: str) -> Html:
    """A measure over runs, oldest first, with each one's interval; every point is a link to its run where it has one.

    A run without a value is a cross at the foot. Without any points the chart is empty and says so.
    """
    bounds = [one for point in points for one in (point.value, point.low, point.high) if one is not None]
    low, high = choose_range(bounds)
    across = Scale(0, max(len(points) - 1, 1), LEFT + 16, RIGHT - 30)
    up = Scale(low, high, BOTTOM, TOP)
    places = [across.place(number if len(points) > 1 else 0.5) for number in range(len(points))]
    radius = 5 if len(points) <= MOST_WHISKERS else 3
    return _frame(
        title,
        _describe_trend(points),
        _draw_levels(up),
        _draw_intervals(points, places, up),
        _draw_line(points, places, up),
        *(_draw_point(point, place, up, radius) for point, place in zip(points, places, strict=True)),
        _draw_labels(points, places),
        size=(WIDTH, HEIGHT),
        kind="trend",
        has_links=any(point.url for point in points),
    )


def reliability_chart(bins: Sequence[Mapping[str, Any]], ece: float | None) -> Html:
    """How often cases of a confidence are right: on the diagonal, as often as they are sure.

    Each bin has `confidence` and `accuracy`, shares, and `cases`, their number, which sets the size of its dot.
    """
    across, up = Scale(0, 1, 64, SIDE - 22), Scale(0, 1, SIDE - 50, 8)
    found = sorted(bins, key=lambda one: one["confidence"])
    error = "" if ece is None else f": off by {show_percent(ece)} on average"
    return _frame(
        f"Calibration{error}",
        "; ".join(_describe_bin(one) for one in found) or "No cases.",
        _draw_square(across, up),
        *(_draw_gap(one, across, up) for one in found),
        _polyline([(across.place(one["confidence"]), up.place(one["accuracy"])) for one in found], "chart-line"),
        *(_draw_bin(one, max(one["cases"] for one in found), across, up) for one in found),
        size=(SIDE, SIDE),
        kind="reliability",
        has_links=False,
    )


def interval_bar(difference: float, low: float, high: float, *, reach: float, margin: float | None, tone: str) -> Html:
    """A difference with its interval beside nothing at all (the line) and the margin (the band), from -reach to reach.

    It repeats numbers that stand beside it, so it is hidden from screen readers. `tone` is better, worse or empty.
    """
    across = Scale(-reach, reach, 4, 116)
    colour = COLOURS.get(tone, "currentColor")
    left, right, middle = across.place(low), across.place(high), across.place(0)
    band = []
    if margin:
        start = across.place(-margin)
        width = round(across.place(margin) - start, 1)
        band = [shape("rect", x=start, y=2, width=width, height=12, fill="currentColor", opacity=0.1)]
    return shape(
        "svg",
        *band,
        shape("path", d=f"M{middle} 1V15", stroke="currentColor", opacity=0.45),
        shape("path", d=f"M{left} 8H{right}M{left} 5V11M{right} 5V11", stroke=colour, stroke_width=1.5),
        shape("circle", cx=across.place(difference), cy=8, r=3, fill=colour),
        class_="bar",
        viewBox="0 0 120 16",
        width=120,
        height=16,
        aria_hidden="true",
    )


def _frame(title: str, description: str, *children: object, size: tuple[int, int], kind: str, has_links: bool) -> Html:
    """An image to screen readers, or a group where there are links in it: those of an image could not be reached."""
    return shape(
        "svg",
        shape("title", title),
        shape("desc", description),
        *children,
        class_=f"chart chart-{kind}",
        viewBox=f"0 0 {size[0]} {size[1]}",
        width="100%",
        role="group" if has_links else "img",
        font_size=12,
        font_family="inherit",
        fill="currentColor",
    )


def _draw_levels(up: Scale) -> Html:
    """Lines across with their values."""
    step = choose_step(up.high - up.low)
    ticks = [(tick, up.place(tick)) for tick in list_ticks(up.low, up.high)]
    names = (_text(show_tick(tick, step), LEFT - 8, y + 4, "end") for tick, y in ticks)
    return join([_draw_grid("".join(f"M{LEFT} {y}H{RIGHT}" for _, y in ticks)), *names])


def _draw_intervals(points: Sequence[TrendPoint], places: Sequence[float], up: Scale) -> Html:
    """A band through all intervals, and whiskers where there is room for them."""
    known = [
        (x, up.place(point.low), up.place(point.high))
        for x, point in zip(places, points, strict=True)
        if point.low is not None and point.high is not None
    ]
    if not known:
        return Html()
    outline = [(x, high) for x, _, high in known] + [(x, low) for x, low, _ in reversed(known)]
    corners = " ".join(f"{x},{y}" for x, y in outline)
    band = shape("polygon", points=corners, fill=BLUE, opacity=0.12, class_="chart-band")
    if len(known) > MOST_WHISKERS:
        return band
    whiskers = "".join(f"M{x} {low}V{high}M{x - 4:.1f} {low}h8M{x - 4:.1f} {high}h8" for x, low, high in known)
    return join([band, shape("path", d=whiskers, stroke="currentColor", opacity=0.4, class_="chart-whisker")])


def _draw_line(points: Sequence[TrendPoint], places: Sequence[float], up: Scale) -> Html:
    known = [(x, up.place(point.value)) for x, point in zip(places, points, strict=True) if point.value is not None]
    return _polyline(known, "chart-line")


def _draw_point(point: TrendPoint, x: float, up: Scale, radius: int) -> Html:
    colour, name = COLOURS.get(point.verdict, GREY), _describe_point(point)
    look: dict[str, object] = {"class_": f"chart-point chart-{point.verdict or 'none'}"}
    if point.value is None:
        d = f"M{x - 4:.1f} {BOTTOM - 8}l8 8m0 -8l-8 8"
        mark = shape("path", shape("title", name), d=d, stroke=colour, stroke_width=2.5, fill="none", **look)
    else:
        y = up.place(point.value)
        mark = shape("circle", shape("title", name), cx=x, cy=y, r=radius, fill=colour, **look)
    return shape("a", mark, href=point.url, aria_label=name) if point.url else mark


def _draw_labels(points: Sequence[TrendPoint], places: Sequence[float]) -> Html:
    """Under as many points as have room, evenly, the newest always."""
    if not points:
        return _text("No runs yet", (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, "middle")
    labels = [clip_text(point.label, LABEL) for point in points]
    room = max(1, (RIGHT - LEFT) // ((max(map(len, labels)) + 2) * CHARACTER))
    every = math.ceil(len(points) / room)
    chosen = sorted(range(len(points) - 1, -1, -every))
    return join(_text(labels[number], places[number], BOTTOM + 22, "middle") for number in chosen)


def _draw_square(across: Scale, up: Scale) -> Html:
    """The axes of a reliability diagram, and its diagonal."""
    ticks = [(show_percent(tick, 0), across.place(tick), up.place(tick)) for tick in (0, 0.25, 0.5, 0.75, 1)]
    lines = "".join(f"M{x} {up.start}V{up.end}M{across.start} {y}H{across.end}" for _, x, y in ticks)
    diagonal = f"M{across.start} {up.start}L{across.end} {up.end}"
    centre, middle = (across.start + across.end) / 2, (up.start + up.end) / 2
    return join(
        [
            _draw_grid(lines),
            *(_text(name, x, up.start + 16, "middle") for name, x, _ in ticks),
            *(_text(name, across.start - 6, y + 4, "end") for name, _, y in ticks),
            shape("path", d=diagonal, stroke="currentColor", opacity=0.55, stroke_dasharray="4 4"),
            _text("how sure it was", centre, up.start + 34, "middle"),
            _text("how often it was right", 11, middle, "middle", transform=f"rotate(-90 11 {middle})"),
        ]
    )


def _draw_grid(lines: str) -> Html:
    return shape("path", d=lines, stroke="currentColor", opacity=0.15, class_="chart-grid")


def _draw_gap(one: Mapping[str, Any], across: Scale, up: Scale) -> Html:
    """From how sure to how right."""
    x = across.place(one["confidence"])
    d = f"M{x} {up.place(one['confidence'])}V{up.place(one['accuracy'])}"
    return shape("path", d=d, stroke=COLOURS["worse"], stroke_width=2, opacity=0.55, class_="chart-gap")


def _draw_bin(one: Mapping[str, Any], most: float, across: Scale, up: Scale) -> Html:
    return shape(
        "circle",
        shape("title", _describe_bin(one)),
        cx=across.place(one["confidence"]),
        cy=up.place(one["accuracy"]),
        r=round(3 + 3 * math.sqrt(one["cases"] / most), 1) if most else 3,
        fill=BLUE,
        class_="chart-point",
    )


def _polyline(places: Sequence[tuple[float, float]], class_: str) -> Html:
    corners = " ".join(f"{x},{y}" for x, y in places)
    return shape("polyline", points=corners, fill="none", stroke=BLUE, stroke_width=1.75, class_=class_)


def _text(text: str, x: float, y: float, anchor: str, **attributes: object) -> Html:
    place = {"x": round(x, 1), "y": round(y, 1), "text_anchor": anchor}
    return shape("text", text, **place, opacity=0.75, class_="chart-text", **attributes)


def _describe_point(point: TrendPoint) -> str:
    parts = [point.label, show_percent(point.value, 2) if point.value is not None else "no figures"]
    if point.low is not None and point.high is not None:
        parts[1] += f" ({show_percent(point.low)} to {show_percent(point.high)})"
    if point.verdict:
        parts.append(VERDICTS.get(point.verdict, (point.verdict,))[0].lower())
    return ", ".join(parts)


def _describe_trend(points: Sequence[TrendPoint]) -> str:
    """The picture in words, the newest runs first."""
    newest = [_describe_point(point) for point in reversed(points[-MOST_DESCRIBED:])]
    older = [f"and {count(len(points) - MOST_DESCRIBED, 'older run')}"] if len(points) > MOST_DESCRIBED else []
    return "; ".join(newest + older) or "No runs yet."


def _describe_bin(one: Mapping[str, Any]) -> str:
    return (
        f"{show_percent(one['confidence'], 0)} sure, {show_percent(one['accuracy'], 0)} right "
        f"({count(int(one['cases']), 'case')})"
    )
