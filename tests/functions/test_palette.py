from types import SimpleNamespace
from unittest.mock import patch

import pytest

from apps.core.errors import InvalidInput
from apps.functions import palette
from apps.functions.palette import look_up_functions
from apps.functions.services.searching import SearchResult
from apps.users.roles import Role
from tests.functions.factories import FunctionFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def look_up(query: str, role: str, **search):
    """What is offered, and the search that was asked."""
    with patch.object(palette, "search_functions", **search) as searched:
        return look_up_functions(query, UserFactory.build(role=role)), searched


def test_functions_as_search_finds_them():
    function = FunctionFactory(name="count_lines", language="csharp")
    answer = SimpleNamespace(results=[SearchResult(function, 0.9, [], "")])
    [option], searched = look_up("lines", Role.VIEWER, return_value=answer)
    assert searched.call_args.kwargs["query"] == "lines"
    assert (option.title, option.href, option.note) == (str(function), function.get_absolute_url(), "C#")


def test_what_search_refuses_finds_nothing():
    options, _ = look_up("\0", Role.VIEWER, side_effect=InvalidInput({"q": "is no text"}))
    assert options == []


def test_nothing_for_who_may_not_see_functions():
    options, searched = look_up("lines", "nobody")
    assert options == []
    assert not searched.called
