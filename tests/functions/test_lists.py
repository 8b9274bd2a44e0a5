import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.functions.models import Function, FunctionState
from apps.users.roles import Role
from tests.functions.factories import FunctionFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("fresh_overview")]

BROWSE, CHANGE = "/functions/all/", "/functions/change/"


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def keys(response) -> list[int]:
    return [int(key) for key in re.findall(r'id="result-(\d+)"', response.content.decode())]


class TestBrowse:
    def test_filters_and_order(self):
        alike = {"keywords": [], "action": "", "data_type": "", "description": "Adds."}
        first = FunctionFactory(name="add", language="go", popularity=1, **alike)
        second = FunctionFactory(name="build", language="python", popularity=2, **(alike | {"keywords": ["make"]}))
        third = FunctionFactory(name="cut", language="go", state=FunctionState.RETIRED, **(alike | {"action": "cut"}))
        Function.objects.filter(pk=third.pk).update(popularity=0)
        client = client_of(Role.VIEWER)
        for query, found in (
            ({}, [first, second, third]),
            ({"sort": "-popularity"}, [second, first, third]),
            ({"language": "python"}, [second]),
            ({"state": "retired"}, [third]),
            ({"library": second.library_id}, [second]),
            ({"curated": "yes"}, [second, third]),
            ({"curated": "no"}, [first]),
            ({"keyword": "make"}, [second]),
            ({"q": "UIL"}, [second]),
            ({"q": third.external_id}, [third]),
        ):
            assert keys(client.get(BROWSE, query)) == [function.pk for function in found], query

    def test_the_panel_has_the_code(self):
        function = FunctionFactory(code="def f():\n    return 1")
        page = client_of(Role.VIEWER).get(BROWSE, {"peek": function.pk}).content.decode()
        assert reverse("functions:detail", args=[function.pk]) in page
        assert "data-source" in page
        assert 'name="rows"' not in page

    def test_curators_retire_the_selected(self):
        function, other = FunctionFactory(), FunctionFactory()
        curator, sent = client_of(Role.CURATOR), {"action": "retired", "rows": [function.pk], "path": BROWSE}
        assert "1 function is retired now" in curator.post(CHANGE, sent, follow=True).content.decode()
        function.refresh_from_db()
        other.refresh_from_db()
        assert (function.state, other.state) == (FunctionState.RETIRED, FunctionState.PUBLISHED)
        assert function.revision == 2
        curator.post(CHANGE, {**sent, "action": "lost"})
        function.refresh_from_db()
        assert function.state == FunctionState.RETIRED
        assert client_of(Role.VIEWER).post(CHANGE, sent).status_code == 403

    @pytest.mark.parametrize("rows", [1, 30])
    def test_number_of_queries(self, rows, django_assert_num_queries):
        FunctionFactory.create_batch(rows)
        client = client_of(Role.VIEWER)
        client.get(BROWSE)
        with django_assert_num_queries(4):  # who asks, libraries, saved views, functions
            client.get(BROWSE)
