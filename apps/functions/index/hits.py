"""What a search gives back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """One function found. `id` is its database key; scores are from 0 to 1.

    `semantic` is the cosine to the query, None when it is not known; `matched` has the user's words that it has.
    """

    id: int
    score: float
    lexical: float
    semantic: float | None
    matched: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """Hits, best first. `confidence` is the calibrated probability that the first is right."""

    hits: tuple[Hit, ...]
    confidence: float
    answered: bool


NOTHING = SearchOutcome((), 0.0, False)
