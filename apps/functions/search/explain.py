"""Why a function was found, in the user's own words."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from apps.functions.search.bm25 import unpack_fields

# Where a match says most comes first; what is matched there is not repeated for a later place.
PLACES = (
    ("name", "name"),
    ("keywords", "keywords"),
    ("description", "description"),
    ("action", "action"),
    ("data_type", "data type"),
    ("signature", "signature"),
    ("identifiers", "body"),
    ("body", "body"),
)
LABELS = tuple(dict.fromkeys(label for _, label in PLACES))
MAX_WORDS = 4

FURTHER = 0.01
"""The least difference of two cosines that is shown."""


class Match(NamedTuple):
    """A word of the query that a function has, and the bits (see `bm25.pack_fields`) of the fields that have it."""

    word: str
    fields: int


def matched_words(matches: Iterable[Match]) -> tuple[str, ...]:
    """The matched words as the user wrote them, in the order of the query, each once whatever its case."""
    words: dict[str, str] = {}
    for match in matches:
        words.setdefault(match.word.lower(), match.word)
    return tuple(words.values())


def explain_match(matches: Iterable[Match], semantic: float | None) -> str:
    """One line such as "name matches parse; meaning 0.71", words quoted; `semantic` is a cosine, None if unknown."""
    places: dict[str, list[Match]] = {}
    for match in matches:
        if place := _find_place(match.fields):
            places.setdefault(place, []).append(match)
    parts = [f"{label} matches {_quote(matched_words(places[label]))}" for label in LABELS if label in places]
    if semantic is not None:
        parts.append(f"meaning {max(semantic, 0.0):.2f}")
    return "; ".join(parts)


def explain_readings(readings: Iterable[tuple[str, str]]) -> str:
    """Which words were taken for others: pairs of the word written and the word it was read as."""
    return "; ".join(f"‘{word}’ read as ‘{other}’" for word, other in readings)


def explain_lead(
    own: Iterable[str], following: Collection[str], semantic: float | None, next_semantic: float | None
) -> str:
    """Why a function with its own matched words stands before the one with the following, "" where no single thing
    says it; the numbers are cosines."""
    if lacking := [word for word in own if word not in following]:
        return f"the next lacks {_quote(lacking)}"
    if semantic is not None and next_semantic is not None and semantic - next_semantic >= FURTHER:
        return f"the next is further in meaning ({next_semantic:.2f})"
    return ""


@cache
def _find_place(bits: int) -> str | None:
    """What the most telling of these fields is called, of which there are 256 sets."""
    fields = unpack_fields(bits)
    return next((label for field, label in PLACES if field in fields), None)


def _quote(words: Sequence[str]) -> str:
    more = f" and {len(words) - MAX_WORDS} more" if len(words) > MAX_WORDS else ""
    return f"‘{'’, ‘'.join(words[:MAX_WORDS])}’{more}"
