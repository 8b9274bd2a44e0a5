"""The report as one HTML file that needs nothing else: no script, no font, no request."""

import base64
import hashlib

from apps.evaluations.reports.contents import Contents
from apps.evaluations.reports.html.causes import show_causes
from apps.evaluations.reports.html.figures import show_measures
from apps.evaluations.reports.html.flips import show_flips
from apps.evaluations.reports.html.plots import show_calibration, show_latency
from apps.evaluations.reports.html.slices import show_slices
from apps.evaluations.reports.html.state import show_changes, show_notes, show_pinned
from apps.evaluations.reports.html.style import STYLE
from apps.evaluations.reports.html.verdict import show_top
from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.words import clip_text, name_run, name_verdict, show_seconds, show_time

DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{DIGEST}'; base-uri 'none'; form-action 'none'"
"""Nothing is loaded and nothing runs; of styles only the one sheet of this page."""
LINKS = {
    "measures": "Measures",
    "changes": "What changed",
    "flips": "Cases that turned",
    "slices": "Parts of the suite",
    "causes": "Why cases fail",
    "calibration": "Confidence",
    "latency": "Latency",
    "state": "What was measured",
    "notes": "To be careful about",
}
NAME = 200


def render_page(contents: Contents, url: str = "") -> str:
    """The whole file; `url` is where the report is to be found, empty for nowhere."""
    sections = {
        "measures": show_measures(contents),
        "changes": show_changes(contents),
        "flips": show_flips(contents),
        "slices": show_slices(contents),
        "causes": show_causes(contents),
        "calibration": show_calibration(contents),
        "latency": show_latency(contents),
        "notes": show_notes(contents),
        "state": show_pinned(contents),
    }
    present = {name: section for name, section in sections.items() if section}
    body = join(
        [
            show_header(contents, list(present)),
            tag("main", show_top(contents), *present.values()),
            show_footer(contents, url),
        ]
    )
    return f'<!doctype html>\n<html lang="en">\n{show_head(contents)}\n{tag("body", body)}\n</html>\n'


def show_head(contents: Contents) -> Html:
    title = f"{name_verdict(contents)}: {clip_text(contents.suite.name, NAME)}, run {contents.run.id}"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(STYLE)),
    )


def show_header(contents: Contents, anchors: list[str]) -> Html:
    links = [tag("a", LINKS[anchor], href=f"#{anchor}") for anchor in anchors]
    return tag(
        "header",
        tag("h1", tag("bdi", clip_text(contents.suite.name, NAME) or "Report")),
        tag("p", describe_runs(contents)),
        tag("nav", *links, aria_label="Sections"),
    )


def describe_runs(contents: Contents) -> str:
    run = clip_text(name_run(contents.run), NAME)
    compared = f", compared with {clip_text(name_run(contents.baseline), NAME)}" if contents.baseline else ""
    started = f". Started {show_time(contents.run.started_at)}" if contents.run.started_at else ""
    took = f", took {show_seconds(contents.run.seconds)}" if contents.run.seconds is not None else ""
    return f"{run[0].upper()}{run[1:]}{compared}{started}{took}."


def show_footer(contents: Contents, url: str) -> Html:
    """`url` is a link to be followed, not something that is loaded."""
    link = tag("a", "Open this report in Touchstone", href=url) if url else None
    return tag("footer", tag("p", f"Made by Touchstone from run {contents.run.id}. ", link))
