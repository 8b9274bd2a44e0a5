import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.names import MAX_KEY, key_of_query, keys_of_name, looks_like_identifier, name_key

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "query",
    [
        "parse_date",
        "parseDate",
        "ParseDate",
        "parse date",
        "Parse Date",
        "PARSE-DATE",
        "parse_date()",
        "parse_date(a, b);",
    ],
)
def test_all_spellings_ask_for_one_function(query):
    assert key_of_query(query) in keys_of_name("parse_date")


@pytest.mark.parametrize(
    "query", ["decode", "Decoder.decode", "decoder decode", "json.Decoder.decode", "Decoder::decode"]
)
def test_ends_of_a_dotted_name_find_it(query):
    assert key_of_query(query) in keys_of_name("Decoder.decode", "json")


def test_other_names_do_not():
    assert key_of_query("decoder") not in keys_of_name("Decoder.decode", "json")
    assert key_of_query("") not in keys_of_name("decode")
    assert keys_of_name("") == keys_of_name("__") == ()


@pytest.mark.parametrize("text", ["parse_date", "parseDate", "json.loads", "loads()", "Vec::new"])
def test_code_looks_like_code(text):
    assert looks_like_identifier(text)


@pytest.mark.parametrize("text", ["sort", "parse date", "Sort", "read a.b file", "", "  "])
def test_words_do_not(text):
    assert not looks_like_identifier(text)


@settings(deadline=None)
@given(st.text(max_size=2_000))
def test_keys_are_short_and_any_text_is_fine(text):
    assert len(name_key(text)) <= MAX_KEY
    assert all(0 < len(key) <= MAX_KEY for key in keys_of_name(text, text))
    assert isinstance(looks_like_identifier(text), bool)
    assert key_of_query(text * 50) == key_of_query(text * 50)
