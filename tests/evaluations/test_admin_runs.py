"""Runs, outcomes, reports and messages in the back office."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.evaluations.models import Channel, Delivery, Report, Run, RunState, Verdict
from apps.users.models import User
from apps.users.roles import Role
from tests.evaluations.factories import CaseOutcomeFactory, ReportFactory, RunFactory
from tests.evaluations.test_admin import ADMIN, act, rows
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

RUNS, OUTCOMES, REPORTS, MESSAGES = (f"{ADMIN}{name}/" for name in ("run", "caseoutcome", "report", "delivery"))


@pytest.fixture(autouse=True)
def curator(client: Client) -> User:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


def make(number: int, user: User) -> None:
    for _ in range(number):
        report = ReportFactory(run__created_by=user, run__summary={"accuracy": 0.5}, acknowledged_by=user)
        CaseOutcomeFactory(run=report.run)
        Delivery.objects.create(report=report, channel=Channel.EMAIL, address="a@example.com")


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        (RUNS, 3),  # user, count, rows with suites, reports and starters
        (OUTCOMES, 3),  # user, count, rows with runs and cases
        (REPORTS, 3),  # user, count, rows with runs
        (MESSAGES, 3),  # user, count, rows with reports
    ],
)
def test_lists_cost_as_many_queries_for_many_as_for_one(
    client: Client, curator: User, path: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 10):
        make(number, curator)
        client.get(path)
        with django_assert_num_queries(queries):
            client.get(path)


@pytest.mark.parametrize("path", [RUNS, OUTCOMES, REPORTS, MESSAGES])
def test_nothing_is_added_changed_or_deleted(client: Client, curator: User, path: str) -> None:
    make(1, curator)
    client.force_login(UserFactory(role=Role.ADMIN))
    [row, *_] = rows(client.get(path))
    assert client.get(f"{path}{row.pk}/change/").status_code == 200
    assert client.get(f"{path}add/").status_code == 403
    assert client.post(f"{path}{row.pk}/change/", {}).status_code == 403
    assert client.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403


class TestRuns:
    def test_filters(self, client: Client) -> None:
        worse = ReportFactory(verdict=Verdict.WORSE).run
        running = RunFactory(state=RunState.RUNNING, note="new synonyms", done=1, total=4)
        assert rows(client.get(f"{RUNS}?report__verdict__exact=worse")) == [worse]
        assert rows(client.get(f"{RUNS}?state__exact=running")) == [running]
        assert rows(client.get(f"{RUNS}?suite__id__exact={running.suite_id}")) == [running]
        assert 'value="25"' in client.get(f"{RUNS}?q=synonyms").content.decode()

    def test_the_heavy_fields_are_not_loaded(self, client: Client) -> None:
        ReportFactory()
        run = rows(client.get(RUNS))[0]
        assert {"plan", "pinned", "summary"} <= run.get_deferred_fields()
        assert "data" in run.report.get_deferred_fields()

    def test_whole(self, client: Client) -> None:
        run = RunFactory(summary={"accuracy": 0.5, "note": "<script>"}, pinned={"index": "abc123"})
        page = client.get(f"{RUNS}{run.pk}/change/").content.decode()
        assert "abc123" in page
        assert "&lt;script&gt;" in page
        assert "<script>&quot;" not in page
        assert run.get_absolute_url() in page

    def test_the_first_figures_while_it_goes_on(self, client: Client) -> None:
        run = RunFactory(state=RunState.RUNNING, estimate={"accuracy": 0.125, "sums": {"right": 7}})
        page = client.get(f"{RUNS}{run.pk}/change/").content.decode()
        assert "0.125" in page
        assert "sums" not in page

    def test_cancelled(self, client: Client) -> None:
        running, over = RunFactory(state=RunState.RUNNING), RunFactory()
        page = act(client, RUNS, "cancel_selected", [running, over])
        assert "1 cancelled." in page
        assert f"Run {over.pk} is over already." in page
        assert Run.objects.get(pk=running.pk).state == RunState.CANCELLED


class TestOutcomes:
    def test_of_a_run(self, client: Client) -> None:
        outcome = CaseOutcomeFactory(right=False, trace={"steps": ["step one"]})
        CaseOutcomeFactory()
        assert rows(client.get(f"{OUTCOMES}?run__id__exact={outcome.run_id}&right__exact=0")) == [outcome]
        assert "step one" in client.get(f"{OUTCOMES}{outcome.pk}/change/").content.decode()


class TestReports:
    def test_those_that_wait(self, client: Client, curator: User) -> None:
        waiting, done = ReportFactory.create_batch(2, verdict=Verdict.WORSE)
        ReportFactory(verdict=Verdict.BETTER)
        act(client, REPORTS, "acknowledge_selected", [done], apply="1", comment="Known.")
        assert rows(client.get(f"{REPORTS}?acknowledged=no")) == [waiting]
        assert rows(client.get(f"{REPORTS}?acknowledged=yes")) == [done]

    def test_acknowledged_with_a_comment(self, client: Client, curator: User) -> None:
        reports = ReportFactory.create_batch(2, verdict=Verdict.WORSE, data={"reasons": ["it is worse", "So it is."]})
        page = act(client, REPORTS, "acknowledge_selected", reports)
        assert "Acknowledge 2 reports" in page
        for comment in ("", "  ", "x" * 2001):
            act(client, REPORTS, "acknowledge_selected", reports, apply="1", comment=comment)
            assert not Report.objects.exclude(acknowledged_at=None).exists()
        page = act(client, REPORTS, "acknowledge_selected", reports, apply="1", comment="A stale index.")
        assert "2 acknowledged." in page
        assert set(Report.objects.values_list("acknowledged_by", "comment")) == {(curator.pk, "A stale index.")}
        again = act(client, REPORTS, "acknowledge_selected", reports[:1], apply="1", comment="Me too.")
        assert "has acknowledged it already" in again
        page = client.get(f"{REPORTS}{reports[0].pk}/change/").content.decode()
        assert '<p class="ts-reason">It is worse.</p><p class="ts-reason">So it is.</p>' in page
        assert "A stale index." in page
