import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.functions.search.documents import MAX_TEXT, Document, embedding_text, first_paragraph

pytestmark = pytest.mark.unit


def text_of(**data) -> str:
    return embedding_text(Document(**{"id": 1, "name": "Reader.readRows", **data}))


def test_name_then_meaning_then_code():
    assert text_of(description="Read the rows.\n\nMore.", code="def f():\n    pass") == (
        "reader read rows. Read the rows.\ndef f(): pass"
    )


def test_keywords_stand_for_a_description_that_is_missing():
    assert text_of(keywords=("csv", "table  rows"), code="f()") == "reader read rows. csv, table rows\nf()"
    assert text_of(description="Read.", keywords=("csv",), code="f()") == "reader read rows. Read.\nf()"


def test_a_description_in_the_code_is_not_repeated():
    code = 'def f():\n    """Read the rows\n    of a file."""'
    assert text_of(description="Read the rows of a file.", code=code) == (
        'reader read rows\ndef f(): """Read the rows of a file."""'
    )


def test_without_code_the_signature_and_the_whole_paragraph_count():
    long = "word " * 60
    assert text_of(description=long, signature="readRows(path)").startswith("reader read rows. " + long.strip())
    assert text_of(signature="readRows(path)") == "reader read rows\nreadRows(path)"


def test_ids_and_popularity_do_not_change_the_text():
    one, other = (Document(id=n, name="f", code="x", popularity=n, library=str(n)) for n in (1, 2))
    assert embedding_text(one) == embedding_text(other)


@pytest.mark.parametrize(
    "description",
    [
        "Read it.\n\nSlowly.",
        "Read it.\n:param x: y",
        "Read it.\n  Args:\n  x",
        "Read it.\n@param x",
        "Read\n it.\n>>> f()",
    ],
)
def test_a_description_ends_where_its_details_begin(description):
    assert first_paragraph(description) == "Read it."


@settings(deadline=None)
@given(st.text(max_size=3_000), st.text(max_size=3_000), st.text(max_size=3_000))
def test_it_is_short_whatever_comes(name, description, code):
    text = embedding_text(Document(id=1, name=name, description=description, code=code))
    assert len(text) <= MAX_TEXT
