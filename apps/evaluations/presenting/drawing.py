"""Small pictures inside lines and tables, as SVG that takes its colours from the page's style sheet."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

LINE_WIDTH, LINE_HEIGHT, LINE_MARGIN = 132, 32, 4
LEAST_SPAN = 0.02
"""Two points of a hundred fill the height at most: a line that shows noise as mountains would lie."""
BAR_WIDTH, BAR_HEIGHT = 120, 16


def draw_sparkline(shares: Sequence[float], label: str) -> SafeString:
    """A line through shares from 0 to 1, oldest first, with a dot on the newest; nothing for fewer than two."""
    if len(shares) < 2:
        return SafeString()
    low, high = min(shares), max(shares)
    middle, span = (low + high) / 2, max(high - low, LEAST_SPAN)
    step = (LINE_WIDTH - 2 * LINE_MARGIN) / (len(shares) - 1)
    points = [
        (LINE_MARGIN + step * place, LINE_HEIGHT / 2 - (share - middle) / span * (LINE_HEIGHT - 2 * LINE_MARGIN))
        for place, share in enumerate(shares)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="3"/></svg>',
        LINE_WIDTH, LINE_HEIGHT, LINE_WIDTH, LINE_HEIGHT, label, path, f"{x:.1f}", f"{y:.1f}",
    )  # fmt: skip


def draw_share(share: float, low: float, high: float) -> SafeString:
    """A share from 0 to 1 as a bar, with the interval around its end."""
    end, left, right = (_clamp(value) * BAR_WIDTH for value in (share, low, high))
    shapes = (
        ("track", 0.0, BAR_WIDTH, 5, 6),
        ("fill", 0.0, end, 5, 6),
        ("interval", left, max(right - left, 1.5), 2, 12),
    )
    return _wrap("share-bar", shapes, (("tick", end),))


def draw_difference(difference: float, low: float, high: float, reach: float) -> SafeString:
    """A difference with its interval on both sides of a line at zero; `reach` is what either side holds."""

    def place(value: float) -> float:
        return BAR_WIDTH * _clamp(0.5 + value / reach / 2)

    left, right = place(low), place(high)
    direction = "none" if low <= 0 <= high else "good" if low > 0 else "bad"
    shapes = ((f"interval {direction}", left, max(right - left, 1.5), 5, 6),)
    return _wrap("difference-bar", shapes, (("zero", BAR_WIDTH / 2), (f"tick {direction}", place(difference))))


def _wrap(
    name: str, shapes: Sequence[tuple[str, float, float, int, int]], ticks: Sequence[tuple[str, float]]
) -> SafeString:
    rectangles = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>',
        ((css, f"{x:.1f}", y, f"{width:.1f}", height) for css, x, width, y, height in shapes),
    )
    lines = format_html_join(
        "",
        '<line class="{}" x1="{}" x2="{}" y1="1" y2="{}"/>',
        ((css, f"{x:.1f}", f"{x:.1f}", BAR_HEIGHT - 1) for css, x in ticks),
    )
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true">{}{}</svg>',
        name, BAR_WIDTH, BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT, rectangles, lines,
    )  # fmt: skip


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, value))
