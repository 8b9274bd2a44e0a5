"""The report as Markdown, short enough for a comment on a pull request."""

import re
from collections.abc import Iterable, Sequence

from apps.evaluations.reports.contents import CauseRow, Change, Contents, Flip, Row, Side, SliceRow
from apps.evaluations.reports.words import (
    as_sentence,
    clean_text,
    clip_text,
    count,
    describe_side,
    describe_sureness,
    explain_reach,
    explain_unpaired,
    explain_verdict,
    name_dimension,
    name_run,
    name_verdict,
    show_difference,
    show_effect,
    show_expected,
    show_interval,
    show_p,
    show_value,
)

FLIPS, SLICES, CAUSES, CLUSTERS, REASONS = 10, 10, 8, 3, 8
LEFT_OUT = ("latency_p50", "latency_p99")
SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~&$^]")
LEADING = re.compile(r"^(\d{1,9})?([-+=.):])")
JOINER = "\N{WORD JOINER}"


def render_markdown(contents: Contents, url: str = "") -> str:
    """GitHub's Markdown without any HTML. Sections that have nothing to say are left out."""
    sections = (
        write_verdict(contents),
        write_measures(contents),
        write_changes("What changed between the runs", contents.changes),
        write_flips("Newly wrong", contents.list_flips(newly_wrong=True), contents.newly_wrong),
        write_flips("Newly right", contents.list_flips(newly_wrong=False), contents.newly_right),
        write_slices(contents.moved),
        write_causes(contents.causes),
        write_notes(contents),
        [f"[Open the whole report](<{url.replace('>', '%3E').replace('<', '%3C')}>)"] if url else [],
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def write_verdict(contents: Contents) -> list[str]:
    against = f" compared with {name_run(contents.baseline)}" if contents.baseline else ""
    heading = f"{escape(contents.suite.name, 100) or 'Report'}, {escape(name_run(contents.run) + against)}"
    reasons = [f"- {escape(as_sentence(reason), 500)}" for reason in contents.reasons[:REASONS]]
    more = len(contents.reasons) - REASONS
    return [
        f"## {escape(name_verdict(contents))}: {heading}",
        "",
        explain_verdict(contents),
        *([""] if reasons else []),
        *reasons,
        *([f"- And {count(more, 'more reason')}."] if more > 0 else []),
    ]


def write_measures(contents: Contents) -> list[str]:
    rows = contents.list_rows(without=LEFT_OUT)
    if not rows:
        return []
    if contents.reach is None:
        table = write_table(("Measure", "This run"), (write_single(row) for row in rows))
        return ["### Measures", "", *table]
    headings = ("Measure", "Before", "After", "Difference", "95 % interval", "p", "Effect size")
    reach = [f"- {sentence}" for sentence in explain_reach(contents.reach, contents.suite)]
    return ["### Before and after", "", *write_table(headings, map(write_row, rows)), "", *reach]


def write_single(row: Row) -> tuple[str, ...]:
    return escape(row.measure.title), show_value(row.after, row.measure.unit)


def write_row(row: Row) -> tuple[str, ...]:
    unit = row.measure.unit
    return (
        escape(row.measure.title),
        show_value(row.before, unit),
        show_value(row.after, unit),
        show_difference(row.difference, unit),
        show_interval(row.low, row.high, unit),
        show_p(row.p_value).replace("<", "\\<"),
        show_effect(row.effect_size),
    )


def write_changes(title: str, changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    rows = ((escape(one.name), escape(one.before, 120) or "–", escape(one.after, 120) or "–") for one in changes)
    return [f"### {title}", "", *write_table(("", "Before", "After"), rows)]


def write_flips(title: str, flips: Sequence[Flip], total: int) -> list[str]:
    if not total:
        return []
    headings = ("Asked", "Expected", "Before", "After", "What changed")
    shown = f" (the first {FLIPS})" if min(total, len(flips)) > FLIPS else ""
    heading = f"### {title}: {total:,}{shown}"
    return [heading, "", *write_table(headings, map(write_flip, flips[:FLIPS]))] if flips else [heading]


def write_flip(flip: Flip) -> tuple[str, ...]:
    expects = bool(flip.expected)
    return (
        escape(flip.query, 120) or "–",
        escape(show_expected(flip), 120),
        write_side(flip.before, expects),
        write_side(flip.after, expects),
        escape(flip.change, 240) or "–",
    )


def write_side(side: Side, expects: bool) -> str:
    facts = [describe_side(side, expects=expects), describe_sureness(side)]
    first = f"**{escape(side.first, 80)}**: " if side.first else ""
    return first + escape(", ".join(fact for fact in facts if fact), 160)


def write_slices(moved: Sequence[SliceRow]) -> list[str]:
    if not moved:
        return []
    rows = (
        (
            f"{escape(name_dimension(one.dimension))}: {escape(one.value, 80)}",
            f"{one.pairs:,}",
            show_value(one.row.before, one.row.measure.unit),
            show_value(one.row.after, one.row.measure.unit),
            show_interval(one.row.low, one.row.high, one.row.measure.unit),
            show_p(one.p_adjusted).replace("<", "\\<"),
        )
        for one in moved[:SLICES]
    )
    headings = ("Part", "Cases", "Before", "After", "95 % interval", "p (Holm)")
    return [f"### {count(len(moved), 'part')} of the suite moved", "", *write_table(headings, rows)]


def write_causes(causes: Sequence[CauseRow]) -> list[str]:
    if not causes:
        return []
    lines = []
    for cause in causes[:CAUSES]:
        advice = escape(as_sentence(cause.advice), 300)
        lines.append(f"- **{escape(cause.title, 120) or '–'}** ({count(cause.cases, 'case')}): {advice}")
        lines += [
            f"  - {cluster.cases:,} × {escape(cluster.detail or cluster.name, 160) or '–'}"
            for cluster in cause.clusters[:CLUSTERS]
        ]
    return ["### Why cases fail", "", *lines]


def write_notes(contents: Contents) -> list[str]:
    left_out = [f"- Not compared: {sentence}" for sentence in explain_unpaired(contents.unpaired)]
    drift = [
        f"- Changed while the run was going on: {escape(one.name)}, from {escape(one.before, 120) or '–'} to "
        f"{escape(one.after, 120) or '–'}."
        for one in contents.drift
    ]
    return ["### To be careful about", "", *left_out, *drift] if left_out or drift else []


def write_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The cells are Markdown already."""
    lines = (f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows))
    return list(lines)


def escape(text: str, length: int = 200) -> str:
    """Text that shows as it is on one line: no markup, no table's border, and nobody is called by an @."""
    line = clip_text(clean_text(text), length)
    marked = SPECIAL.sub(r"\\\g<0>", line).replace("@", f"@{JOINER}")
    return LEADING.sub(r"\1\\\2", marked)
