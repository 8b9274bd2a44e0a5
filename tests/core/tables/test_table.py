from datetime import timedelta

import pytest
from django.db.models import F
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import Job, JobState
from apps.core.tables.paging import RowPage, fetch_narrowed_page, fetch_page
from apps.core.tables.state import read_state
from tests.core.tables.sample import SampleTable
from tests.core.tables.test_state import NAMES, VALUES

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def select(query: str) -> list[int]:
    table = SampleTable()
    return [job.pk for job in table.select(read_state(table, QueryDict(query)))]


def make(**fields) -> Job:
    return Job.objects.create(**{"kind": "functions.import", **fields})


class TestOrder:
    def test_equals_stand_by_their_keys(self):
        first, second, third = make(kind="b"), make(kind="a"), make(kind="a")
        assert select("sort=kind") == [second.pk, third.pk, first.pk]
        assert select("sort=-kind") == [first.pk, third.pk, second.pk]

    def test_what_is_not_known_comes_last_both_ways(self):
        without, early = make(), make(finished_at=timezone.now())
        late = make(finished_at=timezone.now() + timedelta(hours=1))
        assert select("sort=finished") == [early.pk, late.pk, without.pk]
        assert select("sort=-finished") == [late.pk, early.pk, without.pk]


class TestFilters:
    def test_choice_yes_no_and_text(self):
        failed = make(state=JobState.FAILED, error="no file")
        running = make(state=JobState.RUNNING, kind="core.other")
        assert select("state=failed") == select("failed=yes") == [failed.pk]
        assert select("failed=no") == select("kind=core.other") == [running.pk]
        assert select("state=failed&failed=no") == []

    def test_whole_days_of_the_servers_clock(self):
        noon = timezone.localtime().replace(hour=12, minute=0) - timedelta(days=10)
        jobs = []
        for days in range(3):
            job = make()
            Job.objects.filter(pk=job.pk).update(created_at=noon + timedelta(days=days))
            jobs.append(job.pk)
        second = (noon + timedelta(days=1)).date()
        assert select(f"when_from={second}") == [jobs[2], jobs[1]]
        assert select(f"when_to={second}") == [jobs[1], jobs[0]]
        assert select(f"when_from={second}&when_to={second}") == [jobs[1]]

    def test_search(self):
        found, _ = make(message="Read 4 files"), make()
        assert select("q=READ+4") == [found.pk]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(pairs=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8))
    def test_the_database_can_be_asked_about_any_address(self, pairs):
        data = QueryDict(mutable=True)
        for name, value in pairs:
            data.appendlist(name, value)
        table = SampleTable()
        state = read_state(table, data)
        assert fetch_page(table.select(state), state.page, table.page_size).rows == []


class TestPages:
    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch):
        monkeypatch.setattr("apps.core.tables.paging.COUNTED", 25)
        monkeypatch.setattr("apps.core.tables.paging.REACHED", 60)

    def rows(self, number: int):
        Job.objects.bulk_create(Job(kind="k") for _ in range(number))
        return Job.objects.order_by("-pk")

    def test_none(self):
        page = fetch_page(self.rows(0), 1, 10)
        assert (page.rows, page.total, page.is_exact, page.has_next, page.last) == ([], 0, True, False, 1)

    def test_the_last_page_needs_no_count(self, django_assert_num_queries):
        rows = self.rows(12)
        with django_assert_num_queries(1):
            page = fetch_page(rows, 2, 10)
        assert (len(page.rows), page.total, page.has_next, page.last) == (2, 12, False, 2)

    def test_counts_no_further_than_it_has_to(self, django_assert_num_queries):
        rows = self.rows(40)
        with django_assert_num_queries(2):
            page = fetch_page(rows, 1, 10)
        assert (page.total, page.is_exact, page.has_next, page.last) == (25, False, True, None)

    def test_a_page_behind_the_last_is_the_last(self):
        page = fetch_page(self.rows(12), 99, 10)
        assert (page.number, len(page.rows)) == (2, 2)

    @pytest.mark.parametrize("deep", [0, 10_000])
    def test_far_pages_have_the_same_rows(self, monkeypatch, deep):
        monkeypatch.setattr("apps.core.tables.paging.DEEP", deep)
        rows = self.rows(35).order_by("kind", "-pk")
        found = [job.pk for number in (1, 2, 3, 4) for job in fetch_page(rows, number, 10).rows]
        assert found == sorted(found, reverse=True)
        assert len(found) == 35

    @pytest.mark.parametrize("deep", [0, 10_000])
    @pytest.mark.parametrize(
        "order", [("kind", "-pk"), ("-kind", "pk"), (F("finished_at").desc(nulls_last=True), "pk")]
    )
    @pytest.mark.parametrize("number", range(1, 6))
    def test_narrowed_rows_have_the_same_pages(self, monkeypatch, number, order, deep):
        monkeypatch.setattr("apps.core.tables.paging.DEEP", deep)
        rows = self.rows(35).order_by(*order)
        Job.objects.filter(pk__in=rows.values("pk")[:5]).update(finished_at=timezone.now(), kind="a")
        for some in (rows, rows.filter(kind="a"), rows.filter(kind="none")):
            assert fetch_narrowed_page(some, number, 10) == fetch_page(some, number, 10)

    def test_narrowed_rows_are_counted_once_and_no_index_of_the_order_is_walked(self, django_assert_num_queries):
        rows = self.rows(24).order_by("kind", "pk")
        with django_assert_num_queries(2) as asked:
            fetch_narrowed_page(rows, 1, 10)
        assert "ORDER BY GREATEST" in asked.captured_queries[1]["sql"]

    def test_of_many_that_fit_the_first_pages_are_found_along_the_order(self, django_assert_num_queries):
        rows = self.rows(30).order_by("kind", "pk")
        with django_assert_num_queries(2) as asked:
            page = fetch_narrowed_page(rows, 1, 10)
        assert (page.total, page.is_exact) == (25, False)
        assert "GREATEST" not in asked.captured_queries[1]["sql"]

    def test_where_nothing_fits_nothing_is_fetched(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert fetch_narrowed_page(self.rows(0), 3, 10) == RowPage([], 1, 10, 0, True, False)

    def test_turning_pages_ends_somewhere(self):
        page = fetch_page(self.rows(80), 6, 10)
        assert (page.number, page.has_next) == (6, False)
        assert fetch_page(Job.objects.order_by("-pk"), 10**18, 10).number == 6
