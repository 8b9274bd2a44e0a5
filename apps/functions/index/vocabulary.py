"""The words that functions are described with, as they are written: what a misspelled word is looked for among."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.functions.index.arrays import (
    SortedStrings,
    hash_strings,
    open_array,
    open_strings,
    write_array,
    write_strings,
)
from apps.functions.search.documents import Document
from apps.functions.search.spelling import Reading, can_be_read, count_slips, forgiven_slips, letters_of
from apps.functions.search.tokens import split_identifier


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """w words in order, the letters that each has (see `spelling.letters_of`), and how many functions have it."""

    words: SortedStrings
    letters: NDArray[np.uint32]
    frequency: NDArray[np.int32]

    def find_readings(self, word: str) -> Iterator[Reading]:
        """The words that are few slips from one in lower case; the first letter counts as right, or as swapped."""
        most, letters = forgiven_slips(word), np.uint32(letters_of(word))
        for first in dict.fromkeys((word[0], word[1])):
            start, end = self._range(first)
            different = np.bitwise_count(self.letters[start:end] ^ letters)
            for place in (start + np.flatnonzero(different <= 2 * most)).tolist():
                other = self.words[place]
                if first != word[0] and other[1:2] != word[0]:
                    continue
                slips = count_slips(word, other, most)
                if slips <= most:
                    yield Reading(other, slips, int(self.frequency[place]))

    def _range(self, first: str) -> tuple[int, int]:
        """Where the words with this first letter are."""
        return self.words.lower_bound(first), self.words.lower_bound(chr(ord(first) + 1))


def words_of_document(document: Document) -> set[str]:
    """The words with which it is described."""
    telling = (document.name, document.signature, document.description, document.action, document.data_type)
    text = " ".join((*telling, *document.keywords))
    return {word for word in split_identifier(text) if can_be_read(word)}


def make_vocabulary(frequency: Mapping[str, int]) -> Vocabulary:
    words = sorted(frequency)
    strings = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, strings)], dtype=np.int64)
    found = SortedStrings(np.frombuffer(b"".join(strings), dtype=np.uint8), offsets, hash_strings(strings))
    return Vocabulary(found, _letters(words), _frequency(frequency, words))


def write_vocabulary(folder: Path, frequency: Mapping[str, int]) -> None:
    words = sorted(frequency)
    write_strings(folder, "words", [word.encode() for word in words])
    write_array(folder / "word_letters.npy", _letters(words))
    write_array(folder / "word_frequency.npy", _frequency(frequency, words))


def open_vocabulary(folder: Path) -> Vocabulary:
    return Vocabulary(
        open_strings(folder, "words"),
        open_array(folder / "word_letters.npy"),
        open_array(folder / "word_frequency.npy"),
    )


def count_words(documents: Iterable[Document]) -> Counter[str]:
    """In how many of the documents each word is."""
    return Counter(word for document in documents for word in words_of_document(document))


def _letters(words: list[str]) -> NDArray[np.uint32]:
    return np.array([letters_of(word) for word in words], dtype=np.uint32)


def _frequency(frequency: Mapping[str, int], words: list[str]) -> NDArray[np.int32]:
    return np.array([frequency[word] for word in words], dtype=np.int32)
