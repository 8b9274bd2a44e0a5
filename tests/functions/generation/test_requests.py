from dataclasses import replace

import pytest

from apps.functions.generation.requests import (
    drop_articles,
    request_of_description,
    request_of_fields,
    request_of_name,
    request_of_owner,
    shorten,
)
from apps.functions.generation.subjects import Subject

pytestmark = pytest.mark.unit

SUBJECT = Subject(key="lib/f", name="some_name", language="python")


@pytest.mark.parametrize(
    ("description", "text", "asked", "told"),
    [
        ("Parses a date.", "parse a date", "parse a date", "parses a date"),
        ("Apply it to a tree", "apply it to a tree", "apply it to a tree", "applies it to a tree"),
        ("Returns the size of it.", "the size of it", "get the size of it", "returns the size of it"),
        ("Return True if it exists.", "check if it exists", "check if it exists", "checks if it exists"),
        ("Returns whether it fits, or null.", "check if it fits", "check if it fits", "checks if it fits"),
        ("Opens it and reads a line", "open it and read a line", "open it and read a line", "opens it and read a line"),
        ("Joins lists and maps", "join lists and maps", "join lists and maps", "joins lists and maps"),
        ("Block size of a disk", "block size of a disk", "block size of a disk", None),
    ],
)  # fmt: skip
def test_a_description_becomes_a_request(description, text, asked, told):
    request = request_of_description(replace(SUBJECT, description=description))
    assert request is not None
    assert (request.text, request.asked) == (text, asked)
    assert request.is_action == (told is not None)
    if told:
        assert request.told == told


def test_a_word_put_in_for_the_functions_own_is_not_said_by_it():
    request = request_of_description(replace(SUBJECT, description="Return true if the path exists."))
    assert request is not None
    assert request.said == "if the path exists"


def test_nothing_is_asked_of_a_description_that_says_nothing():
    assert request_of_description(SUBJECT) is None
    assert request_of_description(replace(SUBJECT, description="Return it.")) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("parseHTTPDate", "parse http date"),
        ("utf8_decode", None),
        ("decode_utf8", "decode utf8"),
        ("buffer_size", None),
    ],
)
def test_a_name_that_begins_with_what_is_done_is_a_request(name, text):
    request = request_of_name(replace(SUBJECT, name=name))
    assert (request and request.text) == text


@pytest.mark.parametrize(
    ("qualified_name", "language", "text"),
    [
        ("UserList.pop", "python", "pop a user list"),
        ("Message.del_param", "python", None),
        ("Message.delete_param", "python", "delete param of a message"),
        ("Message.delete_message", "python", None),
        ("_Hidden.pop", "python", None),
        ("outer.pop", "javascript", None),
        ("date.replace", "python", "replace a date"),
        ("pop", "python", None),
    ],
)
def test_the_owner_is_what_a_method_works_on(qualified_name, language, text):
    name = qualified_name.rpartition(".")[2]
    request = request_of_owner(replace(SUBJECT, name=name, qualified_name=qualified_name, language=language))
    assert (request and request.text) == text


def test_a_curators_fields_are_a_request():
    assert request_of_fields(replace(SUBJECT, action="sort")) is None
    request = request_of_fields(replace(SUBJECT, action="sort", data_type="linked_list"))
    assert request is not None
    assert request.text == "sort linked list"


def test_requests_are_shortened_to_what_counts():
    request = request_of_owner(replace(SUBJECT, name="get_size", qualified_name="FileEntry.get_size"))
    assert request is not None
    assert shorten(request).text == "get size file entry"
    assert drop_articles("the end of a line") == "end of line"
