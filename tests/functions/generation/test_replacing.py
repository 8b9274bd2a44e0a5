from random import Random

import pytest

from apps.functions.generation.answers import AnswerIndex
from apps.functions.generation.drafts import Material
from apps.functions.generation.replacing import find_others, is_word, misspell, replace_synonyms
from apps.functions.generation.requests import Request
from apps.functions.generation.subjects import Subject
from apps.functions.search.tokens import analyse

pytestmark = pytest.mark.unit

SUBJECT = Subject(key="lib/sort_list", name="sort_list", language="python", description="Sort a list of numbers.")


@pytest.fixture
def material():
    return Material(SUBJECT, 0, AnswerIndex([SUBJECT]))


def test_a_request_is_said_in_other_words(material):
    drafts = [
        draft
        for seed in range(20)
        for draft in replace_synonyms(material, Request("sort", "list of numbers"), Random(seed))
    ]
    queries = {draft.query for draft in drafts}
    assert "order list of numbers" in queries
    assert "sort array of numbers" in queries
    assert "order array of numbers" in queries
    assert all(any("sort" in slot for slot in draft.slots) for draft in drafts)
    assert not any("sorted" in query for query in queries)


def test_a_long_request_keeps_its_words(material):
    assert list(replace_synonyms(material, Request("sort", "one two three four five six seven"), Random(1))) == []


def test_verbs_are_replaced_by_verbs_and_things_by_things():
    assert find_others("order", is_verb=True) == ["sort"]
    assert find_others("order", is_verb=False) == []
    assert find_others("lists", is_verb=False) == ["arrays"]
    assert "folders" in find_others("directories", is_verb=False)
    assert "directories" in find_others("folders", is_verb=False)
    assert "directory" in find_others("folder", is_verb=False)


def test_a_slip_makes_no_word_of_the_catalogue(material):
    draft = material.draft(Request("sort", "list of numbers"), "sort list of numbers")
    wrong = [slipped for seed in range(50) for slipped in misspell(material, draft, Random(seed))]
    assert wrong
    for slipped in wrong:
        (changed,) = set(slipped.query.split()) - set(draft.query.split())
        assert not set(analyse(changed)) & set(analyse("sort list of numbers"))
        assert slipped.slots == draft.slots
        assert slipped.query.split()[:3] == ["sort", "list", "of"]


def test_plurals_and_synonyms_are_words(material):
    assert is_word(material, "number")
    assert is_word(material, "arrays")
    assert not is_word(material, "nubmer")
