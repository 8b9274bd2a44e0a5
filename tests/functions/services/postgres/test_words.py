import pytest

from apps.functions.search.query import parse_query
from apps.functions.services.postgres.words import COMMON, plan_words, quote_term

pytestmark = pytest.mark.unit

KNOWN = {"sort": 40, "list": 90_000, "number": 500, "order": 700}
GROUPS = (("sort", "order"),)


def plan(text: str, **options) -> list[str]:
    return plan_words(parse_query(text, groups=GROUPS), lambda term: KNOWN.get(term, 0), **options)


def test_what_has_all_words_comes_first_then_what_has_the_rarest():
    levels = plan("sort list numbers")
    assert levels[0] == "'number' & 'sort' & 'list'"
    assert levels[1].startswith("('number' & ('sort' | 'order') & 'list') & !(")
    assert levels[-1].startswith("('list') & !(")


def test_no_level_finds_what_an_earlier_one_found():
    levels = plan("sort list numbers")
    assert all("& !(" in level for level in levels[1:])


def test_words_that_nothing_has_are_left_out():
    assert plan("list zzz") == ["'list'"]
    assert plan("zzz") == []
    assert plan("") == []


def test_too_common_words_are_not_looked_up_alone():
    KNOWN["list"] = COMMON + 1
    try:
        assert plan("list") == []
        assert plan("list", most=None) == ["'list'"]
        assert not any(level.startswith("('list') &") for level in plan("list numbers"))
    finally:
        KNOWN["list"] = 90_000


def test_terms_are_quoted():
    assert quote_term("it's \\") == "'it''s \\\\'"
