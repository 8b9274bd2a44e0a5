import re

import pytest
from django.utils import timezone

from apps.evaluations.models import CaseState, RunState, Suite, Verdict
from tests.evaluations import targets
from tests.evaluations.factories import (
    CaseFactory,
    ReportFactory,
    RunFactory,
    ScheduleFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, text_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestSuites:
    def test_shows_each_with_its_last_verdict_and_figures(self, viewer, compared):
        page = text_of(viewer.get(address("suites")))
        assert "Nightly questions" in page
        assert "90.0 %" in page
        assert '<td class="number only-wide" data-label="Cases">20</td>' in page
        assert compared.get_verdict_display() in page
        assert '<svg class="sparkline"' in page
        assert "New suite" not in page

    def test_what_nobody_answered_for_stands_on_top(self, viewer):
        report = ReportFactory(verdict=Verdict.WORSE, data={"reasons": ["accuracy fell by 4 points"]})
        ReportFactory(verdict=Verdict.WORSE, acknowledged_at=timezone.now())
        page = text_of(viewer.get(address("suites")))
        assert "1 report needs somebody" in page
        assert "Accuracy fell by 4 points" in page
        assert report.get_absolute_url() in page

    def test_drafts_and_the_next_sweep(self, curator):
        suite = SuiteFactory()
        CaseFactory.create_batch(2, suite=suite, state=CaseState.DRAFT)
        ScheduleFactory(suite=suite)
        page = text_of(curator.get(address("suites")))
        assert '<span class="badge warn">2</span>' in page
        assert re.search(r'data-label="Next sweep"><time', page)

    def test_none(self, viewer, curator):
        assert "No suites yet" in text_of(viewer.get(address("suites")))
        assert "Make the first one" in text_of(curator.get(address("suites")))

    @pytest.mark.parametrize("rows", [1, 5])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        for _ in range(rows):
            suite = SuiteFactory()
            CaseFactory.create_batch(2, suite=suite)
            ScheduleFactory(suite=suite)
            ReportFactory(run__suite=suite, verdict=Verdict.WORSE)
        curator.get(address("suites"))
        with django_assert_num_queries(7):  # who asks, views, suites, runs, schedules with their last runs, alarms
            curator.get(address("suites"))


class TestSuite:
    def test_shows_runs_trend_and_what_decides(self, viewer, compared):
        page = text_of(viewer.get(compared.run.suite.get_absolute_url()))
        for said in ("synonyms emptied", "90.0 %", "What decides", "falls by one point", "<svg"):
            assert said in page
        assert "Start a sweep" not in page

    def test_starts_a_sweep(self, curator, compared):
        suite, baseline = compared.run.suite, compared.run
        response = curator.post(address("start_run", suite.pk), {"baseline": baseline.pk, "note": "new synonyms"})
        run = suite.runs.first()
        assert response.url == run.get_absolute_url()
        assert (run.baseline, run.note, run.total) == (baseline, "new synonyms", 20)
        assert run.created_by is not None

    def test_there_is_nothing_to_sweep(self, curator):
        response = curator.post(address("start_run", SuiteFactory().pk), {})
        assert response.status_code == 422
        assert "no active cases" in text_of(response)

    def test_schedules_in_words(self, viewer):
        schedule = ScheduleFactory()
        assert "Every night at 2" in text_of(viewer.get(schedule.suite.get_absolute_url()))

    @pytest.mark.parametrize("rows", [1, 8])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        suite = SuiteFactory()
        ReportFactory.create_batch(rows, run__suite=suite)
        ScheduleFactory(suite=suite)
        curator.get(suite.get_absolute_url())
        # who asks, the suite, cases by state, runs: listed, charted, to compare with; schedules, their runs
        with django_assert_num_queries(8):
            curator.get(suite.get_absolute_url())


class TestSettings:
    def test_makes_a_suite(self, curator):
        sent = {"name": "Mine", "target": targets.NAME, "measure": "recall_at_5", "margin": "0.5", "latency_margin": ""}
        response = curator.post(address("new_suite"), sent)
        suite = Suite.objects.get(name="Mine")
        assert response.url == address("add_cases", suite.pk)
        assert (suite.measure, suite.margin, suite.latency_margin) == ("recall_at_5", 0.005, None)

    def test_a_name_that_is_taken(self, curator):
        SuiteFactory(name="Mine")
        sent = {"name": "Mine", "target": targets.NAME, "measure": "accuracy", "margin": "1"}
        response = curator.post(address("new_suite"), sent)
        assert response.status_code == 422
        assert response.context["form"].errors["name"]

    def test_opening_and_saving_changes_nothing(self, curator):
        suite = SuiteFactory(margin=0.013, latency_margin=0.2)
        page = curator.get(address("settings", suite.pk))
        form = page.context["form"]
        sent = {name: value for name in form.fields if (value := form[name].value()) is not None}
        curator.post(address("settings", suite.pk), sent)
        suite.refresh_from_db()
        assert (suite.margin, suite.latency_margin) == pytest.approx((0.013, 0.2))

    def test_pins_a_baseline_and_takes_it_out(self, curator):
        run = RunFactory()
        pin = address("pin_baseline", run.suite_id)
        assert curator.post(pin, {"run": run.pk}).url == run.get_absolute_url()
        run.suite.refresh_from_db()
        assert run.suite.baseline == run
        curator.post(pin, {"run": ""})
        run.suite.refresh_from_db()
        assert run.suite.baseline is None

    @pytest.mark.parametrize("run", ["x", "9999999"])
    def test_there_is_no_such_run(self, curator, run):
        suite = SuiteFactory()
        response = curator.post(address("pin_baseline", suite.pk), {"run": run}, follow=True)
        assert "There is no such run" in text_of(response)


class TestDeleting:
    def test_of_an_empty_one_says_that_nothing_goes(self, curator):
        page = text_of(curator.get(address("settings", SuiteFactory().pk)))
        assert "It has no cases, schedules or runs. Nothing brings it back." in page

    def test_asks_for_its_name_and_says_what_goes(self, curator):
        suite = ReportFactory(run__suite__name="Nightly", run__baseline=None).run.suite
        page = text_of(curator.get(address("settings", suite.pk)))
        assert "With it go its 0 cases, 0 schedules, and 1 run with their reports." in page
        refused = curator.post(address("delete_suite", suite.pk), {"confirm": "nightly"})
        assert refused.status_code == 422
        assert "Nothing was changed." in text_of(refused)
        assert Suite.objects.exists()
        response = curator.post(address("delete_suite", suite.pk), {"confirm": "Nightly"}, follow=True)
        assert response.redirect_chain == [(address("suites"), 302)]
        assert "“Nightly” is deleted." in text_of(response)
        assert not Suite.objects.exists()

    def test_waits_for_an_open_run(self, curator):
        run = RunFactory(state=RunState.RUNNING)
        response = curator.post(address("delete_suite", run.suite_id), {"confirm": run.suite.name}, follow=True)
        assert f"Run #{run.pk} is at work" in text_of(response)
        assert Suite.objects.exists()

    def test_a_viewer_may_not(self, viewer):
        suite = SuiteFactory()
        assert viewer.post(address("delete_suite", suite.pk), {"confirm": suite.name}).status_code == 403
        assert Suite.objects.exists()
