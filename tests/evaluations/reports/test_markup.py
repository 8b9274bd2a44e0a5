import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from apps.evaluations.reports.markup import Html, join, shape, tag

pytestmark = pytest.mark.unit


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "<b>", tag("i", "&"), None, 3) == "<p>&lt;b&gt;<i>&amp;</i>3</p>"


def test_attributes():
    attributes = {"class_": "a b", "aria_label": '"<x>"', "hidden": True, "id": None, "open": False}

    assert tag("div", **attributes) == '<div class="a b" aria-label="&quot;&lt;x&gt;&quot;" hidden></div>'


def test_elements_without_content_are_closed_as_each_language_has_it():
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert shape("circle", r=3) == '<circle r="3"/>'


def test_templates_take_it_as_it_is():
    shown = Template("{{ chart }}{{ text }}").render(Context({"chart": tag("p", "<"), "text": "<"}))

    assert shown == "<p>&lt;</p>&lt;"


@given(text=st.text())
def test_plain_text_never_becomes_markup(text):
    shown = join([text, Html("<hr>")])

    assert shown.count("<") == shown.count(">") == 1
