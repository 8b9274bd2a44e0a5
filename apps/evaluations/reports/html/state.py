"""What was measured: what changed between the two runs, the whole pinned state, and what to be careful about."""

from collections.abc import Sequence

from apps.evaluations.reports.contents import Change, Contents, RunInfo
from apps.evaluations.reports.html.parts import show_list, show_row, show_section, show_table
from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.words import (
    NOTHING,
    clip_text,
    explain_unpaired,
    show_seconds,
    show_time,
)

VALUE = 300
HEADINGS = ("", "Before", "After")
CHANGES = "Whatever moved the figures is among these: all else that answers depend on was the same in both runs."
SAME = (
    "Nothing that answers depend on differs between the two runs. A difference is then the system's own unsteadiness, "
    "or something that it does not pin."
)
PINNED = "What answers depend on, written down when the run began. Runs with equal states can be expected to agree."


def show_changes(contents: Contents) -> Html | None:
    if contents.reach is None:
        return None
    if not contents.changes:
        return show_section("changes", "What changed between the runs", SAME)
    table = show_table(HEADINGS, map(show_change, contents.changes), kind="state")
    return show_section("changes", "What changed between the runs", CHANGES, table)


def show_change(change: Change) -> Html:
    old, new = (clip_text(value, VALUE) or NOTHING for value in (change.before, change.after))
    return show_row(name_part(change.name), tag("td", tag("del", old)), tag("td", tag("ins", new)))


def show_pinned(contents: Contents) -> Html:
    """Both states beside each other, with when and how long each run ran."""
    runs = [run for run in (contents.baseline, contents.run) if run]
    names = dict.fromkeys(name for run in runs for name, _ in run.pinned)
    values = [dict(run.pinned) for run in runs]
    facts = [
        show_row(title, *(tag("td", facts_of[title]) for facts_of in map(list_facts, runs)))
        for title in list_facts(contents.run)
    ]
    pinned = [
        show_row(name_part(name), *(tag("td", clip_text(state.get(name, ""), VALUE) or NOTHING) for state in values))
        for name in names
    ]
    headings = ("", "Before", "This run") if len(runs) > 1 else ("", "This run")
    return show_section("state", "What was measured", PINNED, show_table(headings, facts + pinned, kind="state"))


def list_facts(run: RunInfo) -> dict[str, str]:
    return {
        "Run": run.id or NOTHING,
        "Note": clip_text(run.note, VALUE) or NOTHING,
        "Suite version": run.suite_version or NOTHING,
        "Started": show_time(run.started_at) or NOTHING,
        "Took": show_seconds(run.seconds),
    }


def show_notes(contents: Contents) -> Html | None:
    """What a careful reader has to know; left out when there is nothing."""
    left_out = explain_unpaired(contents.unpaired)
    if not left_out and not contents.drift:
        return None
    parts = []
    if left_out:
        lead = "Cases are compared only where both runs asked the same question. Left out of the comparison:"
        parts.append(join([tag("p", lead), show_list(left_out, kind="notes")]))
    if contents.drift:
        parts.append(show_drift(contents.drift))
    return show_section("notes", "To be careful about", "", *parts)


def show_drift(drift: Sequence[Change]) -> Html:
    lead = "This changed while the run was going on, so some answers come from before and some from after:"
    return join(
        [tag("p", lead), show_table(("", "When it began", "When it ended"), map(show_change, drift), kind="state")]
    )


def name_part(name: str) -> str:
    return clip_text(name.replace("_", " "), 80)
