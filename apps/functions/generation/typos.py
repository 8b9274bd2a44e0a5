"""Words as fast fingers type them: one slip in one word."""

from random import Random

from apps.functions.generation.vocabulary import NEIGHBOURS

MIN_LETTERS = 5


def can_slip(word: str) -> bool:
    return len(word) >= MIN_LETTERS and word.isascii() and word.isalpha() and word.islower()


def slip(word: str, rng: Random) -> str:
    """The word with two letters swapped, one dropped, doubled, or hit beside its key; the first letter stays.

    May give the word itself, where the letters swapped are alike. Raises IndexError for a word without two letters.
    """
    place = rng.randrange(1, len(word))
    kind = rng.randrange(4)
    if kind == 0:
        place = min(place, len(word) - 2) or 1
        return word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    return word[:place] + rng.choice(NEIGHBOURS[word[place]]) + word[place + 1 :]
