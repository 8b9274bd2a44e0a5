import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.generation.spellings import name_with_owner, owner_of, spell_name, words_of_name
from apps.functions.search.names import name_key

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "words"),
    [("parseHTTPDate", ["parse", "http", "date"]), ("utf8_decode", ["utf8", "decode"]), ("__x__", ["x"]), ("", [])],
)
def test_a_number_stays_with_its_word(name, words):
    assert words_of_name(name) == words


def test_a_name_is_spelled_as_other_languages_do():
    assert set(spell_name("parse_http_date")) == {
        "parseHttpDate",
        "ParseHttpDate",
        "parse-http-date",
        "parse http date",
    }
    assert set(spell_name("ParseDate")) == {"parse_date", "parse-date", "parse date"}
    assert spell_name("") == []


@given(st.from_regex(r"[A-Za-z_]{1,12}[0-9]?[A-Za-z_]{0,12}", fullmatch=True))
def test_every_spelling_is_the_same_name(name):
    assert all(name_key(spelling) == name_key(name) for spelling in spell_name(name))


@pytest.mark.parametrize(
    ("qualified_name", "language", "owner", "written"),
    [
        ("File.open", "python", "File", "File.open"),
        ("fs.File.open", "rust", "File", "File::open"),
        ("HashMap.From<Vec>.from", "rust", "", None),
        ("open", "go", "", None),
        ("_File.open", "python", "", None),
        ("runInContext.bind", "javascript", "", None),
        ("conn.read", "go", "", None),
        ("deque.append", "python", "deque", "deque.append"),
    ],
)
def test_a_function_is_named_with_a_public_owner(qualified_name, language, owner, written):
    assert owner_of(qualified_name, language) == owner
    assert name_with_owner(qualified_name, language) == written
