"""What the lists find and in which order; how they look is in the tests of the views."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.evaluations.models import CaseState, RunState, Suite, Verdict
from apps.users.roles import Role
from tests.evaluations.factories import (
    CaseFactory,
    ReportFactory,
    RunFactory,
    ScheduleFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, client_of, part, text_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def viewer() -> Client:
    return client_of(Role.VIEWER)


@pytest.fixture
def curator() -> Client:
    return client_of(Role.CURATOR)


def keys(response) -> list[int]:
    return [int(key) for key in re.findall(r'id="result-(\d+)"', response.content.decode())]


class TestRuns:
    def test_filters(self, viewer):
        today = timezone.localdate()
        worse = ReportFactory(verdict=Verdict.WORSE, run__note="new synonyms", run__baseline=None).run
        failed = RunFactory(state=RunState.FAILED)
        here = address("runs")
        for query, found in (
            ({}, [failed, worse]),
            ({"suite": worse.suite_id}, [worse]),
            ({"verdict": "worse"}, [worse]),
            ({"state": "failed"}, [failed]),
            ({"q": "SYNONYMS"}, [worse]),
            ({"q": f"#{failed.pk}"}, [failed]),
            ({"started_from": today.isoformat()}, [failed, worse]),
            ({"started_to": "2020-01-01"}, []),
            ({"suite": "999999"}, [failed, worse]),
        ):
            assert keys(viewer.get(here, query)) == [run.pk for run in found], query

    @pytest.mark.parametrize(
        "column",
        ["run", "suite", "verdict", "accuracy", "cases", "p95", "rate", "answered", "note", "started", "finished"],
    )
    def test_sorts_by(self, viewer, column):
        suite = SuiteFactory(name="a")
        low = RunFactory(suite=suite, note="a", total=1, summary=figures(0.1), finished_at=None)
        low.created_at = low.created_at.replace(year=2020)
        low.save()
        ReportFactory(run=low, verdict=Verdict.BETTER)
        high = RunFactory(suite__name="b", note="b", total=2, summary=figures(0.9), finished_at=timezone.now())
        ReportFactory(run=high, verdict=Verdict.WORSE)
        unknown = column in ("accuracy", "p95", "rate", "answered")
        extra = [RunFactory(suite=suite, summary={}).pk] if unknown else []
        up, down = (keys(viewer.get(address("runs"), {"sort": sort})) for sort in (column, f"-{column}"))
        if column == "finished":
            assert up == down == [high.pk, low.pk]
        else:
            assert up == [low.pk, high.pk, *extra]
            assert down == [high.pk, low.pk, *extra]

    def test_the_panel_tells_what_was_found(self, viewer):
        data = {
            "reasons": ["accuracy fell"],
            "flips": {"newly_wrong": 3, "newly_right": 1},
            "changes": [{"name": "code"}],
        }
        run = ReportFactory(verdict=Verdict.WORSE, data=data, run__summary=figures(0.5)).run
        page = text_of(viewer.get(address("runs"), {"peek": run.pk}, headers=part("peek")))
        for said in ("Accuracy fell", "3 newly wrong", "50.0 %", "Code"):
            assert said in page
        assert "Run again" not in page

    def test_none(self, viewer):
        assert "No runs yet" in text_of(viewer.get(address("runs")))

    @pytest.mark.parametrize("rows", [1, 30])
    def test_number_of_queries(self, viewer, rows, django_assert_num_queries):
        for _ in range(rows):
            ReportFactory(run__schedule=ScheduleFactory(), run__baseline=None)
        viewer.get(address("runs"))
        with django_assert_num_queries(4):  # who asks, suites, saved views, runs
            viewer.get(address("runs"))


class TestReports:
    @pytest.fixture
    def reports(self):
        data = {"reasons": ["fell"], "flips": {"newly_wrong": 3, "newly_right": 1}, "changes": [{"name": "catalogue"}]}
        worse = ReportFactory(verdict=Verdict.WORSE, data=data, run__note="synonyms")
        answered = ReportFactory(verdict=Verdict.FAILED, data={"reasons": ["no disk"]},
                                 acknowledged_at=timezone.now(), comment="disk replaced")  # fmt: skip
        calm = ReportFactory(verdict=Verdict.BETTER, data={"reasons": ["rose"], "changes": []})
        return worse, answered, calm

    def test_filters(self, viewer, reports):
        worse, answered, calm = reports
        for query, found in (
            ({"answer": "open"}, [worse]),
            ({"answer": "given"}, [answered]),
            ({"answer": "calm"}, [calm]),
            ({"verdict": "better"}, [calm]),
            ({"changed": "yes"}, [worse]),
            ({"changed": "no"}, [calm, answered]),
            ({"suite": worse.run.suite_id}, [worse]),
            ({"q": "disk"}, [answered]),
            ({"q": "synonyms"}, [worse]),
            ({"q": str(calm.run_id)}, [calm]),
        ):
            assert keys(viewer.get(address("reports"), query)) == [report.pk for report in found], query

    @pytest.mark.parametrize("column", ["report", "verdict", "wrong", "right", "acknowledged", "written"])
    def test_sorts_by(self, viewer, reports, column):
        found = [keys(viewer.get(address("reports"), {"sort": sort})) for sort in (column, f"-{column}")]
        assert all(sorted(one) == sorted(report.pk for report in reports) for one in found)

    def test_a_curator_answers_for_it_in_the_panel(self, curator, viewer, reports):
        page = text_of(curator.get(address("reports"), {"peek": reports[0].pk}))
        assert f'action="{address("acknowledge", reports[0].run_id)}"' in page
        page = text_of(viewer.get(address("reports"), {"peek": reports[0].pk}))
        assert "A curator can" in page
        assert "disk replaced" in text_of(viewer.get(address("reports"), {"peek": reports[1].pk}))

    @pytest.mark.parametrize("rows", [1, 30])
    def test_number_of_queries(self, viewer, rows, django_assert_num_queries):
        ReportFactory.create_batch(rows, data={"reasons": ["x"], "changes": [{"name": "code"}]})
        viewer.get(address("reports"))
        with django_assert_num_queries(4):  # who asks, suites, saved views, reports
            viewer.get(address("reports"))


class TestSuites:
    def test_filters_and_order(self, viewer):
        good, poor, new = (SuiteFactory(name=name) for name in ("b", "a", "c"))
        ReportFactory(run__suite=good, run__summary=figures(0.9), verdict=Verdict.BETTER)
        ReportFactory(run__suite=poor, run__summary=figures(0.2), verdict=Verdict.WORSE)
        CaseFactory(suite=new, state=CaseState.DRAFT)
        for query, found in (
            ({}, [poor, good, new]),
            ({"sort": "-accuracy"}, [good, poor, new]),
            ({"sort": "swept"}, [good, poor, new]),
            ({"sort": "-drafts"}, [new, poor, good]),
            ({"verdict": "worse"}, [poor]),
            ({"drafts": "yes"}, [new]),
            ({"q": "B"}, [good]),
        ):
            assert keys(viewer.get(address("suites"), query)) == [suite.pk for suite in found], query

    def test_the_panel(self, viewer):
        suite = SuiteFactory(description="What customers ask")
        ReportFactory(run__suite=suite, run__summary=figures(0.9), verdict=Verdict.BETTER)
        page = text_of(viewer.get(address("suites"), {"peek": suite.pk}, headers=part("peek")))
        for said in ("What customers ask", "90.0 %", "Better", "falls by one point"):
            assert said in page


class TestSchedules:
    def test_filters(self, viewer):
        going, paused = ScheduleFactory(), ScheduleFactory(words="every Monday at 6:30", emails=["ann@example.com"])
        paused.periodic_task.enabled = False
        paused.periodic_task.save()
        Suite.objects.filter(pk=going.suite_id).update(name="a")
        Suite.objects.filter(pk=paused.suite_id).update(name="b")
        for query, found in (
            ({}, [going, paused]),
            ({"sort": "-suite"}, [paused, going]),
            ({"enabled": "yes"}, [going]),
            ({"enabled": "no"}, [paused]),
            ({"q": "monday"}, [paused]),
            ({"q": "ann@"}, [paused]),
            ({"suite": going.suite_id}, [going]),
            ({"compares": "last_good"}, [going, paused]),
            ({"sort": "last"}, [going, paused]),
        ):
            assert keys(viewer.get(address("schedules"), query)) == [one.pk for one in found], query

    def test_the_panel_has_what_one_may_do(self, viewer, curator):
        schedule = ScheduleFactory()
        panel = {"peek": schedule.pk}
        assert "Pause" in text_of(curator.get(address("schedules"), panel, headers=part("peek")))
        assert "Pause" not in text_of(viewer.get(address("schedules"), panel, headers=part("peek")))


def figures(accuracy: float) -> dict:
    latency = {"mean": accuracy, "p50": accuracy, "p95": accuracy, "p99": accuracy}
    shares = {"accuracy": accuracy, "answered": accuracy, "accuracy_interval": [accuracy, accuracy]}
    return {**shares, "cases_per_second": accuracy, "latency_ms": latency, "cases": 1}
