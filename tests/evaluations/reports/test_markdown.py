from itertools import pairwise

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from apps.evaluations.reports.markdown import JOINER, escape, render_markdown
from apps.evaluations.reports.reading import read_report
from apps.evaluations.reports.words import clean_text
from tests.evaluations.reports.data import make_failed, make_first, make_report
from tests.evaluations.reports.hostile import TEXTS, put_text

pytestmark = pytest.mark.unit

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
EXPECTED = {"heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td", "inline"}


def read_tables(text):
    """The rows of all tables, as lists of the cells' text."""
    rows, tokens = [], PARSER.parse(text)
    for before, token in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif before.type in ("th_open", "td_open"):
            rows[-1].append("".join(child.content for child in token.children))
    return rows


def test_a_comment_says_verdict_table_changes_flips_and_causes():
    data = make_report(flips=30)
    text = render_markdown(read_report(data), "https://touchstone.example/12/")

    assert text.startswith("## Worse: Demo catalogue, run 12 (synonyms emptied) compared with run 9\n")
    rows = read_tables(text)
    assert ["Top-1 accuracy", "89.2 %", "86.1 %", "−3.10", "−3.50 to −2.70", "< 0.0001", "−0.15"] in rows
    assert ["synonyms", "148 groups, 5e1fa0b2", "0 groups, e3b0c442"] in rows
    assert "### Newly wrong: 342 (the first 10)" in text
    assert "The smallest difference this suite could have seen" in text
    assert "**A synonym is missing** (612 cases): Add the word to a synonym group, or as a keyword." in text
    assert text.endswith("[Open the whole report](<https://touchstone.example/12/>)\n")


def test_the_ten_most_damaging_flips_come_first():
    data = make_report(flips=60)
    worst = sorted(
        (flip for flip in data["flips"]["list"] if flip["newly"] == "wrong"), key=lambda flip: -flip["damage"]
    )
    rows = [row for row in read_tables(render_markdown(read_report(data))) if len(row) == 5 and "✓" not in row]

    shown = [row[0] for row in rows if row[2].partition(": ")[2].startswith("right")]
    assert shown == [flip["query"] for flip in worst[:10]]


@pytest.mark.parametrize("data", [make_first(), make_failed("gone"), {}])
def test_what_is_not_there_is_left_out(data):
    text = render_markdown(read_report(data))

    assert "Newly" not in text
    assert "Before" not in text


def test_nobody_is_called_by_a_query():
    assert "@property" not in escape("use @property")


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_a_text_comes_out_as_itself(text):
    _, inline, _ = PARSER.parse(f"x {escape(text)}")
    shown = "".join(child.content for child in inline.children)

    assert {child.type for child in inline.children} <= {"text", "text_special"}
    assert shown.split() == ["x", *clean_text(text).replace("@", f"@{JOINER}").split()]


@pytest.mark.parametrize("text", ["1. one", "- one", "# one", "+ one", "=== one", "12) one", "> one", "    one"])
def test_a_text_at_the_start_of_a_line_begins_nothing(text):
    assert [token.type for token in PARSER.parse(escape(text))] == ["paragraph_open", "inline", "paragraph_close"]


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_no_text_breaks_out_of_its_place(text):
    rendered = render_markdown(read_report(put_text(make_report(flips=2), text)))
    tokens = PARSER.parse(rendered)

    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= EXPECTED
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special", "softbreak", "strong_open", "strong_close"}
    assert {len(row) for row in read_tables(rendered)} <= {3, 5, 6, 7}
