import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from apps.evaluations.reports.html import render_page
from apps.evaluations.reports.html.style import STYLE
from apps.evaluations.reports.markup import EMPTY
from apps.evaluations.reports.reading import read_report
from apps.evaluations.reports.words import clip_text
from tests.evaluations.reports.data import make_failed, make_first, make_report
from tests.evaluations.reports.hostile import TEXTS, put_text

pytestmark = pytest.mark.unit

LOADING = ("src", "srcset", "data", "poster", "action", "background", "xlink:href")


class Page(HTMLParser):
    """Its elements, and its text by the id of the section that it is in."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.attributes, self.texts, self.section = [], [], [], {}, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in EMPTY:
            self.open.append(tag)
        if tag in ("section", "header", "footer") or dict(attributes).get("id") == "verdict":
            self.section = dict(attributes).get("id", tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.section, []).append(data)

    def text(self, section):
        return " ".join(" ".join(self.texts.get(section, [])).split())


def read_page(data, url=""):
    page = Page(render_page(read_report(data), url))
    assert page.open == []
    return page


def test_it_says_everything_that_a_report_knows():
    data = make_report(flips=4)
    page = read_page(data)

    assert page.text("verdict").startswith("Worse Something got worse")
    assert "Accuracy fell by 3.1 points" in page.text("verdict")
    assert "Top-1 accuracy the first answer is right 89.2 % 86.1 % −3.10" in page.text("measures")
    assert "The smallest difference this suite could have seen" in page.text("measures")
    assert "About 1,250 more cases would settle it" in page.text("measures")
    assert "synonyms 148 groups, 5e1fa0b2 0 groups, e3b0c442" in page.text("changes")
    assert "how it was made: synonyms" in page.text("slices")
    assert "A synonym is missing 612 cases, 44 % of failures" in page.text("causes")
    assert "off by 3.1 % on average (ECE)" in page.text("calibration")
    assert "p95 latency 95 of 100 cases are faster 13.7 ms" in page.text("latency")
    assert "catalogue 4812 functions, revision 9127" in page.text("state")
    assert "12 cases were edited between the two runs." in page.text("notes")
    assert "This changed while the run was going on" in page.text("notes")


def test_a_flip_is_told_side_by_side():
    data = make_report(flips=1)
    [flip] = data["flips"]["list"]
    flip["after"] |= {"rank": 3, "confidence": 0.62}
    text = read_page(data).text("flips")

    assert f"{flip['query']} Expected: {flip['expected'][0]}" in text
    assert f"right {flip['before']['got'][0]['title']} 90 % sure, local model" in text
    assert f"wrong, right one at place 3 {flip['after']['got'][0]['title']} 62 % sure, local model" in text
    assert flip["change"] in text
    assert text.index("Newly wrong: 342") < text.index(flip["query"]) < text.index("Newly right: 0")


def test_the_slices_that_moved_come_before_all_of_them():
    text = read_page(make_report()).text("slices")

    assert (
        text.index("how it was made: synonyms") < text.index("how it was made: question") < text.index("All 15 parts")
    )


def test_many_flips_are_folded_and_none_is_lost():
    page = render_page(read_report(make_report(flips=100)))

    assert page.count("<summary>Show 30 more</summary>") == 2
    assert len(re.findall("Expected: ", page)) == 100


@pytest.mark.parametrize(
    ("data", "sections"),
    [
        (make_first(), {"measures", "slices", "causes", "calibration", "latency", "state"}),
        (make_failed(), {"state"}),
        ({}, {"state"}),
    ],
    ids=["first", "failed", "empty"],
)
def test_what_is_not_there_is_left_out(data, sections):
    page = read_page(data)

    assert {name for name in page.texts if name} - {"header", "footer", "verdict"} == sections
    assert {value for name, value in page.attributes if name == "href"} == {f"#{one}" for one in sections}


def test_a_run_that_failed_says_why():
    assert "The index is gone." in read_page(make_failed()).text("verdict")


def test_nothing_is_loaded_and_nothing_runs():
    text = render_page(read_report(make_report()), "https://touchstone.example/12/")
    page = Page(text)

    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in LOADING or name == "style" or name.startswith("on")]
    assert [value for _, value in page.attributes if "http" in (value or "")] == ["https://touchstone.example/12/"]
    assert text.count("http:") == 0
    assert text.count("https:") == 1
    assert not re.search(r"url\(|@import|@font-face", STYLE)


def test_the_policy_allows_only_the_sheet_that_is_there():
    page = read_page(make_report())
    sheet = re.search("<style>(.*?)</style>", render_page(read_report(make_report())), re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()

    [policy] = [value for _, value in page.attributes if value and value.startswith("default-src")]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_colour_has_a_dark_twin():
    light, dark = (set(re.findall(r"--([\w-]+):#", part)) for part in STYLE.split("@media screen", 1))

    assert light == dark
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= light


def test_two_hundred_flips_make_a_small_file():
    assert len(render_page(read_report(make_report(flips=200))).encode()) < 160_000


def test_long_texts_and_many_causes_are_bounded():
    data = put_text(make_report(flips=200), "x" * 20_000)
    data["causes"] = [{"cause": "a", "cases": 9, "clusters": data["causes"][0]["clusters"] * 30}]

    assert len(render_page(read_report(data)).encode()) < 400_000


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_no_text_becomes_markup(text):
    plain = read_page(make_report(flips=2))
    page = read_page(put_text(make_report(flips=2), text))

    assert set(page.tags) <= {*plain.tags, "i"}
    assert {name for name, _ in page.attributes} <= {name for name, _ in plain.attributes}
    assert page.tags.count("section") == plain.tags.count("section")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b", '"quoted"', "日本語 עברית 🙂"])
def test_a_text_is_shown_as_it_is(text):
    page = read_page(put_text(make_report(flips=2), text))

    for section in ("header", "verdict", "changes", "flips", "causes", "state", "notes"):
        assert clip_text(text, 200)[1:] in page.text(section)
