import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.jobs.services import run_job
from apps.core.models import Job
from apps.evaluations.models import Case, CaseOrigin, CaseState
from tests.evaluations.factories import (
    CaseFactory,
    CaseOutcomeFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, part, text_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


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
        assert "Nothing fits" in text_of(viewer.get(here, {"q": "\0"}))

    def test_panel_and_list_alone(self, viewer):
        case = CaseFactory(expected=["a", "gone-b"], filters={"language": "go"})
        here = address("cases", case.suite_id)
        panel = text_of(viewer.get(here, {"peek": case.pk}, headers=part("peek")))
        assert "<html" not in panel
        assert '<a href="/fake/a/"><bdi>Answer a</bdi></a>' in panel
        assert "not there any more" in panel
        rows = text_of(viewer.get(here, headers=part("results")))
        assert "<html" not in rows
        assert 'id="peek" hx-swap-oob' in rows
        assert "no such row" in text_of(viewer.get(here, {"peek": 10**17}))

    def test_the_case_of_another_suite_is_not_here(self, viewer):
        case = CaseFactory(query="of another suite")
        page = text_of(viewer.get(address("cases", SuiteFactory().pk), {"peek": case.pk}))
        assert "no such row" in page
        assert "of another suite" not in page

    def test_retires_and_activates_the_selected(self, curator):
        suite = SuiteFactory()
        first, second, third = CaseFactory.create_batch(3, suite=suite)
        other = CaseFactory()
        sent = {"action": "retired", "rows": [first.pk, second.pk, other.pk], "path": address("cases", suite.pk)}
        page = text_of(curator.post(address("change_cases", suite.pk), sent, follow=True))
        assert "2 cases are retired now" in page
        states = Case.objects.order_by("pk").values_list("state", flat=True)
        assert list(states) == ["retired", "retired", "active", "active"]
        assert first.revisions.count() == 1
        refused = curator.post(address("change_cases", suite.pk), {**sent, "action": "draft"}, follow=True)
        assert "is none of" in text_of(refused)
        assert third.revisions.count() == 0

    @pytest.mark.parametrize("rows", [1, 30])
    def test_number_of_queries(self, viewer, rows, django_assert_num_queries):
        suite = SuiteFactory()
        cases = CaseFactory.create_batch(rows, suite=suite)
        here = address("cases", suite.pk)
        viewer.get(here)
        # who asks, the suite, the case in the panel, cases, ways, cases by state, saved views
        with django_assert_num_queries(7):
            viewer.get(here, {"peek": cases[0].pk})


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

    @pytest.mark.parametrize("expected", [["a", "b"], [], ["[Symbol.iterator]"], [" a"], ["two\nlines"]])
    def test_opening_and_saving_changes_nothing(self, curator, expected):
        asked = {"query": "two\nlines, and a space ", "filters": {"language": "go"}, "expected": expected}
        case = CaseFactory(**asked, tags=["a", "b"], group="g", note="n\nn")
        form = curator.get(case.get_absolute_url()).context["form"]
        sent = {name: str(form[name].value()).replace("\n", "\r\n") for name in form.fields}  # as browsers do
        curator.post(case.get_absolute_url(), sent)
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

    def test_what_is_around_a_question_is_none_of_it(self, curator):
        suite = SuiteFactory()
        curator.post(address("add_cases", suite.pk), {"query": " sort\r\na list\r\n", "expected": "a"})
        assert suite.cases.get().query == "sort\na list"

    def test_imports_a_file(self, curator):
        suite = SuiteFactory()
        file = SimpleUploadedFile("cases.jsonl", b'{"id": "1", "query": "sort a list", "expected": ["a"]}\n')
        page = text_of(curator.post(address("import_cases", suite.pk), {"file": file}, follow=True))
        assert "1 created" in page
        assert suite.cases.get().origin == CaseOrigin.FILE

    def test_says_which_answers_are_not_there(self, curator):
        file = SimpleUploadedFile("cases.jsonl", b'{"query": "sort a list", "expected": ["gone-1"]}')
        page = text_of(curator.post(address("import_cases", SuiteFactory().pk), {"file": file}, follow=True))
        assert "1 of its right answers are not there" in page

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
        response = curator.post(address("generate_cases", suite.pk), {"count": 2_001, "seed": 1})
        assert not suite.cases.exists()
        run_job(Job.objects.get().pk)
        page = text_of(curator.get(response.url))
        assert "2,001" in page
        assert suite.get_absolute_url() in page

    @pytest.mark.parametrize("count", ["0", "", "x"])
    def test_generates_no_nonsense(self, curator, count):
        response = curator.post(address("generate_cases", SuiteFactory().pk), {"count": count, "seed": 1})
        assert response.status_code == 422
        assert response.context["generate_form"].errors["count"]
