import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.evaluations.models import Case, Report, RunState, Verdict
from tests.evaluations.factories import (
    CaseFactory,
    CaseOutcomeFactory,
    ReportFactory,
    RunFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, finish, part, text_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class TestProgress:
    def test_shows_how_far_it_is_and_the_first_estimate(self, viewer):
        estimate = {"cases": 50, "accuracy": 0.8, "accuracy_interval": [0.67, 0.89], "answered": 0.9, "failed": 1}
        run = RunFactory(
            state=RunState.RUNNING, total=200, done=50, started_at=timezone.now(),
            estimate={**estimate, "latency_ms": 3.2, "cases_per_second": 25},
        )  # fmt: skip
        page = text_of(viewer.get(run.get_absolute_url()))
        for said in ("50 of 200 cases", "80.0 %", "67.0 to 89.0 %", "25 %", "left", "data-live"):
            assert said in page
        assert "Cancel" not in page
        alone = viewer.get(run.get_absolute_url(), headers=part("progress"))
        assert "<html" not in text_of(alone)
        assert "HX-Refresh" not in alone

    def test_gives_way_to_the_report(self, viewer):
        run = ReportFactory(data={"reasons": [], "verdict": "first"}).run
        assert viewer.get(run.get_absolute_url(), headers=part("progress"))["HX-Refresh"] == "true"

    def test_cancels(self, curator):
        run = RunFactory(state=RunState.RUNNING, total=5)
        curator.post(address("cancel_run", run.pk))
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert "is over already" in text_of(curator.post(address("cancel_run", run.pk), follow=True))


class TestReport:
    def test_the_verdict_with_its_evidence(self, viewer, compared):
        page = text_of(viewer.get(compared.run.get_absolute_url()))
        assert compared.get_verdict_display() in page
        for said in (
            "Top-1 accuracy",
            "20 pairs",
            "1 newly wrong",
            "1 newly right",
            "Answered wrongly",
            "compared with",
        ):
            assert said in page
        assert '<svg class="difference-bar"' in page

    def test_against_another_run(self, viewer, compared):
        other = RunFactory(suite=compared.run.suite, note="long ago")
        for outcome in compared.baseline.outcomes.all():
            CaseOutcomeFactory(run=other, case=outcome.case, right=True)
        finish(other, None)
        page = text_of(viewer.get(compared.run.get_absolute_url(), {"baseline": other.pk}))
        assert "made now, against" in page
        assert "2 newly wrong" in page
        assert "0 newly right" in page
        compared.refresh_from_db()
        assert compared.data["flips"]["newly_wrong"] == 1

    @pytest.mark.parametrize("baseline", ["x", "999999", "-1"])
    def test_a_baseline_that_is_none(self, viewer, compared, baseline):
        page = text_of(viewer.get(compared.run.get_absolute_url(), {"baseline": baseline}))
        assert "1 newly wrong" in page

    def test_a_run_that_failed(self, viewer):
        report = ReportFactory(
            run__state=RunState.FAILED, run__error="the database went away", run__baseline=None,
            verdict=Verdict.FAILED, data={"reasons": ["the database went away"], "verdict": "failed"},
        )  # fmt: skip
        page = text_of(viewer.get(report.get_absolute_url()))
        assert "The database went away" in page
        assert "Nobody has answered for this yet" in page

    def test_a_run_that_was_cancelled(self, viewer):
        run = RunFactory(state=RunState.CANCELLED, total=5, done=1)
        CaseOutcomeFactory(run=run)
        page = text_of(viewer.get(run.get_absolute_url()))
        assert "cancelled after 1 of 5 cases" in page
        assert "1 case" in page

    def test_acknowledging(self, curator, compared):
        Report.objects.filter(pk=compared.pk).update(verdict=Verdict.WORSE)
        acknowledge = address("acknowledge", compared.run_id)
        assert "Say in the comment" in text_of(curator.post(acknowledge, {"comment": " "}, follow=True))
        page = text_of(curator.post(acknowledge, {"comment": "synonyms are back"}, follow=True))
        assert "synonyms are back" in page
        assert "already" in text_of(curator.post(acknowledge, {"comment": "me too"}, follow=True))
        assert curator.post(address("acknowledge", RunFactory().pk), {"comment": "x"}).status_code == 404

    def test_runs_again_against_this_one(self, curator, compared):
        response = curator.post(address("run_again", compared.run_id))
        run = compared.run.suite.runs.first()
        assert response.url == run.get_absolute_url()
        assert run.baseline == compared.run

    @pytest.mark.parametrize("form", ["html", "md", "json", "csv", "xml"])
    def test_downloads(self, viewer, compared, form):
        response = viewer.get(address("download", compared.run_id, form))
        assert response.status_code == 200
        assert f"run-{compared.run_id}.{form}" in response["Content-Disposition"]
        assert b"accuracy" in response.content.lower()

    def test_there_is_no_such_form(self, viewer, compared):
        assert viewer.get(address("download", compared.run_id, "pdf")).status_code == 404

    @pytest.mark.parametrize("rows", [3, 30])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        suite = SuiteFactory()
        before, after = RunFactory(suite=suite), RunFactory(suite=suite)
        for number in range(rows):
            case = CaseFactory(suite=suite)
            CaseOutcomeFactory(run=before, case=case)
            CaseOutcomeFactory(run=after, case=case, right=number > 0)
        finish(before, None)
        run = finish(after, before).run
        curator.get(run.get_absolute_url())
        case = run.outcomes.get(right=False).case_id
        # who asks, the run, cases counted and listed, the one in the panel, it before, the runs to compare with
        with django_assert_num_queries(7):
            curator.get(run.get_absolute_url(), {"case": case})


class TestTable:
    def rows(self, client: Client, report: Report, **state: object) -> list[str]:
        page = client.get(report.run.get_absolute_url(), state, headers=part("results")).content.decode()
        return re.findall(r'data-result="[^"]+".*?<bdi>(.*?)</bdi>', page)

    def test_newly_wrong_comes_first(self, viewer, compared):
        assert self.rows(viewer, compared)[:3] == ["question 0", "question 2", "question 1"]
        assert len(self.rows(viewer, compared)) == 20

    def test_failures_and_flips(self, viewer, compared):
        assert self.rows(viewer, compared, show="failures") == ["question 0", "question 2"]
        assert self.rows(viewer, compared, show="flips") == ["question 0", "question 1"]

    @pytest.mark.parametrize(
        ("filters", "number"),
        [
            ({"q": "question 1"}, 11),
            ({"language": "go"}, 20),
            ({"language": "rust"}, 0),
            ({"made_by": "typo"}, 10),
            ({"tier": "lexical"}, 2),
            ({"tag": "none"}, 0),
            ({"cause": "wrong"}, 2),
            ({"cause": "nonsense"}, 0),
        ],
    )
    def test_filters(self, viewer, compared, filters, number):
        assert len(self.rows(viewer, compared, **filters)) == number

    def test_flips_of_changed_questions_are_none(self, viewer, compared):
        compared.run.outcomes.update(case_version=2)
        assert self.rows(viewer, compared, show="flips") == []

    def test_the_panel_has_both_sides(self, viewer, compared):
        outcome = compared.run.outcomes.get(case__query="question 0")
        state = {"case": outcome.case_id}
        panel = text_of(viewer.get(compared.run.get_absolute_url(), state, headers=part("peek")))
        for said in ("Before", "After", "Tier rules became lexical.", "Answered wrongly", "as written"):
            assert said in panel
        assert "Note it" not in panel
        gone = text_of(viewer.get(compared.run.get_absolute_url(), {"case": 10**17}, headers=part("peek")))
        assert "no such case" in gone


class TestFixing:
    def fix(self, client: Client, report: Report, headers: dict[str, str] | None = None, **sent: str):
        case = report.run.outcomes.get(case__query="question 0").case_id
        return client.post(address("fix_case", report.run_id, case), sent, headers=headers)

    def test_offers_the_fixes_with_proposals(self, curator, compared):
        case = compared.run.outcomes.get(case__query="question 0").case_id
        panel = text_of(curator.get(compared.run.get_absolute_url(), {"case": case}, headers=part("peek")))
        assert 'name="text" value="question 0"' in panel
        assert "Right too" in panel

    def test_does_what_was_proposed(self, curator, compared):
        page = text_of(self.fix(curator, compared, part("peek"), fix="note", text="something"))
        assert "Noted &#x27;something&#x27;" in page
        assert "<html" not in page

    def test_accepts_an_answer(self, curator, compared):
        response = self.fix(curator, compared, fix="accept_answer", answer="b")
        assert response.status_code == 302
        assert Case.objects.get(query="question 0").expected == ["a", "b"]

    @pytest.mark.parametrize(
        "sent", [{"fix": "note"}, {"fix": "nonsense"}, {}, {"fix": "accept_answer", "answer": "z"}]
    )
    def test_refuses_what_makes_no_sense(self, curator, compared, sent):
        assert self.fix(curator, compared, part("peek"), **sent).status_code == 422
        assert Case.objects.get(query="question 0").version == 1
