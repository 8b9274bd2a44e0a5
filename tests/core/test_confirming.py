import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.core.confirming import ask_to_confirm, same_phrase

pytestmark = pytest.mark.unit


def ask(phrase: str = "tools", **posted):
    request = RequestFactory().post("/suites/7/delete/", posted)
    request.user = AnonymousUser()
    return ask_to_confirm(
        request, phrase=phrase, title="Delete it?", text="All is lost.", button="Delete", cancel="/suites/7/"
    )


class TestAsking:
    def test_goes_on_with_the_phrase(self):
        assert ask(confirm="tools") is None
        assert ask(confirm=" tools ") is None

    @pytest.mark.parametrize("typed", ["Tools", "tool", "tools!", "to ols"])
    def test_another_text_says_so_and_asks_again(self, typed):
        response = ask(confirm=typed)
        assert response.status_code == 422
        page = response.content.decode()
        assert "This is not “tools”. Nothing was changed." in page
        assert 'aria-invalid="true"' in page

    def test_asks_who_was_not_asked_yet(self):
        page = ask(state="retired").content.decode()
        assert "All is lost." in page
        assert "This is not" not in page

    def test_sends_the_rest_of_the_form_again(self):
        page = ask(confirm="x", run=["7", "8"], csrfmiddlewaretoken="of-before").content.decode()
        assert '<input type="hidden" name="run" value="7">' in page
        assert '<input type="hidden" name="run" value="8">' in page
        assert "of-before" not in page
        assert page.count('name="confirm"') == 1

    def test_names_are_text(self):
        assert "<script>" not in ask("<script>x", confirm="<script>y").content.decode().partition("<main")[2]


class TestPhrase:
    def test_an_empty_phrase_is_never_typed(self):
        assert not same_phrase("", "")
        assert not same_phrase(" ", " ")

    def test_as_it_reads(self):
        assert same_phrase("Cafe\u0301  bar", "Café bar")

    @given(st.text(min_size=1))
    def test_every_name_can_be_typed_as_the_page_shows_it(self, name):
        shown = " ".join(name.split())
        assert same_phrase(shown, name) is bool(shown)
