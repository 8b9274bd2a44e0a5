"""Search for measurements: the same ladder without what an earlier query left behind, and without leaving anything."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.functions.search.query import list_synonyms
from apps.functions.services.searching import SearchAnswer, build_answer, build_request
from apps.functions.services.tiers import climb_tiers, make_tiers
from apps.inference import ladder
from apps.inference import services as inference
from apps.inference.embedding import EmbeddingModelMissing

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class MeasuredSearch:
    """An answer, and the synonyms with which the query's words were searched."""

    answer: SearchAnswer
    terms: dict[str, list[str]]


def embed_afresh(text: str) -> "np.ndarray":
    """The query's vector. Raises TierFailed when there is no model."""
    try:
        vector: np.ndarray = inference.embed_texts([text])[0]  # which keeps no statistics, as embed_query does
    except EmbeddingModelMissing as error:
        raise ladder.TierFailed(str(error)) from error
    return vector


TIERS = make_tiers(embed_afresh)


def measure_search(
    *, query: str, language: str | None = None, library: str | None = None, limit: int = 10
) -> MeasuredSearch:
    """What `search_functions` answers a query that nobody asked before. Raises InvalidInput as it does."""
    started = time.perf_counter()
    request = build_request(query, language, library, limit)
    answer = build_answer(query, request, climb_tiers(TIERS, request, started), started)
    return MeasuredSearch(answer, list_synonyms(request.parsed, request.synonyms))
