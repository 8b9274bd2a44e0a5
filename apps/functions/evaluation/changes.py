"""What differs between how a query was answered before and after. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WORDS_NAMED = 3
"""More words whose synonyms changed are only counted."""


def explain_change(
    before_trace: Mapping[str, Any],
    after_trace: Mapping[str, Any],
    before_got: Sequence[Mapping[str, Any]],
    after_got: Sequence[Mapping[str, Any]],
) -> str:
    """One sentence on two answers to one query, most telling first; empty when nothing that counts differs.

    Traces have `steps` (as the ladder gives them), `terms` (each word's synonyms) and `language`, the filter applied;
    answers have `id` and `title`, best first.
    """
    parts = [
        *_explain_language(before_trace.get("language") or "", after_trace.get("language") or ""),
        *_explain_synonyms(before_trace.get("terms") or {}, after_trace.get("terms") or {}),
        *_explain_tiers(before_trace.get("steps") or (), after_trace.get("steps") or ()),
        *_explain_places(before_got, after_got),
    ]
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _explain_language(before: str, after: str) -> Iterator[str]:
    if before and after and before != after:
        yield f"the language filter changed from {before} to {after}"
    elif before and not after:
        yield f"the language filter {before} is gone"
    elif after and not before:
        yield f"a language filter came in: {after}"


def _explain_synonyms(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for verb, old, new in (("lost", before, after), ("gained", after, before)):
        changed = {
            word: only
            for word, synonyms in old.items()
            if (only := [one for one in synonyms if one not in new.get(word, ())])
        }
        named = [f"the {_name(only)} of {word}" for word, only in list(changed.items())[:WORDS_NAMED]]
        if len(changed) > WORDS_NAMED:
            more = len(changed) - WORDS_NAMED
            named.append(f"those of {more} more word{'s' if more > 1 else ''}")
        if named:
            yield f"{verb} {_join(named)}"


def _name(synonyms: Sequence[str]) -> str:
    return f"synonym{'s' if len(synonyms) > 1 else ''} {', '.join(synonyms)}"


def _join(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _explain_tiers(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    failed = {step["tier"] for step in before if step["outcome"] == "failed"}
    for step in after:
        if step["outcome"] == "failed" and step["tier"] not in failed:
            yield f"the tier {step['tier']} failed" + (f" ({step['reason']})" if step.get("reason") else "")
    old, new = _find_best(before), _find_best(after)
    if not old or not new:
        return
    if old["tier"] != new["tier"]:
        yield f"it came from {new['tier']} instead of {old['tier']}"
    was, now = old["outcome"] == "answered", new["outcome"] == "answered"
    if was != now:
        way = "fell below" if was else "rose above"
        yield f"the confidence {way} the threshold, from {old['confidence']:.2f} to {new['confidence']:.2f}"


def _find_best(steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The step that the answer came from: as the ladder chooses it, the one that was sure, or the surest."""
    asked = [step for step in steps if step.get("confidence") is not None]
    sure = [step for step in asked if step["outcome"] == "answered"]
    return max(sure or asked, key=lambda step: float(step["confidence"]), default=None)


def _explain_places(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not before and not after:
        return
    if not after:
        yield f"nothing is found any more, where {_title(before[0], ())} was first"
    elif not before:
        yield f"the first answer is {_title(after[0], ())}, where nothing was found"
    elif before[0]["id"] != after[0]["id"]:
        old, new = _title(before[0], after[:1]), _title(after[0], before[:1])
        now, then = _tell_place(before[0]["id"], after), _tell_place(after[0]["id"], before)
        yield f"the first answer is {new} ({then} before) instead of {old} ({now} now)"


def _title(got: Mapping[str, Any], beside: Sequence[Mapping[str, Any]]) -> str:
    """The answer's title; its id where another one has the same title."""
    title = got.get("title") or got["id"]
    return str(got["id"] if any(other.get("title") == title for other in beside) else title)


def _tell_place(reference: object, got: Sequence[Mapping[str, Any]]) -> str:
    places = (f"place {place}" for place, answer in enumerate(got, start=1) if answer["id"] == reference)
    return next(places, "not found")
