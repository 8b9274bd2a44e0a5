"""Revisions over the API: what each changed, and going back to one."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api import client_of, fault, url
from tests.functions.factories import FunctionFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestRevisions:
    def test_newest_first_with_what_each_changed(self) -> None:
        client, function = client_of(), FunctionFactory()
        client.patch(url(function), {"description": "Count.", "keywords": ["file"]}, format="json")
        body = client.get(url(function, "revisions/")).json()
        assert [row["number"] for row in body["results"]] == [2, 1]
        newest, first = body["results"]
        assert (newest["changed_by"], newest["origin"], newest["job"]) == (client.user.email, "api", None)
        changes = {change["field"]: change for change in newest["changes"]}
        assert changes["description"]["before"] == "Count the lines of a file."
        assert changes["description"]["after"] == "Count."
        assert "-Count the lines of a file." in changes["description"]["diff"]
        assert changes["keywords"] | {"before": ["file", "lines"], "after": ["file"]} == changes["keywords"]
        assert {change["field"] for change in first["changes"]} >= {"name", "language", "description"}
        assert first["changed_by"] is None

    def test_comes_in_pages_that_know_the_revision_before(self) -> None:
        client, function = client_of(), FunctionFactory()
        for text in ("one", "two", "three"):
            client.patch(url(function), {"description": text}, format="json")
        body = client.get(url(function, "revisions/?page_size=2&page=1")).json()
        assert (body["count"], [row["number"] for row in body["results"]]) == (4, [4, 3])
        [change] = body["results"][1]["changes"]
        assert (change["before"], change["after"]) == ("one", "two")

    def test_costs_as_many_queries_for_many_as_for_one(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = client_of()
        for revisions in (1, 15):
            function = FunctionFactory(revisions=revisions, revision=revisions)
            client.get(url(function))
            with django_assert_num_queries(5):  # user, function, count, rows with authors, the ones before
                assert len(client.get(url(function, "revisions/")).json()["results"]) == revisions

    def test_restored_it_is_what_it_was(self) -> None:
        client, function = client_of(), FunctionFactory()
        before = client.get(url(function)).json()
        client.patch(url(function), {"description": "Oops", "state": "retired", "keywords": []}, format="json")
        after = client.post(url(function, "restore/"), {"number": 1}, format="json").json()
        same = {key: value for key, value in before.items() if key not in ("revision", "updated_at")}
        assert after | same == after
        assert after["revision"] == 3

    @pytest.mark.parametrize("number", [0, 9, "x", None, 2**70])
    def test_a_revision_that_is_not_there(self, number: Any) -> None:
        function = FunctionFactory()
        assert fault(client_of().post(url(function, "restore/"), {"number": number}, format="json")) == "number"
