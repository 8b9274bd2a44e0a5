"""Cases that turned, newly wrong first: what was asked, what each run answered, and what made the difference."""

from apps.evaluations.reports.contents import Contents, Flip, Side
from apps.evaluations.reports.html.parts import note, quote, show_more, show_section, show_table
from apps.evaluations.reports.markup import Html, join, tag
from apps.evaluations.reports.words import NOTHING, clip_text, count, describe_side, describe_sureness, show_expected

SHOWN = 20
"""Flips of either kind that are open from the start."""
EXPECTED, ANSWER, CHANGE, LABELS, SURENESS = 120, 80, 260, 80, 120
HEADINGS = ("Asked", "Before", "After", "What changed")
INTRO = "Cases that are right in one run and wrong in the other. Averages hide them; here they are, one by one."


def show_flips(contents: Contents) -> Html | None:
    if contents.reach is None:
        return None
    wrong, right = contents.list_flips(newly_wrong=True), contents.list_flips(newly_wrong=False)
    return show_section(
        "flips",
        "Cases that turned",
        INTRO,
        show_part("Newly wrong", "most damaging first", wrong, contents.newly_wrong),
        show_part("Newly right", "largest gains first", right, contents.newly_right),
    )


def show_part(title: str, order: str, flips: tuple[Flip, ...], total: int) -> Html:
    heading = tag("h3", f"{title}: {total:,}")
    if not flips:
        return join([heading, tag("p", "None." if not total else "None of them is listed in this report.")])
    rest = flips[SHOWN:]
    listed = order if len(flips) >= total else f"{order}, {len(flips):,} of {total:,} listed"
    return join(
        [
            heading,
            note(listed),
            list_flips(flips[:SHOWN]),
            show_more(f"Show {count(len(rest), 'more', 'more')}", list_flips(rest)) if rest else None,
        ]
    )


def list_flips(flips: tuple[Flip, ...]) -> Html:
    return show_table(HEADINGS, map(show_flip, flips), kind="flips")


def show_flip(flip: Flip) -> Html:
    expects = bool(flip.expected)
    labels = clip_text(", ".join(flip.labels), LABELS)
    return tag(
        "tr",
        tag(
            "td",
            quote(flip.query),
            note("Expected: ", quote(show_expected(flip), EXPECTED)),
            note(labels) if labels else None,
        ),
        tag("td", *show_side(flip.before, expects)),
        tag("td", *show_side(flip.after, expects)),
        tag("td", clip_text(flip.change, CHANGE) or NOTHING),
    )


def show_side(side: Side, expects: bool) -> list[Html]:
    """Whether the run was right, what it answered first, and how sure it was: a line each, by the style sheet."""
    sure = clip_text(describe_sureness(side), SURENESS)
    return [
        tag("b", describe_side(side, expects=expects), class_="good" if side.right else "bad"),
        quote(side.first, ANSWER) if side.first else tag("i", "no answer"),
        note(sure),
    ]
