import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.extraction import comments

pytestmark = pytest.mark.unit

READERS = [comments.read_javadoc, comments.read_xml_doc, comments.read_rust_doc, comments.read_go_doc]


def test_tidy_takes_away_what_is_only_layout():
    assert comments.tidy("  First.\n\n\n\n      Second.\n        Third.\n  ") == "First.\n\nSecond.\n  Third."


def test_long_documentation_is_cut():
    assert comments.tidy("x" * 50_000) == "x" * comments.MAX_DOC + "…"


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("/** One. */", "One."),
        ("/**\n * One.\n *\n *   Two.\n */", "One.\n\n  Two."),
        ("/**\n One.\n   Two.\n*/", "One.\n  Two."),
        ("/**\n * **Bold** and * star.\n */", "**Bold** and * star."),
        ("/** @param a */", "a"),
        ("/** @param {string} a - The a. */", "a: The a."),
        ("/** @returns */", ""),
        ("/** @return the a. */", "Returns the a."),
        ("/** @throws {Error} when bad */", "Throws when: bad"),
        ("/** @deprecated Use b. */", "Deprecated: Use b."),
        ("/** @author Somebody */", ""),
        ("/** a@b.c stays */", "a@b.c stays"),
        ("/** {@code x < y} {@link Foo} {@link Foo#bar} {@link Foo|label} */", "x < y Foo Foo.bar label"),
        ("/** @license MIT */", ""),
        ("/* Not doc. */", ""),
        ("/*** Ruler ***/", ""),
        ("/**/", ""),
        ("// Line.", ""),
    ],
)
def test_javadoc(comment, text):
    assert comments.read_javadoc([comment]) == text


def test_only_the_last_javadoc_counts():
    assert comments.read_javadoc(["/** Old. */", "/** New. */"]) == "New."
    assert comments.read_javadoc(["/** Old. */", "// x"]) == ""


def test_xml_takes_the_lines_right_above():
    lines = ["// Copyright", "/// <summary>It is</summary>", '/// <exception cref="T:E">if bad</exception>']
    assert comments.read_xml_doc(lines) == "It is\nE: if bad"
    assert comments.read_xml_doc(["/** <summary>Block.</summary> */"]) == "Block."
    assert comments.read_xml_doc(["/// <inheritdoc/>"]) == ""
    assert comments.read_xml_doc(["// Plain."]) == ""


def test_rust_takes_outer_documentation_only():
    assert comments.read_rust_doc(["/// One", "// not", "//// not", "/** Two */"]) == "One\nTwo"


def test_go_takes_comments_without_directives():
    assert (
        comments.read_go_doc(["// A does.", "//", "// More: x.", "//go:embed a", "//nolint:all"])
        == "A does.\n\nMore: x."
    )


@pytest.mark.parametrize("reader", READERS)
@given(texts=st.lists(st.text(st.sampled_from("/* @<>{}\"'=\n\tabc&;!|#param")), max_size=5))
def test_no_comment_breaks_a_reader(reader, texts):
    assert isinstance(reader(["/**" + text + "*/" for text in texts]), str)
    assert isinstance(reader(["///" + text for text in texts]), str)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("unit", ["<", "{", "{@", "<see ", '<param name="', "@a\n", "*\n", "&", "<p ", "\n "])
def test_hostile_comments_are_read_in_linear_time(reader, unit):
    """Quadratic time would show: these are half a million characters."""
    text = unit * (500_000 // len(unit))
    assert len(reader(["/**" + text + "*/"])) <= comments.MAX_DOC + 1
