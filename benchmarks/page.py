"""Makes each page of figures out of its template, as docs/search.md out of docs/search.in.md, and what benchmarks kept.

    python -m benchmarks.page

In the template, `{{ table Quality }}` is a section's table of goals, `{{ quality.cosqa.mrr_at_10 }}` a figure,
`{{ quality.cosqa.answered | % }}` the same with its unit, and `{{ rows peers.rows }}` a table of a list of rows.
"""

import re
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, find_figure, load_figures
from benchmarks.goals import GOALS, show

DOCS = ROOT / "docs"
PAGES = ("search", "inference-figures")
NOTE = "<!-- Made by `python -m benchmarks.page` out of {name}.in.md and figures/: edit those. -->\n"

_MARK = re.compile(r"\{\{ (?P<what>.+?) \}\}")

Kept = dict[str, dict[str, Any]]


def main() -> int:
    kept = load_figures()
    for name in PAGES:
        page_path(name).write_text(make_page(name, kept), encoding="utf-8")
        print(f"{page_path(name).relative_to(ROOT)} is made")
    return 0


def page_path(name: str) -> Path:
    return DOCS / f"{name}.md"


def make_page(name: str, kept: Kept) -> str:
    template = DOCS / f"{name}.in.md"
    return NOTE.format(name=name) + fill_template(template.read_text("utf-8"), kept)


def fill_template(template: str, kept: Kept) -> str:
    return _MARK.sub(lambda match: render_mark(match["what"], kept), template)


def render_mark(what: str, kept: Kept) -> str:
    word, _, rest = what.partition(" ")
    if word == "table":
        return render_goals(rest, kept)
    if word == "rows":
        return render_rows(find_figure(kept, rest) or [])
    path, _, unit = what.partition(" | ")
    return show(find_figure(kept, path), unit)


def render_goals(section: str, kept: Kept) -> str:
    lines = ["| what | goal | got | | command |", "|---|---|---|---|---|"]
    for goal in GOALS:
        if goal.section == section:
            value = find_figure(kept, goal.figure)
            command = kept.get(goal.figure.split(".")[0], {}).get("command")
            cells = (
                goal.what,
                goal.wanted,
                show(value, goal.unit),
                goal.judge(value),
                f"`{command}`" if command else "–",
            )
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def render_rows(rows: list[dict[str, Any]]) -> str:
    """A table with a column for each key of the first row."""
    if not rows:
        return "–"
    head = list(rows[0])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(show(row.get(key)) for key in head) + " |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
