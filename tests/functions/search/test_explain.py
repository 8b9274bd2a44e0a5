import pytest

from apps.functions.search.bm25 import FIELDS
from apps.functions.search.explain import Match, explain_lead, explain_match, explain_readings, matched_words

pytestmark = pytest.mark.unit


def bits(*fields: str) -> int:
    return sum(1 << FIELDS.index(field) for field in fields)


def test_a_word_is_named_where_it_says_most():
    matches = [
        Match("parse", bits("name", "body")),
        Match("date", bits("name", "description")),
        Match("text", bits("description", "body")),
        Match("split", bits("identifiers", "body")),
        Match("time", bits("keywords")),
    ]
    assert explain_match(matches, 0.714) == (
        "name matches ‘parse’, ‘date’; keywords matches ‘time’; description matches ‘text’; "
        "body matches ‘split’; meaning 0.71"
    )


def test_without_words_there_is_the_meaning():
    assert explain_match([], 0.5) == "meaning 0.50"
    assert explain_match([], -0.1) == "meaning 0.00"
    assert explain_match([], None) == ""
    assert explain_match([Match("x", bits("name"))], None) == "name matches ‘x’"


def test_many_words_are_counted():
    matches = [Match(word, bits("body")) for word in "abcdef"]
    assert explain_match(matches, None) == "body matches ‘a’, ‘b’, ‘c’, ‘d’ and 2 more"


def test_words_come_as_the_user_wrote_them_once():
    matches = [Match("CSV", 1), Match("files", 2), Match("csv", 4)]
    assert matched_words(matches) == ("CSV", "files")


def test_what_puts_it_before_the_next_is_said():
    both, one = ["reverse", "String"], ["reverse"]
    assert explain_lead(both, one, 0.5, 0.9) == "the next lacks ‘String’"
    assert explain_lead(one, both, 0.9, 0.5) == "the next is further in meaning (0.50)"
    assert explain_lead(one, one, None, None) == explain_lead(one, both, 0.5, 0.9) == ""


def test_a_word_read_as_another_is_said():
    assert explain_readings([("arry", "array")]) == "‘arry’ read as ‘array’"
    assert explain_readings([]) == ""
