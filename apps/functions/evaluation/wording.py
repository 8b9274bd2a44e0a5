"""Comparing words and texts as people write them. Pure."""

from collections.abc import Collection

from apps.functions.search.documents import Document, collapse, embedding_text, first_paragraph
from apps.functions.search.tokens import is_stop_word, split_identifier

SHORTEST_MISSPELT = 4
"""Letters: shorter words are one edit from too many others."""

TELLING_NAME = 2
TELLING_DESCRIPTION = 4
"""So many words say enough to tell two functions from each other."""

SAME_TEXT = 0.8
SAME_SUBJECT = 0.5
"""Shares of the terms of two texts that both have."""


def is_misspelt(word: str, right: str) -> bool:
    """Whether a word in lower case is one edit from another: a letter more, less or other, or two swapped.

    Damerau, "A technique for computer detection and correction of spelling errors" (CACM 7(3), 1964).
    """
    if word == right or min(len(word), len(right)) < SHORTEST_MISSPELT or abs(len(word) - len(right)) > 1:
        return False
    same = next(
        (place for place, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right))
    )
    rest, wanted = word[same:], right[same:]
    if len(word) != len(right):
        return rest[1:] == wanted or rest == wanted[1:]
    return rest[1:] == wanted[1:] or (rest[1::-1] == wanted[:2] and rest[2:] == wanted[2:])


def words_of(document: Document) -> tuple[str, ...]:
    """The words by which people know a function, each once: of its name, its keywords and what it says first."""
    said = first_paragraph(document.description) or embedding_text(document)
    text = " ".join((document.name, *document.keywords, said))
    words = (word for word in split_identifier(text) if word.isalpha() and len(word) > 2 and not is_stop_word(word))
    return tuple(dict.fromkeys(words))


def tell_likeness(one: Document, other: Document, terms: Collection[str], other_terms: Collection[str]) -> str:
    """In what two functions are nearly the same, to end a sentence with; empty when they are not."""
    shared = _share(terms, other_terms)
    name, other_name = _name_words(one), _name_words(other)
    if name == other_name and (len(name) >= TELLING_NAME or shared >= SAME_SUBJECT):
        return "have the same name"
    described = _describe(one)
    if described == _describe(other) and len(described.split()) >= TELLING_DESCRIPTION:
        return "have the same description"
    return f"have {shared:.0%} of their words in common" if shared >= SAME_TEXT else ""


def _name_words(document: Document) -> list[str]:
    """Of the name without the class or module that it is in."""
    return split_identifier(document.name.replace("::", ".").replace("#", ".").rsplit(".", 1)[-1])


def _describe(document: Document) -> str:
    return collapse(first_paragraph(document.description)).casefold().rstrip(".")


def _share(one: Collection[str], other: Collection[str]) -> float:
    """Jaccard's coefficient."""
    together = set(one) | set(other)
    return len(set(one) & set(other)) / len(together) if together else 0.0
