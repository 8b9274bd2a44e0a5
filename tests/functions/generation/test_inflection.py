import pytest

from apps.functions.generation.inflection import to_base_form, to_singular, to_third_person
from apps.functions.generation.vocabulary import VERBS

pytestmark = pytest.mark.unit


def test_every_verb_comes_back_from_its_third_person():
    assert [verb for verb in VERBS if to_base_form(to_third_person(verb)) != verb] == []


@pytest.mark.parametrize(
    ("verb", "third"), [("parse", "parses"), ("apply", "applies"), ("match", "matches"), ("destroy", "destroys")]
)
def test_the_third_person_is_regular(verb, third):
    assert to_third_person(verb) == third


def test_other_words_have_no_base_form():
    assert to_base_form("bananas") is None
    assert to_base_form("") is None


@pytest.mark.parametrize(
    ("word", "singular"), [("files", "file"), ("entries", "entry"), ("class", None), ("axis", None), ("bus", None)]
)
def test_a_regular_plural_has_a_singular(word, singular):
    assert to_singular(word) == singular
