import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.functions.languages import RECORD_LANGUAGES
from apps.functions.rendering import (
    HIGHLIGHT_CHARS,
    LONGEST_LINE,
    breakable,
    emphasise,
    name_language,
    reflow,
    render_code,
    render_diff,
    split_code,
)

pytestmark = pytest.mark.unit

TAG = re.compile(r"<[^>]*>")
ALLOWED_TAG = re.compile(r'</?span(?: class="[a-z0-9 ]*")?(?: data-line="\d+")?>|</?mark>')
PRINTABLE = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cc"]) | st.just("\n"))


def text_of(rendered: str) -> str:
    return html.unescape(TAG.sub("", rendered))


class TestCode:
    def test_keywords_get_their_class(self):
        assert '<span class="k">def</span>' in render_code("def f(): pass", "python").head

    def test_lines_are_numbered_from_where_they_are(self):
        head = render_code("a = 1\nb = 2", "python", first_line=41).head
        assert re.findall(r'data-line="(\d+)"', head) == ["41", "42"]

    def test_hostile_code_is_text(self):
        head = render_code("</code><script>alert('x')</script>&", "javascript").head
        assert "<script" not in head
        assert text_of(head) == "</code><script>alert('x')</script>&"

    @pytest.mark.parametrize("language", RECORD_LANGUAGES)
    def test_every_language_can_be_shown(self, language):
        assert text_of(render_code("x = 1\n\ny = 'é'\n", language).head) == "x = 1\n\ny = 'é'\n"

    @given(PRINTABLE, st.sampled_from(["python", "go", "klingon"]))
    def test_what_is_copied_from_the_page_is_the_code(self, code, language):
        head = render_code(code, language).head
        assert text_of(head) == code
        assert all(ALLOWED_TAG.fullmatch(tag) for tag in TAG.findall(head))

    def test_large_code_is_coloured_at_its_start_only(self):
        line = "value = compute(1)\n"
        view = render_code(line * 50_000, "python")
        assert len(view.head) < 20 * HIGHLIGHT_CHARS
        assert text_of(view.head) + view.rest == line * 50_000
        assert view.rest_lines == 50_000 - HIGHLIGHT_CHARS // len(line)

    def test_long_lines_have_no_colours(self):
        assert 'class="k"' not in render_code("def " + "x" * LONGEST_LINE, "python").head

    def test_no_code(self):
        assert render_code("", "python") == render_code("", "go")
        assert render_code("", "python").head == ""


@given(st.text(alphabet="ab\n"), st.integers(1, 10))
def test_split_code_loses_nothing_and_splits_at_a_line_where_it_can(code, limit):
    head, rest = split_code(code, limit)
    assert head + rest == code
    assert len(head) <= limit or head == code
    if rest and "\n" in code[:limit]:
        assert head.endswith("\n")


class TestEmphasis:
    def test_inside_identifiers(self):
        assert emphasise("read_csv parseCSVFile", ["csv"]) == "read_<mark>csv</mark> parse<mark>CSV</mark>File"

    def test_other_endings(self):
        assert emphasise("Parses the files.", ["parsing", "file"]) == "<mark>Parses</mark> the <mark>files</mark>."

    def test_not_other_words(self):
        assert emphasise("filter", ["file"]) == "filter"

    def test_markup_is_text(self):
        assert (
            emphasise("<b>csv</b>", ["csv", "</b"]) == "&lt;<mark>b</mark>&gt;<mark>csv</mark>&lt;/<mark>b</mark>&gt;"
        )

    @given(st.text(), st.lists(st.text(max_size=8), max_size=4))
    def test_says_what_it_was_given(self, text, terms):
        rendered = emphasise(text, terms)
        assert html.unescape(re.sub(r"</?mark>", "", rendered)) == html.unescape(html.escape(text))
        assert all(ALLOWED_TAG.fullmatch(tag) for tag in TAG.findall(rendered))


class TestReflow:
    def test_joins_what_was_broken_to_fit(self):
        long = " ".join(["word"] * 12)
        assert reflow(f"{long}\n{long}\nend.\nNext.\n\nLast.") == f"{long} {long} end.\nNext.\n\nLast."

    @pytest.mark.parametrize(
        "second", ["- item", "* item", "    code", ">>> code", ":param x: y", "a    b", "", "1. x"]
    )
    def test_leaves_what_is_no_prose(self, second):
        text = f"{'x' * 60}\n{second}"
        assert reflow(text) == text

    def test_leaves_short_lines_and_headings(self):
        assert reflow("Short.\nLines.") == "Short.\nLines."
        assert reflow(f"{'x' * 60}:\ny") == f"{'x' * 60}:\ny"

    @given(st.text(alphabet="ab :-\n.") | st.text())
    def test_loses_no_character(self, text):
        assert reflow(text).split() == text.split()


def test_names_may_break_where_their_words_end():
    assert breakable("<a.b_c>.dE") == "&lt;a.<wbr>b_<wbr>c&gt;.d<wbr>E"


def test_diff_marks_added_and_removed_lines_and_hides_positions():
    rendered = render_diff(["@@ -1,2 +1,2 @@", " same", "-<old>", "+new", "@@ -9 +9 @@", "+@@"])
    assert rendered == (
        '<span class="same"> same</span><span class="del">-&lt;old&gt;</span><span class="add">+new</span>'
        '<span class="gap">⋯</span><span class="add">+@@</span>'
    )
    assert render_diff([]) == ""


def test_language_names():
    assert [name_language(key) for key in ("csharp", "python", "typescript")] == ["C#", "Python", "TypeScript"]
