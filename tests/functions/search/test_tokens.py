import string
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.tokens import (
    MAX_TOKENS,
    MAX_WORD,
    analyse,
    is_stop_word,
    replace_parts,
    split_identifier,
    terms_of,
    tokenize,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parse_date", ["parse", "date"]),
        ("parseDate", ["parse", "date"]),
        ("HTTPServer", ["http", "server"]),
        ("getHTTPResponseCode", ["get", "http", "response", "code"]),
        ("__init__", ["init"]),
        ("sha256", ["sha", "256"]),
        ("JSONDecoder.raw_decode", ["json", "decoder", "raw", "decode"]),
        ("SCREAMING_CASE_2", ["screaming", "case", "2"]),
        ("größeÄndern", ["größe", "ändern"]),
        ("", []),
        ("__", []),
    ],
)
def test_identifiers_are_split(name, words):
    assert split_identifier(name) == words


@pytest.mark.parametrize("spelling", ["utf8", "utf-8", "UTF8", "Utf-8"])
def test_spellings_of_one_thing_share_a_term(spelling):
    assert "utf8" in analyse(spelling)


@pytest.mark.parametrize("spelling", ["parseDates", "parse_dates", "ParseDates"])
def test_a_name_is_found_whole_and_in_parts(spelling):
    assert {"pars", "date", "parsed"} <= set(analyse(spelling))


def test_words_are_reduced_to_stems():
    assert analyse("Sorting sorted sorts") == ["sort"] * 3


@pytest.mark.parametrize("name", ["c#", "C#", "c++", "f#"])
def test_languages_with_signs_are_words(name):
    assert analyse(f"read {name} file") == ["read", name.lower(), "file"]


def test_stop_words_are_left_out_of_terms_only():
    assert analyse("How do I read the file") == ["read", "file"]
    assert [token.word for token in tokenize("the file")] == ["the", "file"]
    assert is_stop_word("The")


@pytest.mark.parametrize("letter", ["x", "_", "9", "é", "aB"])
def test_a_huge_word_is_cut(letter):
    terms = analyse(letter * 1_000_000)
    assert len(terms) <= 2 * MAX_WORD
    assert all(len(term) <= MAX_WORD for term in terms)


def test_a_huge_text_is_cut():
    assert len(analyse("some_name " * 1_000_000)) <= MAX_TOKENS


def test_threads_have_their_own_stemmers():
    found = []
    threads = [threading.Thread(target=lambda n=n: found.append(analyse(f"word{n} walking"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(["word", str(n), f"word{n}", "walk"] for n in range(8))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_fine(text):
    terms = analyse(text)
    assert terms == analyse(text)
    assert all(term and not any(char.isspace() for char in term) for term in terms)


@settings(deadline=None)
@given(st.lists(st.text(string.ascii_lowercase, min_size=2, max_size=8), min_size=1, max_size=5))
def test_all_styles_of_a_name_split_alike(words):
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    assert split_identifier("_".join(words)) == words
    assert split_identifier(camel) == words
    assert split_identifier("-".join(words)) == words


@settings(deadline=None)
@given(st.text(max_size=100), st.text(max_size=100))
def test_texts_apart_by_a_blank_line_add_up(left, right):
    assert analyse(f"{left}\n\n{right}") == analyse(left) + analyse(right)


@settings(deadline=None)
@given(st.lists(st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=2 * MAX_WORD)), st.booleans())
def test_the_term_of_a_word_is_that_of_the_whole(words, foreign):
    words += ["größen"] * foreign
    assert terms_of(words) == [tokenize(word)[-1].term for word in words]


def test_parts_of_words_are_replaced_where_they_are_whole():
    assert replace_parts("clik onclik, onClik", {"clik": "click", "Clik": "Click"}) == "click onclik, onClick"


@settings(deadline=None)
@given(st.text(string.ascii_letters + string.digits + "  éßıſ名²"))
def test_plain_text_is_read_as_any_other(text):
    assert tokenize(text) == tokenize(f"{text} .")
