"""The kinds of failure of a search, most telling first, and what to do about each."""

from collections.abc import Mapping
from types import MappingProxyType

from apps.core.targets.types import Cause

CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "error": Cause(
            "The search failed",
            "The message says what went wrong. Repair it and run the cases again: they say nothing about quality.",
        ),
        "should_abstain": Cause(
            "Answered, though nothing is to be found",
            "Look at what was answered: if it is right after all, accept it. If many are wrong, the threshold for "
            "answering is too low.",
        ),
        "not_in_index": Cause(
            "The right answer cannot be found",
            "Publish the function, wait for the index, or correct the case: it asks for what is not there.",
        ),
        "wrong_language": Cause(
            "Another programming language",
            "Accept the answer if its language does as well; else let the query or the filter name the right one.",
        ),
        "abstained": Cause(
            "Right, but not sure enough to answer",
            "Give the function the query's words, as keywords or in its description: the match is clearer then.",
        ),
        "near_duplicate": Cause(
            "Nearly the same function came first",
            "Accept it as a right answer too, or merge the two: retire one in favour of the other.",
        ),
        "synonym_missed": Cause(
            "A word for which the function has another",
            "Make the two words synonyms, which helps all queries, or give the function the word as a keyword.",
        ),
        "typo": Cause(
            "A word that is misspelt",
            "Search corrects no words: meaning has to carry these. Add the misspelling as a keyword if many write it.",
        ),
        "ranked_2_to_5": Cause(
            "Ranked 2nd to 5th",
            "Compare it with what came first: what the query says belongs into the description or the keywords.",
        ),
        "ranked_6_to_10": Cause(
            "Ranked 6th to 10th",
            "The function is known by other words than people use: rewrite its description, or add keywords.",
        ),
        "not_found": Cause(
            "Not among the first ten",
            "They have hardly a word in common: describe the function, or check whether the case is right.",
        ),
    }
)
