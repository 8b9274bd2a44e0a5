"""Numbers and facts of a report as people read them. None is an en dash."""

import re

from apps.evaluations.reports.contents import Contents, Flip, Reach, RunInfo, Side, SuiteInfo, Unpaired
from apps.evaluations.reports.measures import Unit

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"
VERDICTS = {
    "better": ("Better", "The gain is larger than chance explains, and large enough to matter."),
    "worse": ("Worse", "Something got worse: by more than chance explains, and by enough to matter."),
    "no_difference": ("No difference that matters", "Whatever changed is smaller than the margin that matters."),
    "not_enough_cases": ("Not enough cases", "A difference that matters is neither shown nor ruled out."),
    "first": ("First run", "There is nothing to compare with yet. The next run will be compared with this one."),
    "failed": ("Failed", "The run did not go through, so it says nothing about right and wrong."),
}
ALARMING = ("worse", "failed")
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2, Char) does not allow, and HTML does not either."""
MOVES = {"better": "better", "worse": "worse", "no": "did not move", "unknown": "cannot tell"}


def clean_text(text: str) -> str:
    """With a replacement character for each one that is not allowed in XML and HTML."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def clip_text(text: str, length: int) -> str:
    """On one line, and no longer than this."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def as_sentence(text: str) -> str:
    line = text.strip()
    if not line:
        return ""
    return line[0].upper() + line[1:] + ("" if line[-1] in ".!?:" else ".")


def show_percent(share: float | None, digits: int = 1) -> str:
    return NOTHING if share is None else f"{share * 100:.{digits}f} %"


def show_points(share: float | None) -> str:
    """Percentage points without a sign; small ones keep two digits that count."""
    if share is None:
        return NOTHING
    points = abs(share) * 100
    shown = f"{points:.1f}" if points >= 10 else f"{points:.2g}" if points >= 0.01 else f"{points:.4f}"
    return f"{shown} {'point' if shown == '1' else 'points'}"


def show_value(value: float | None, unit: Unit) -> str:
    if value is None:
        return NOTHING
    match unit:
        case Unit.SHARE:
            return show_percent(value)
        case Unit.MILLISECONDS:
            return f"{_digits(value)} ms"
        case Unit.RATE:
            return _digits(value)
        case Unit.DOLLARS:
            return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.6f}".rstrip("0")


def show_difference(value: float | None, unit: Unit) -> str:
    """With its sign; of shares in percentage points, without the word."""
    if value is None:
        return NOTHING
    match unit:
        case Unit.SHARE:
            return _signed(f"{value * 100:+.2f}")
        case Unit.MILLISECONDS:
            return _signed(f"{value:+.2f} ms")
        case Unit.RATE:
            return _signed(f"{value:+,.1f}")
        case Unit.DOLLARS:
            return _signed(f"{value:+.4f}")


def show_interval(low: float | None, high: float | None, unit: Unit) -> str:
    if low is None or high is None:
        return NOTHING
    return f"{show_difference(low, unit)} to {show_difference(high, unit)}"


def show_p(p_value: float | None) -> str:
    if p_value is None:
        return NOTHING
    if p_value < 0.0001:
        return "< 0.0001"
    return f"{p_value:.4f}" if p_value < 0.01 else f"{p_value:.2f}"


def show_effect(size: float | None) -> str:
    return NOTHING if size is None else _signed(f"{size:+.2f}")


def show_number(number: float | None) -> str:
    return NOTHING if number is None else f"{number:,.0f}"


def count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def show_seconds(seconds: float | None) -> str:
    """As pages do (`duration`): `4.3 s`, `3 min 20 s`, `2 h 5 min`; round ones as `3 min` and `2 h`."""
    if seconds is None:
        return NOTHING
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def show_time(moment: str) -> str:
    """An ISO 8601 moment to the minute."""
    found = re.match(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$", moment)
    if not found:
        return moment
    zone = found[3] or ""
    return f"{found[1]} {found[2]}" + (" UTC" if zone in ("Z", "+00:00") else f" {zone}" if zone else "")


def name_run(run: RunInfo) -> str:
    return f"run {run.id}" + (f" ({run.note})" if run.note else "")


def name_dimension(dimension: str) -> str:
    return {"made_by": "how it was made"}.get(dimension, dimension.replace("_", " "))


def name_verdict(contents: Contents) -> str:
    return contents.title or VERDICTS.get(contents.verdict, (contents.verdict, ""))[0] or "No verdict"


def explain_verdict(contents: Contents) -> str:
    return VERDICTS.get(contents.verdict, ("", ""))[1]


def explain_reach(reach: Reach, suite: SuiteInfo) -> list[str]:
    """What this suite could have shown, and what would settle it, in sentences."""
    sentences = []
    chance = f" (in {show_percent(reach.power, 0)} of such runs)" if reach.power else ""
    if reach.smallest_visible is not None:
        sentences.append(
            f"The smallest difference this suite could have seen, with {count(reach.pairs, 'case')} asked in both "
            f"runs, is {show_points(reach.smallest_visible)}{chance}."
        )
    else:
        sentences.append(f"With {count(reach.pairs, 'case')} asked in both runs, no difference could have been seen.")
    if reach.cases_needed is not None and suite.margin is not None:
        sentences.append(
            f"To see a difference of the margin, {show_points(suite.margin)}, it takes about "
            f"{count(reach.cases_needed, 'case')}."
        )
    if reach.cases_more:
        sentences.append(
            f"About {count(reach.cases_more, 'more case')} would settle it if the difference stays as it is."
        )
    return sentences


def explain_unpaired(unpaired: Unpaired) -> list[str]:
    """Why cases are in no comparison; nothing when none is left out."""
    parts = (
        (unpaired.only_before, "was asked in the baseline only", "were asked in the baseline only"),
        (unpaired.only_after, "was asked in this run only", "were asked in this run only"),
        (unpaired.changed, "was edited between the two runs", "were edited between the two runs"),
    )
    return [f"{count(number, 'case')} {one if number == 1 else many}." for number, one, many in parts if number]


def show_expected(flip: Flip, most: int = 3) -> str:
    """The right answers of a case; beyond `most` they are only counted."""
    if not flip.expected:
        return "nothing: no answer is right"
    shown = " or ".join(flip.expected[:most])
    rest = len(flip.expected) - most
    return f"{shown}, or {count(rest, 'other')}" if rest > 0 else shown


def describe_side(side: Side, *, expects: bool) -> str:
    """What became of the case in one run; `expects` is whether there is an answer to be found."""
    if side.error:
        return "failed"
    if not expects:
        return "rightly found nothing" if side.right else "answered where nothing is right"
    if side.right:
        return "right"
    place = f"right one at place {side.rank}" if side.rank else "right one not found"
    return f"wrong, {place}"


def describe_sureness(side: Side) -> str:
    """How sure the system was, and which tier it was; abstained where that was too little to answer."""
    if side.error:
        return side.error
    parts = [] if side.confidence is None else [f"{show_percent(side.confidence, 0)} sure"]
    if not side.answered:
        parts.append("abstained")
    if side.tier:
        parts.append(side.tier.replace("_", " "))
    return ", ".join(parts)


def _digits(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _signed(number: str) -> str:
    """With a minus sign as wide as the plus, and no sign at nothing."""
    if not any(digit in number for digit in "123456789"):
        return number.lstrip("+-")
    return number.replace("-", MINUS, 1)
