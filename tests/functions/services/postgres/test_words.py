import pytest

from apps.functions.search.query import parse_query
from apps.functions.services.postgres.words import COMMON, COMMON_ALONE, plan_few_words, plan_words, quote_term

pytestmark = pytest.mark.unit

KNOWN = {"sort": 40, "list": 90_000, "number": 500, "order": 700}
GROUPS = (("sort", "order"),)


def plan(text: str) -> list[str]:
    return plan_words(parse_query(text, groups=GROUPS), lambda term: KNOWN.get(term, 0))


def test_what_has_all_words_comes_first_then_what_has_the_rarest():
    levels = plan("sort list numbers")
    assert levels[0] == "'sort' & 'number' & 'list'"
    assert levels[1].startswith("(('sort' | 'order') & 'number' & 'list') & !(")
    assert levels[-1].startswith("('list') & !(")


def test_no_level_finds_what_an_earlier_one_found():
    levels = plan("sort list numbers")
    assert all("& !(" in level for level in levels[1:])


def test_words_that_nothing_has_are_left_out():
    assert plan("list zzz") == ["'list'"]
    assert plan("zzz") == []
    assert plan("") == []


def test_beside_meaning_a_few_by_the_rarest_own_words():
    query = parse_query("sort list numbers", groups=GROUPS)
    levels = plan_few_words(query, lambda term: KNOWN.get(term, 0))
    assert levels == ["'sort' & 'number' & 'list'", "'sort' & 'number'", "'sort'"]


def test_beside_meaning_common_words_are_left_to_it():
    query = parse_query("list sort", groups=GROUPS)
    assert plan_few_words(query, lambda term: COMMON + 1) == []
    assert plan_few_words(query, lambda term: COMMON) == ["'list' & 'sort'"]
    assert plan_few_words(query, lambda term: COMMON_ALONE - 1) == ["'list' & 'sort'", "'list'"]
    assert plan_few_words(parse_query("list", groups=GROUPS), lambda term: COMMON_ALONE) == []


def test_terms_are_quoted():
    assert quote_term("it's \\") == "'it''s \\\\'"
