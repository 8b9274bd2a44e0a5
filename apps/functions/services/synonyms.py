"""Curation of synonyms: every change of a group goes through here, and search has it with its next look for edits."""

from collections.abc import Sequence

from django.db import transaction

from apps.core.errors import InvalidInput
from apps.functions.models import SynonymGroup
from apps.functions.search.tokens import analyse, is_stop_word, tokenize

FEWEST_WORDS, MOST_WORDS = 2, 20
MAX_WORD = 60
MAX_NOTE = 300


def save_group(
    *, group: SynonymGroup | None, words: Sequence[str], note: str = "", enabled: bool = True, user_id: int | None
) -> SynonymGroup:
    """Changes a group, or makes one of None. Raises InvalidInput naming words or note, and changes nothing then."""
    checked = check_words(words)
    if len(note) > MAX_NOTE:
        raise InvalidInput({"note": f"is longer than {MAX_NOTE} characters"})
    group = group or SynonymGroup()
    group.words, group.note, group.enabled, group.changed_by_id = checked, note, enabled, user_id
    group.save()
    return group


def remove_group(*, group: SynonymGroup) -> None:
    group.delete()


@transaction.atomic
def add_synonym(*, word: str, synonym: str, user_id: int | None) -> SynonymGroup:
    """Lets `word` find `synonym` too: in the enabled group that has the word and room, or in a new one.

    Raises InvalidInput naming words.
    """
    pair = check_words([word, synonym])
    groups = SynonymGroup.objects.select_for_update().enabled().order_by("pk")
    known = list(groups.filter(words__contains=pair[:1]))
    for group in known:
        if pair[1] in group.words:
            return group
    for group in known:
        if len(group.words) < MOST_WORDS:
            return save_group(group=group, words=[*group.words, pair[1]], note=group.note, user_id=user_id)
    return save_group(group=None, words=pair, user_id=user_id)


def check_words(words: Sequence[str]) -> list[str]:
    """The different words in lower case, in their order. Raises InvalidInput naming words."""
    folded = list(dict.fromkeys(" ".join(word.split()).lower() for word in words if word.strip()))
    reasons = (reason for word in folded if (reason := refuse_word(word)))
    if reason := next(reasons, ""):
        raise InvalidInput({"words": reason})
    if not FEWEST_WORDS <= len(folded) <= MOST_WORDS:
        raise InvalidInput({"words": f"must be {FEWEST_WORDS} to {MOST_WORDS} different ones, not {len(folded)}"})
    if len({term for word in folded for term in analyse(word)}) == 1:
        raise InvalidInput({"words": "are one and the same word to search, which goes by stems"})
    return folded


def refuse_word(word: str) -> str:
    """Why a word in lower case cannot be in a group; empty when it can."""
    if len(word) > MAX_WORD:
        return f"must have at most {MAX_WORD} characters each: “{word[:20]}…” has {len(word)}"
    tokens = tokenize(word)
    if len(tokens) != 1 or tokens[0].word != word:
        return f"must be one word each: “{word}” is not to search"
    return f"must say something by themselves: search passes over “{word}”" if is_stop_word(word) else ""
