"""A searcher that knows how cases are made, and goes through the whole catalogue for each."""

import re
from collections.abc import Sequence

from apps.functions.generation import Subject
from apps.functions.generation.inflection import to_base_form, to_singular
from apps.functions.search.names import key_of_query, keys_of_name
from apps.functions.search.query import expand_groups
from apps.functions.search.synonyms import SYNONYM_GROUPS
from apps.functions.search.tokens import Token, analyse, is_stop_word, split_identifier, tokenize

LANGUAGES = {
    "python": "python", "javascript": "javascript", "js": "javascript", "java": "java", "golang": "go", "go": "go",
    "rust": "rust", "c#": "csharp", "csharp": "csharp",
}  # fmt: skip
_NAMES = "|".join(map(re.escape, LANGUAGES))
_LANGUAGE = re.compile(rf"^(?P<before>{_NAMES})\s|\s(?:in |using )?(?P<after>{_NAMES})$")
_FRAME = re.compile(r"^(?:how do i|how can i|how to|what function|is there a function that|function that)\s")
# Words that are put in for what a function says otherwise: they decide only between equals.
_PUT_IN = {"get", "check", "return"}


class Oracle:
    """Gives all functions that fit a query best."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._subjects = subjects
        self._terms = [
            set(analyse(f"{subject.qualified_name} {subject.name} {subject.description} {' '.join(subject.keywords)}"))
            for subject in subjects
        ]
        self._words = [
            {
                form
                for word in split_identifier(f"{subject.qualified_name} {subject.description}")
                for form in _forms(word)
            }
            for subject in subjects
        ]
        self._vocabulary = set().union(*self._terms)
        self._synonyms = expand_groups(SYNONYM_GROUPS)

    def ask(self, query: str) -> set[str]:
        """The keys of the functions with that name, or else of those that have the most of its words."""
        named = {subject.key for subject in self._subjects if self._is_named(subject, query)}
        return named or self._rank(query)

    def _is_named(self, subject: Subject, query: str) -> bool:
        same_words = sorted(split_identifier(subject.name)) == sorted(split_identifier(query))
        return same_words or key_of_query(query) in keys_of_name(subject.qualified_name)

    def _rank(self, query: str) -> set[str]:
        said = _LANGUAGE.search(query)
        language = LANGUAGES[said["before"] or said["after"]] if said else None
        bare = _FRAME.sub("", _LANGUAGE.sub("", query))
        asked = [token for token in tokenize(bare) if not is_stop_word(token.word)]
        scores = {
            subject.key: round(sum(self._score(token, number) for token in asked), 6)
            for number, subject in enumerate(self._subjects)
            if language in (None, subject.language)
        }
        return {key for key, score in scores.items() if score == max(scores.values())}

    def _score(self, asked: Token, number: int) -> float:
        """How well a word of a query is met: by itself, by a synonym, or, where nobody knows it, by one like it."""
        if asked.term in self._terms[number]:
            return 0.01 if asked.term in _PUT_IN else 1.0
        if not self._terms[number].isdisjoint(self._synonyms.get(asked.term, ())):
            return 0.9
        known = asked.term in self._vocabulary or asked.term in self._synonyms
        return 0.8 if not known and any(_is_slip(asked.word, word) for word in self._words[number]) else 0.0


def _forms(word: str) -> set[str]:
    return {word, to_base_form(word) or word, to_singular(word) or word}


def _is_slip(wrong: str, right: str) -> bool:
    """Whether one letter is missing, too much or another, or two have changed places."""
    shorter = min(len(wrong), len(right))
    ahead = next((place for place in range(shorter) if wrong[place] != right[place]), shorter)
    tail, other = wrong[ahead:], right[ahead:]
    return tail[1:] in (other, other[1:]) or tail == other[1:] or tail == other[:2][::-1] + other[2:]
