import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.cache.registry import get_cache
from apps.evaluations.models import Case, CaseOrigin, CaseState, Report, Run, RunState, Schedule, Suite, Verdict
from apps.evaluations.presenting import outcomes, report
from apps.evaluations.services import finishing
from apps.users.roles import Role
from tests.evaluations import targets
from tests.evaluations.factories import (
    CaseFactory,
    CaseOutcomeFactory,
    ReportFactory,
    RunFactory,
    ScheduleFactory,
    SuiteFactory,
)
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


@pytest.fixture
def viewer() -> Client:
    return client_of(Role.VIEWER)


@pytest.fixture
def developer() -> Client:
    return client_of(Role.DEVELOPER)


@pytest.fixture
def curator() -> Client:
    return client_of(Role.CURATOR)


@pytest.fixture(autouse=True)
def _empty_caches():
    for name in (outcomes.CAUSES, report.LIVE):
        get_cache(name).local.clear()


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def part(name: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": name}


def address(name: str, *args: object) -> str:
    return reverse(f"evaluations:{name}", args=args)


def finish(run: Run, baseline: Run | None) -> Report:
    """What the end of a run writes."""
    run.summary = finishing.summarise_run(run)
    run.baseline, run.done, run.total = baseline, run.outcomes.count(), run.outcomes.count()
    run.save()
    data = finishing.build_report(run, baseline)
    data["causes"] = finishing.find_causes(run)
    return ReportFactory(run=run, baseline=baseline, verdict=data["verdict"], data=data)


@pytest.fixture
def compared() -> Report:
    """Twenty cases over two runs: one newly wrong, one newly right, one wrong in both."""
    suite = SuiteFactory(name="Nightly questions")
    before, after = RunFactory(suite=suite, note="before"), RunFactory(suite=suite, note="synonyms emptied")
    rights = {0: (True, False), 1: (False, True), 2: (False, False)}
    for number in range(20):
        case = CaseFactory(suite=suite, query=f"question {number}", made_by="typo" if number % 2 else "name")
        for run, right in zip((before, after), rights.get(number, (True, True)), strict=True):
            trace = {"steps": [{"tier": "rules", "outcome": "answered", "ms": 1.0, "confidence": 0.9, "reason": ""}]}
            labels = {"language": "go"}
            tier = "rules" if right else "lexical"
            CaseOutcomeFactory(run=run, case=case, right=right, labels=labels, trace=trace, tier=tier)
    finish(before, None)
    return finish(after, before)


class TestSuites:
    def test_shows_each_with_its_last_verdict_and_figures(self, viewer, compared):
        page = text_of(viewer.get(address("suites")))
        assert "Nightly questions" in page
        assert "90.0 %" in page
        assert "20 cases" in page
        assert compared.get_verdict_display() in page
        assert '<svg class="sparkline"' in page
        assert "New suite" not in page

    def test_what_nobody_answered_for_stands_on_top(self, viewer):
        report = ReportFactory(verdict=Verdict.WORSE, data={"reasons": ["accuracy fell by 4 points"]})
        ReportFactory(verdict=Verdict.WORSE, acknowledged_at=timezone.now())
        page = text_of(viewer.get(address("suites")))
        assert "1 report needs somebody" in page
        assert "accuracy fell by 4 points" in page
        assert report.get_absolute_url() in page

    def test_drafts_and_the_next_sweep(self, curator):
        suite = SuiteFactory()
        CaseFactory.create_batch(2, suite=suite, state=CaseState.DRAFT)
        ScheduleFactory(suite=suite)
        page = text_of(curator.get(address("suites")))
        assert "2 drafts wait" in page
        assert "next sweep" in page

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
        with django_assert_num_queries(6):  # who asks, suites, runs, schedules with their last runs, alarms
            curator.get(address("suites"))


class TestSuite:
    def test_shows_runs_trend_and_what_decides(self, viewer, compared):
        page = text_of(viewer.get(compared.run.suite.get_absolute_url()))
        for said in ("synonyms emptied", "90.0 %", "What decides", "falls by one point", "<svg"):
            assert said in page
        assert "Start a sweep" not in page

    def test_starts_a_sweep(self, developer, compared):
        suite, baseline = compared.run.suite, compared.run
        response = developer.post(address("start_run", suite.pk), {"baseline": baseline.pk, "note": "new synonyms"})
        run = suite.runs.first()
        assert response.url == run.get_absolute_url()
        assert (run.baseline, run.note, run.total) == (baseline, "new synonyms", 20)
        assert run.created_by is not None

    def test_there_is_nothing_to_sweep(self, developer):
        response = developer.post(address("start_run", SuiteFactory().pk), {})
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
        # who asks, the suite, cases by state, runs: counted, listed, charted, to compare with; schedules, their runs
        with django_assert_num_queries(9):
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


class TestCases:
    def test_filters(self, viewer):
        suite = SuiteFactory()
        CaseFactory(suite=suite, query="sort a list", made_by="typo", tags=["sorting"])
        CaseFactory(suite=suite, query="read a file", state=CaseState.DRAFT, origin=CaseOrigin.FEEDBACK)
        here = address("cases", suite.pk)
        for filters in (
            {"q": "SORT"},
            {"made_by": "typo"},
            {"tag": "sorting"},
            {"state": "active"},
            {"origin": "file"},
        ):
            page = text_of(viewer.get(here, filters))
            assert "sort a list" in page, filters
            assert "read a file" not in page, filters
        assert "No case fits" in text_of(viewer.get(here, {"q": "\0"}))

    def test_panel_and_list_alone(self, viewer):
        case = CaseFactory(expected=["a", "gone-b"], filters={"language": "go"})
        here = address("cases", case.suite_id)
        panel = text_of(viewer.get(here, {"case": case.pk}, headers=part("peek")))
        assert "<html" not in panel
        assert '<a href="/fake/a/"><bdi>Answer a</bdi></a>' in panel
        assert "not there any more" in panel
        rows = text_of(viewer.get(here, {"case": case.pk}, headers=part("results")))
        assert "<html" not in rows
        assert 'id="peek" hx-swap-oob' in rows
        assert "no such case" in text_of(viewer.get(here, {"case": 10**17}))

    @pytest.mark.parametrize("rows", [1, 30])
    def test_number_of_queries(self, viewer, rows, django_assert_num_queries):
        suite = SuiteFactory()
        cases = CaseFactory.create_batch(rows, suite=suite)
        here = address("cases", suite.pk)
        viewer.get(here)
        # who asks, the suite, the case in the panel, cases counted and listed, ways, cases by state
        with django_assert_num_queries(7):
            viewer.get(here, {"case": cases[0].pk})


class TestCase:
    def test_shows_history_and_outcomes(self, viewer, compared):
        outcome = compared.run.outcomes.filter(right=False).first()
        page = text_of(viewer.get(outcome.case.get_absolute_url()))
        assert outcome.case.query in page
        assert f"#{compared.run_id}" in page
        assert "Save" not in page

    def test_edits(self, curator):
        case = CaseFactory(input={})
        sent = {"query": "another", "expected": "a\nb", "filters": "language: go", "tags": "x, y", "input": "{}"}
        curator.post(case.get_absolute_url(), sent)
        case.refresh_from_db()
        assert (case.query, case.expected, case.filters, case.tags) == (
            "another",
            ["a", "b"],
            {"language": "go"},
            ["x", "y"],
        )
        assert case.version == 2
        assert "question of" in text_of(curator.get(case.get_absolute_url()))

    def test_opening_and_saving_changes_nothing(self, curator):
        case = CaseFactory(filters={"language": "go"}, tags=["a", "b"], group="g", note="n")
        form = curator.get(case.get_absolute_url()).context["form"]
        curator.post(case.get_absolute_url(), {name: form[name].value() for name in form.fields})
        case.refresh_from_db()
        assert (case.version, case.revisions.count()) == (1, 0)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"filters": "no colon"}, "filters"),
            ({"expected": "[1"}, "expected"),
            ({"query": "", "input": "{}"}, "query"),
        ],
    )
    def test_errors_stand_at_the_field(self, curator, changes, field):
        case = CaseFactory()
        response = curator.post(case.get_absolute_url(), {"query": "q", "expected": "a", "input": "{}", **changes})
        assert response.status_code == 422
        assert response.context["form"].errors[field]
        case.refresh_from_db()
        assert case.version == 1

    def test_retires_and_activates(self, curator):
        case = CaseFactory()
        assert "retired now" in text_of(curator.post(address("set_state", case.pk), {"state": "retired"}, follow=True))
        assert "active now" in text_of(curator.post(address("set_state", case.pk), {"state": "active"}, follow=True))
        assert "is none of" in text_of(curator.post(address("set_state", case.pk), {"state": "lost"}, follow=True))

    @pytest.mark.parametrize("rows", [1, 6])
    def test_number_of_queries(self, viewer, rows, django_assert_num_queries):
        case = CaseFactory()
        for _ in range(rows):
            CaseOutcomeFactory(case=case, run__suite=case.suite)
        viewer.get(case.get_absolute_url())
        with django_assert_num_queries(4):  # who asks, the case, its outcomes, its revisions
            viewer.get(case.get_absolute_url())


class TestAdding:
    def test_writes_one(self, curator):
        suite = SuiteFactory()
        curator.post(address("add_cases", suite.pk), {"query": "sort a list", "expected": "a", "tags": "x"})
        case = suite.cases.get()
        assert (case.query, case.expected, case.tags, case.origin) == ("sort a list", ["a"], ["x"], CaseOrigin.WRITTEN)

    def test_imports_a_file(self, curator):
        suite = SuiteFactory()
        file = SimpleUploadedFile("cases.jsonl", b'{"id": "1", "query": "sort a list", "expected": ["a"]}\n')
        page = text_of(curator.post(address("import_cases", suite.pk), {"file": file}, follow=True))
        assert "1 created" in page
        assert suite.cases.get().origin == CaseOrigin.FILE

    @pytest.mark.parametrize(
        ("name", "body"), [("cases.xyz", b"?"), ("cases.jsonl", b'{"query": 1}\n{"a'), ("c.csv", b"")]
    )
    def test_a_file_that_cannot_be_read(self, curator, name, body):
        suite = SuiteFactory()
        response = curator.post(address("import_cases", suite.pk), {"file": SimpleUploadedFile(name, body)})
        assert response.status_code == 422
        assert not suite.cases.exists()

    def test_generates(self, curator):
        suite = SuiteFactory()
        page = text_of(curator.post(address("generate_cases", suite.pk), {"count": 3, "seed": 1}, follow=True))
        assert "3 created" in page
        assert suite.cases.count() == 3

    def test_generates_many_in_the_background(self, curator):
        suite = SuiteFactory()
        response = curator.post(address("generate_cases", suite.pk), {"count": 10_000, "seed": 1})
        assert "/jobs/" in response.url
        assert not suite.cases.exists()

    @pytest.mark.parametrize("count", ["0", "", "x"])
    def test_generates_no_nonsense(self, curator, count):
        response = curator.post(address("generate_cases", SuiteFactory().pk), {"count": count, "seed": 1})
        assert response.status_code == 422
        assert response.context["generate_form"].errors["count"]


class TestProgress:
    def test_shows_how_far_it_is_and_the_first_estimate(self, viewer):
        estimate = {"cases": 50, "accuracy": 0.8, "accuracy_interval": [0.67, 0.89], "answered": 0.9, "failed": 1}
        run = RunFactory(
            state=RunState.RUNNING, total=200, done=50, started_at=timezone.now(),
            estimate={**estimate, "latency_ms": 3.2, "cases_per_second": 25},
        )  # fmt: skip
        page = text_of(viewer.get(run.get_absolute_url()))
        for said in ("50 of 200 cases", "80.0 %", "67.0 to 89.0 %", "25 %", "left", "every 1s"):
            assert said in page
        assert "Cancel" not in page
        alone = viewer.get(run.get_absolute_url(), headers=part("progress"))
        assert "<html" not in text_of(alone)
        assert "HX-Refresh" not in alone

    def test_gives_way_to_the_report(self, viewer):
        run = ReportFactory(data={"reasons": [], "verdict": "first"}).run
        assert viewer.get(run.get_absolute_url(), headers=part("progress"))["HX-Refresh"] == "true"

    def test_cancels(self, developer):
        run = RunFactory(state=RunState.RUNNING, total=5)
        developer.post(address("cancel_run", run.pk))
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert "is over already" in text_of(developer.post(address("cancel_run", run.pk), follow=True))


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

    def test_runs_again_against_this_one(self, developer, compared):
        response = developer.post(address("run_again", compared.run_id))
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


@pytest.fixture
def trace(monkeypatch) -> str:
    answer = {
        "query": "sort a list",
        "filters": {},
        "got": [{"id": "b", "title": "Answer b"}],
        "trace": {"answered": True},
    }
    monkeypatch.setitem(targets.TRACES, "t1", answer)
    return f"{address('feedback')}?target={targets.NAME}&trace=t1"


class TestFeedback:
    def test_shows_the_answer(self, viewer, trace):
        page = text_of(viewer.get(trace))
        for said in ("sort a list", "Answer b", "Nothing fits"):
            assert said in page

    def test_finds_another(self, viewer, trace):
        page = text_of(viewer.get(f"{trace}&q=merge", headers=part("suggestions")))
        assert 'value="id:merge-1"' in page
        assert "<html" not in page
        assert 'value="id:merge-1"' in text_of(viewer.get(f"{trace}&q=merge"))

    @pytest.mark.parametrize(("right", "expected"), [("id:merge-1", ["merge-1"]), ("nothing:", [])])
    def test_becomes_a_draft(self, viewer, trace, right, expected):
        assert "Thank you" in text_of(viewer.post(trace, {"right": right, "note": "look"}))
        case = Case.objects.drafts().get()
        assert (case.query, case.expected, case.origin) == ("sort a list", expected, CaseOrigin.FEEDBACK)

    def test_one_must_choose(self, viewer, trace):
        response = viewer.post(trace, {})
        assert response.status_code == 422
        assert "Choose one" in text_of(response)

    def test_forgotten(self, viewer):
        response = viewer.get(address("feedback"), {"target": targets.NAME, "trace": "t9"})
        assert response.status_code == 404
        assert "kept for a day" in text_of(response)
        assert viewer.get(address("feedback"), {"target": "none", "trace": "t1"}).status_code == 404


class TestDrafts:
    @pytest.fixture
    def draft(self, viewer, trace) -> Case:
        viewer.post(trace, {"right": "id:merge-1", "note": "please"})
        return Case.objects.drafts().get()

    def test_shows_what_it_was_about(self, curator, draft):
        page = text_of(curator.get(address("drafts")))
        for said in ("sort a list", "please", "Answer b", "Answer merge-1"):
            assert said in page

    def test_accepts_into_a_suite_as_edited(self, curator, draft):
        suite = SuiteFactory()
        sent = {"query": "sort lists", "expected": "merge-1\nmerge-2", "suite": suite.pk}
        curator.post(address("accept_draft", draft.pk), {f"{draft.pk}-{name}": value for name, value in sent.items()})
        draft.refresh_from_db()
        assert (draft.state, draft.suite, draft.query) == (CaseState.ACTIVE, suite, "sort lists")
        assert draft.expected == ["merge-1", "merge-2"]

    def test_what_is_refused_stands_beside_it(self, curator, draft):
        twin = CaseFactory(query=draft.query, input={}, filters={})
        sent = {f"{draft.pk}-query": draft.query, f"{draft.pk}-suite": twin.suite_id}
        response = curator.post(address("accept_draft", draft.pk), sent)
        assert response.status_code == 422
        assert "Has this question already" in text_of(response)

    def test_dismisses(self, curator, draft):
        curator.post(address("dismiss_draft", draft.pk))
        draft.refresh_from_db()
        assert draft.state == CaseState.RETIRED
        assert "no draft any more" in text_of(curator.post(address("dismiss_draft", draft.pk), follow=True))

    @pytest.mark.parametrize("rows", [1, 10])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        for _ in range(rows):
            CaseFactory(state=CaseState.DRAFT)
        curator.get(address("drafts"))
        with django_assert_num_queries(4):  # who asks, drafts counted and listed, suites
            curator.get(address("drafts"))


class TestSchedules:
    def form(self, suite: Suite, **changes: object) -> dict[str, object]:
        fields = {"suite": suite.pk, "words": "every Monday at 6:30", "compare_with": "last_good"}
        return {**fields, "emails": "a@example.com, b@example.com", **changes}

    def test_adds_edits_pauses_and_deletes(self, curator):
        suite = SuiteFactory()
        assert curator.get(address("new_schedule"), {"suite": suite.pk}).status_code == 200
        curator.post(address("new_schedule"), self.form(suite))
        schedule = Schedule.objects.get()
        assert (schedule.suite, schedule.emails) == (suite, ["a@example.com", "b@example.com"])
        page = text_of(curator.get(address("schedules")))
        assert "Every Monday at 6:30" in page
        assert curator.get(address("schedule", schedule.pk)).status_code == 200
        curator.post(address("schedule", schedule.pk), self.form(suite, words="every night at 2", emails=""))
        schedule.refresh_from_db()
        assert (schedule.words, schedule.emails) == ("every night at 2", [])
        curator.post(address("pause_schedule", schedule.pk), {"enabled": "no"})
        assert "paused" in text_of(curator.get(address("schedules")))
        schedule = Schedule.objects.get()
        assert not schedule.periodic_task.enabled
        curator.post(address("delete_schedule", schedule.pk))
        assert not Schedule.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"words": "now and then"}, "words"),
            ({"emails": "nobody"}, "emails"),
            ({"compare_with": "pinned"}, "compare_with"),
        ],
    )
    def test_errors_stand_at_the_field(self, curator, changes, field):
        response = curator.post(address("new_schedule"), self.form(SuiteFactory(), **changes))
        assert response.status_code == 422
        assert response.context["form"].errors[field]
        assert not Schedule.objects.exists()

    @pytest.mark.parametrize("rows", [1, 5])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        for _ in range(rows):
            schedule = ScheduleFactory()
            ReportFactory(run__suite=schedule.suite, run__schedule=schedule)
        curator.get(address("schedules"))
        with django_assert_num_queries(3):  # who asks, schedules, their last runs
            curator.get(address("schedules"))


@pytest.fixture
def everything(compared) -> dict[str, str]:
    """All pages by name."""
    run, suite = compared.run, compared.run.suite
    case = run.outcomes.get(case__query="question 0").case
    schedule = ScheduleFactory(suite=suite)
    return {
        "suites": address("suites"),
        "new_suite": address("new_suite"),
        "suite": suite.get_absolute_url(),
        "settings": address("settings", suite.pk),
        "cases": f"{address('cases', suite.pk)}?case={case.pk}",
        "add_cases": address("add_cases", suite.pk),
        "case": case.get_absolute_url(),
        "run": f"{run.get_absolute_url()}?case={case.pk}",
        "drafts": address("drafts"),
        "schedules": address("schedules"),
        "new_schedule": address("new_schedule"),
        "schedule": address("schedule", schedule.pk),
    }


class TestRights:
    FOR_CURATORS = ("new_suite", "settings", "add_cases", "drafts", "new_schedule", "schedule")

    def test_pages(self, everything, viewer, developer, curator):
        for name, page in everything.items():
            may = name not in self.FOR_CURATORS
            assert viewer.get(page).status_code == (200 if may else 403), name
            assert developer.get(page).status_code == (200 if may else 403), name
            assert curator.get(page).status_code == 200, name

    def test_what_changes_something(self, compared, viewer, developer):
        run, suite, case = compared.run, compared.run.suite, compared.run.suite.cases.first()
        schedule = ScheduleFactory()
        for name, args in (("start_run", [suite.pk]), ("cancel_run", [run.pk]), ("run_again", [run.pk])):
            assert viewer.post(address(name, *args)).status_code == 403, name
        for name, args in (
            ("pin_baseline", [suite.pk]), ("import_cases", [suite.pk]), ("generate_cases", [suite.pk]),
            ("set_state", [case.pk]), ("case", [case.pk]), ("acknowledge", [run.pk]), ("fix_case", [run.pk, case.pk]),
            ("accept_draft", [case.pk]), ("dismiss_draft", [case.pk]), ("pause_schedule", [schedule.pk]),
            ("delete_schedule", [schedule.pk]),
        ):  # fmt: skip
            assert developer.post(address(name, *args)).status_code == 403, name
        assert suite.runs.count() == 2

    def test_strangers_sign_in_first(self, everything):
        for page in everything.values():
            assert Client().get(page).url.startswith(reverse("users:login"))

    def test_there_is_no_such_thing(self, viewer):
        for name in ("suite", "case", "run"):
            assert viewer.get(address(name, 2**40)).status_code == 404


class TestHostile:
    @pytest.fixture(autouse=True)
    def _hostile(self, compared, monkeypatch):
        Suite.objects.update(name=HOSTILE, description=HOSTILE)
        Run.objects.update(note=HOSTILE, pinned={HOSTILE: HOSTILE}, error=HOSTILE)
        Case.objects.update(made_by=HOSTILE[:100], tags=[HOSTILE], group=HOSTILE, note=HOSTILE, filters={"x": HOSTILE})
        Case.objects.filter(query="question 0").update(expected=[HOSTILE])
        got = [{"id": HOSTILE, "title": HOSTILE, "language": HOSTILE, "score": 1}]
        steps = [{"tier": HOSTILE, "outcome": HOSTILE, "ms": 1.0, "confidence": 0.5, "reason": HOSTILE}]
        trace = {"steps": steps, "terms": {HOSTILE: [HOSTILE]}}
        for run in Run.objects.all():
            run.outcomes.update(got=got, trace=trace, labels={"language": HOSTILE}, tier=HOSTILE[:40])
        CaseFactory(suite=compared.run.suite, state=CaseState.DRAFT, query=HOSTILE, source={"got": got, "trace": trace})

    def test_no_page_believes_it_or_needs_more_than_the_policy_gives(self, everything, curator):
        for name, address in everything.items():
            page = curator.get(address)
            markup = page.content.decode()
            assert page.status_code == 200, name
            assert "<script>alert" not in markup, name
            assert "<img src=x" not in markup, name
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", markup), name
            assert not re.search(r"<script(?![^>]*\ssrc=)", markup), name
            assert "unsafe" not in page["Content-Security-Policy"]
