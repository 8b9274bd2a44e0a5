"""Which words may mean the same, beyond the synonyms that search goes by."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from apps.functions.evaluation.evidence import Evidence
from apps.functions.evaluation.wording import is_misspelt
from apps.functions.models import SynonymGroup
from apps.functions.search.query import Groups, expand_groups, words_of_terms
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.search.tokens import analyse
from apps.functions.services.live import Loaded
from apps.inference import services as inference
from apps.inference.embedding import EmbeddingModelMissing

if TYPE_CHECKING:
    import numpy as np

ALIKE = 0.6
"""The least cosine of two words' vectors: a quarter of the built-in synonyms reach it, and one in 1,000 other pairs."""

RARER = 20
"""A word of the catalogue counts as misspelt only beside one that so many times as many functions have."""

MOST_WORDS = 40
"""Words of a function that are compared with the query's."""

Pair = tuple[str, str]
"""A query's word, and the word that a right answer has for it."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`groups` are all that anybody ever curated, in force or not; `vectors` are of single words."""

    groups: Groups
    frequency: Callable[[str], int]
    vectors: "Mapping[str, np.ndarray]"

    def find_synonym(self, evidence: Evidence) -> Pair | None:
        """A group's word goes before one that is only alike."""
        return next(self._find_grouped(evidence), None) or max(
            self._find_alike(evidence), key=self._measure_likeness, default=None
        )

    def find_misspelling(self, evidence: Evidence) -> Pair | None:
        return next(
            (pair for pair in product(_words_missing(evidence), _words_known(evidence)) if self._is_typo(*pair)), None
        )

    def _find_grouped(self, evidence: Evidence) -> Iterator[Pair]:
        terms = frozenset().union(*(known.terms for known in evidence.expected))
        synonyms, words = expand_groups(self.groups), words_of_terms(self.groups)
        return (
            (missing.word.lower(), words[other])
            for missing in evidence.missing
            for other in synonyms.get(missing.term, ())
            if other in terms
        )

    def _find_alike(self, evidence: Evidence) -> Iterator[Pair]:
        known = [word for word in _words_known(evidence) if word in self.vectors]
        for word in _words_missing(evidence):
            # What is misspelt may be like anything.
            if word in self.vectors and not any(self._is_typo(word, right) for right in known):
                alike = ((word, other) for other in known)
                yield from (pair for pair in alike if self._measure_likeness(pair) >= ALIKE)

    def _measure_likeness(self, pair: Pair) -> float:
        word, other = pair
        return float(self.vectors[word] @ self.vectors[other])

    def _is_typo(self, word: str, right: str) -> bool:
        return is_misspelt(word, right) and RARER * self._count(word) <= self._count(right)

    def _count(self, word: str) -> int:
        return max((self.frequency(term) for term in analyse(word)), default=0)


def read_lexicon(evidence: Iterable[Evidence], loaded: Loaded) -> Lexicon:
    """What is needed to judge these failures. Without the model only groups tell what means the same."""
    groups = tuple(dict.fromkeys((*SynonymGroup.objects.as_groups(), *SYNONYM_GROUPS)))
    words = sorted({word for one in evidence for word in (*_words_missing(one), *_words_known(one))})
    try:
        vectors = dict(zip(words, inference.embed_texts(words), strict=True)) if words else {}
    except EmbeddingModelMissing:
        vectors = {}
    return Lexicon(groups, loaded.index.frequency, vectors)


def _words_missing(evidence: Evidence) -> list[str]:
    return [word for term in evidence.missing if (word := term.word.lower()).isalpha() and len(word) > 2]


def _words_known(evidence: Evidence) -> list[str]:
    """The words of the right answers; none where no word of the query is missing."""
    words = dict.fromkeys(word for known in evidence.expected for word in known.words)
    return list(words)[:MOST_WORDS] if evidence.missing else []
