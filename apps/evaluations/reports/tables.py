"""The report as one tidy CSV table: a row a measure, in total and in every part of the suite."""

import csv
import io
from collections.abc import Iterator

from apps.evaluations.reports.contents import Contents, Figures, Row
from apps.evaluations.reports.reading import set_beside
from apps.evaluations.reports.words import clean_text

COLUMNS = (
    "section", "dimension", "value", "measure", "before", "after", "difference", "low", "high", "p_value", "cases",
    "p_adjusted",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Cells = tuple[str | float | None, ...]


def render_csv(contents: Contents) -> str:
    """Shares are from 0 to 1, times in milliseconds; a cell is empty where there is no value.

    `section` is "total" or "slice". Rows with `low` and `high` are of the cases that both runs asked, pair by pair, and
    `cases` is their number; rows without are of all cases of each run, and `cases` is that of this run. `p_adjusted` is
    after Holm's correction over all slices. Lines end in CRLF (RFC 4180).
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(tuple(map(protect_cell, cells)) for cells in list_rows(contents))
    return out.getvalue()


def list_rows(contents: Contents) -> Iterator[Cells]:
    pairs = contents.reach.pairs if contents.reach else 0
    cases = contents.summary.cases if contents.summary else 0
    for row in contents.rows:
        yield write_row("total", "", "", row, pairs if row.is_paired else cases)
    for part in contents.slices:
        yield write_row("slice", part.dimension, part.value, part.row, part.pairs, part.p_adjusted)
    for figures in contents.figures:
        yield from list_figures(figures.dimension, figures.value, figures.before, figures.after)


def list_figures(dimension: str, value: str, before: Figures | None, after: Figures | None) -> Iterator[Cells]:
    """Every measure of one slice, over all cases of each run."""
    cases = after.cases if after else 0
    known = dict.fromkeys([*(after.values if after else ()), *(before.values if before else ())])
    for name in known:
        yield write_row("slice", dimension, value, set_beside(name, before, after), cases)


def write_row(section: str, dimension: str, value: str, row: Row, cases: int, p_adjusted: float | None = None) -> Cells:
    numbers = (row.before, row.after, row.difference, row.low, row.high, row.p_value)
    return section, dimension, value, row.measure.name, *numbers, cases, p_adjusted


def protect_cell(cell: str | float | None) -> str | float | None:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it. Numbers have ten digits."""
    if not isinstance(cell, str):
        return float(f"{cell:.10g}") if isinstance(cell, float) else cell
    text = clean_text(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
