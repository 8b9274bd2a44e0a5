"""What a question says, read once: its words and how rare they are, numbers, negations, names and quoted strings."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from apps.inference.semantic.forms import NO_NAMES, ORDINALS, ROMAN_NUMBERS, read_word, unify

if TYPE_CHECKING:
    from apps.inference.semantic.vocabulary import Pieces, Vocabulary

FIRST_WORD, LAST_WORD = 1_996, 30_522
"""Where words begin and end in the embedding model's vocabulary; before them are marks and letters."""

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,]\d+)*")
_QUOTED = re.compile(r'"+([^"]+)"+|“([^”]+)”|«([^»]+)»|`([^`]+)`|(?<!\w)\'([^\']+)\'(?!\w)')
_SENTENCE_END = re.compile(r"[.?!:]\W*$")

_FUNCTION_WORDS = (
    "a an the is are was were be been being am do does did doing have has had having i me my we our us you "
    "your he him his she her it its they them their this that these those of in on at by to for from with "
    "about as into and or but if then so than too very can could will would shall should may might must s t "
    "d ll re ve m"
)
_NEGATIONS = "not no never without cannot none nobody nothing neither nor hardly dont cant wont"
_COUNTING = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)

FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
QUESTION_WORDS = frozenset(["what", "why", "how", "who", "whom", "whose", "where", "when", "which"])
NEGATIONS = frozenset(_NEGATIONS.split())
NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTING.split()) if word != "one"} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "hundred": "100",
    "thousand": "1000",
}
"""Without "one", which is a pronoun more often than a number."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text as the gate and the features read it.

    `words` are lower case, `stems` go with them; `content` has the rarity (0 to 1) of each stem that is no function or
    question word. `numbers` stand in their order. `names` are capitalised where a sentence does not begin; `known` is
    every word and stem, to find a name that the other text writes small. `quoted` are the words of each quoted string.
    `pieces` are those of the whole text as the embedding model reads it.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    content: Mapping[str, float]
    numbers: tuple[str, ...]
    negations: int
    names: frozenset[str]
    known: frozenset[str]
    quoted: frozenset[str]
    pieces: "Pieces" = field(compare=False, repr=False)


def read_question(text: str, vocabulary: "Vocabulary") -> Question:
    plain = unify(text)
    tokens = list(_TOKEN.finditer(plain))
    words = tuple(read_word(token[0]) for token in tokens)
    stems = tuple(map(find_stem, words))
    content = {
        stem: measure_rarity(word, vocabulary.numbers)
        for word, stem in zip(words, stems, strict=True)
        if not is_small(word)
    }
    return Question(
        text=text,
        words=words,
        stems=stems,
        content=content,
        numbers=tuple(number for token in tokens if (number := read_number(token[0]))),
        negations=sum(word in NEGATIONS or word.endswith("n't") for word in words),
        names=find_names(plain, tokens),
        known=frozenset((*words, *stems)),
        quoted=frozenset(read_words("".join(found)) for found in _QUOTED.findall(plain)),
        pieces=vocabulary.read_pieces(text),
    )


def is_small(word: str) -> bool:
    """Whether it is a function or question word."""
    return word in FUNCTION_WORDS or word in QUESTION_WORDS


def read_words(text: str) -> str:
    return " ".join(map(read_word, _TOKEN.findall(text)))


def measure_rarity(word: str, numbers: Mapping[str, int]) -> float:
    """0 for the most frequent word, 1 for one that the model has only in pieces; between them by the logarithm.

    `numbers` are those of the vocabulary, which has the frequent ones first.
    """
    number = numbers.get(word)
    if number is None:
        return 1.0
    return min(1.0, math.log(max(number - FIRST_WORD, 1)) / math.log(LAST_WORD - FIRST_WORD))


def read_number(token: str) -> str:
    """A number as it is compared, without thousands' commas and noughts that say nothing; empty for a word."""
    if not token[0].isdigit():
        word = token.lower()
        return ROMAN_NUMBERS.get(token) or ORDINALS.get(word) or NUMBER_WORDS.get(word, "")
    whole, _, part = token.replace(",", "").partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + ("." + part if part else "")


def find_names(text: str, tokens: list[re.Match[str]]) -> frozenset[str]:
    """Capitalised words, in small letters, but for those that begin a sentence. None where nearly every word is one."""
    capitals = [token[0][0].isupper() for token in tokens]
    if sum(capitals) > 0.7 * len(tokens) and len(tokens) > 2:
        return frozenset()
    names = set()
    for before, token, capital in zip([None, *tokens], tokens, capitals, strict=False):
        gap = text[before.end() : token.start()] if before else "."
        if capital and not _SENTENCE_END.search(gap) and is_name(token[0]):
            names.add(find_stem(read_word(token[0])))
    return frozenset(names)


def is_name(token: str) -> bool:
    """Of a capitalised word: whether it is more than a small word, a number or a title."""
    word = token.lower()
    return not (is_small(word.split("'")[0]) or word in NO_NAMES or token in ROMAN_NUMBERS)


@lru_cache(maxsize=20_000)
def find_stem(word: str) -> str:
    """A light stem: plural, possessive, -ing, -ed and a last e are taken off."""
    if len(word) > 3 and word.endswith("'s"):
        word = word[:-2]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        word = word[:-3]
        return word[:-1] if word[-1] == word[-2] and word[-1] not in "lsz" else word
    if len(word) > 4 and word.endswith("ed"):
        return word[:-2]
    if len(word) > 4 and word.endswith("es"):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word
