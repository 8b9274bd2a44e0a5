import pytest
from django.contrib.auth import get_user

from apps.evaluations.models import Case, CaseOrigin, CaseState
from tests.evaluations import targets
from tests.evaluations.factories import (
    CaseFactory,
    SuiteFactory,
)
from tests.evaluations.views.pages import address, part, text_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


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

    def test_anothers_is_as_if_it_were_forgotten(self, viewer, curator, trace, monkeypatch):
        asker = get_user(viewer)
        monkeypatch.setitem(targets.TRACES, "t1", {**targets.TRACES["t1"], "of": asker.pk})
        assert viewer.get(trace).status_code == 200
        for response in (curator.get(trace), curator.post(trace, {"right": "nothing:"})):
            assert response.status_code == 404
            assert "sort a list" not in text_of(response)
        assert not Case.objects.exists()


class TestDrafts:
    @pytest.fixture
    def draft(self, viewer, trace) -> Case:
        viewer.post(trace, {"right": "id:merge-1", "note": "please"})
        return Case.objects.drafts().get()

    def test_shows_what_it_was_about(self, curator, draft):
        page = text_of(curator.get(address("drafts"), {"peek": draft.pk}))
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

    def test_dismisses_the_selected(self, curator):
        drafts = CaseFactory.create_batch(3, state=CaseState.DRAFT)
        active = CaseFactory()
        sent = {"action": "dismiss", "rows": [drafts[0].pk, drafts[1].pk, active.pk], "path": address("drafts")}
        assert "2 drafts are dismissed" in text_of(curator.post(address("dismiss_drafts"), sent, follow=True))
        assert list(Case.objects.drafts()) == [drafts[2]]
        active.refresh_from_db()
        assert active.state == CaseState.ACTIVE

    @pytest.mark.parametrize("rows", [1, 10])
    def test_number_of_queries(self, curator, rows, django_assert_num_queries):
        for _ in range(rows):
            CaseFactory(state=CaseState.DRAFT)
        curator.get(address("drafts"))
        with django_assert_num_queries(4):  # who asks, suites, saved views, drafts
            curator.get(address("drafts"))
