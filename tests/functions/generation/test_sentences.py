import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.generation.sentences import MAX_CHARACTERS, MAX_WORDS, first_sentence

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ("Parse a date from a string.", "parse a date from a string"),
        ("Parse a date.\nFrom a string. The rest.", "parse a date"),
        ("Open `path` for *binary* reading.\n\n:param path: a path", "open path for binary reading"),
        ("Returns the {@link HttpClient#send request} of {@code this}", "returns the http client send request of this"),
        ("Returns the <b>largest</b> value of [`Slice`](struct.Slice.html).", "returns the largest value of slice"),
        ("Create a :class:`LogRecord` from the arguments", "create a log record from the arguments"),
        ("Create an archive file (eg. zip or tar).", "create an archive file"),
        ("Return the version, e.g. 3.11 on Linux.", "return the version"),
        ("Given a list of names, returns the longest one.", "returns the longest one"),
        ("Automatically closes the file afterwards", "closes the file afterwards"),
        ("Löscht die Datei von der Platte.", "löscht die datei von der platte"),
    ],
)
def test_the_first_sentence_is_typed_plainly(description, sentence):
    assert first_sentence(description, "some_name") == sentence


@pytest.mark.parametrize(
    ("description", "name", "sentence"),
    [
        ("ToLower maps the rune to lower case.", "ToLower", "maps the rune to lower case"),
        ("splitpasswd('user:passwd') -> 'user', 'passwd'. Split it.", "splitpasswd", ""),
        ("make_key(name, size): Make a key of that size.", "make_key", "make a key of that size"),
        ("Read up to three bytes", "read", "read up to three bytes"),
        ("Compare the two numbers", "compare", "compare the two numbers"),
    ],
)
def test_a_description_that_begins_with_its_own_name_goes_on_after_it(description, name, sentence):
    assert first_sentence(description, name) == sentence


@pytest.mark.parametrize(
    "description",
    [
        "",
        "Deprecated: use the other one.",
        "TODO write this down",
        "This method is like `_.tap` except that it returns the result.",
        "Same as a + b.",
        "The stream is closed by the caller.",
        "See https://example.org/page for more of it",
        "Compare self to the other one",
        "a = b + c",
        "Two words",
    ],
)
def test_what_nobody_would_type_is_no_sentence(description):
    assert first_sentence(description, "some_name") == ""


def test_a_long_sentence_is_cut_where_a_clause_ends():
    long = (
        "Convert a sequence of bytes in some encoding to text, replacing whatever cannot be decoded by "
        "question marks unless the caller says otherwise"
    )
    assert first_sentence(long, "f") == "convert a sequence of bytes in some encoding to text"


def test_a_long_clause_is_cut_before_a_preposition():
    long = (
        "Convert a very long sequence of arbitrary binary bytes with surrogates to a string of readable printable text"
    )
    assert first_sentence(long, "f") == "convert a very long sequence of arbitrary binary bytes with surrogates"


@given(st.text(max_size=300), st.text(max_size=10))
def test_any_text_gives_a_short_line_or_nothing(description, name):
    sentence = first_sentence(description, name)
    assert len(sentence) <= MAX_CHARACTERS
    assert len(sentence.split()) <= MAX_WORDS
    assert sentence == " ".join(sentence.split())
