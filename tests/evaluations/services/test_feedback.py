"""From a wrong answer to a case."""

from typing import Any

import pytest

from apps.core.errors import Conflict, InvalidInput
from apps.evaluations.models import Case, CaseOrigin, CaseState, Suite
from apps.evaluations.services.cases import set_states
from apps.evaluations.services.feedback import MAX_NOTE, accept_feedback, dismiss_feedback, give_feedback
from tests.evaluations import targets
from tests.evaluations.factories import CaseFactory, SuiteFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ANSWER = {
    "query": "size of a file",
    "filters": {"language": "python"},
    "got": [{"id": "b", "title": "B"}],
    "trace": {"tier": "rules"},
}


@pytest.fixture(autouse=True)
def traces(monkeypatch: pytest.MonkeyPatch) -> None:
    for trace_id in ("t1", "t2", "t3"):
        monkeypatch.setitem(targets.TRACES, trace_id, ANSWER)
    monkeypatch.setitem(targets.TRACES, "other", {**ANSWER, "query": "other"})


def give(trace_id: str = "t1", **options: Any) -> Case:
    case = give_feedback(**{"target": targets.NAME, "trace_id": trace_id, "expected": ["a"], **options})
    return Case.objects.get(pk=case.pk)


class TestGive:
    def test_makes_a_draft_of_the_answer_in_a_suite_for_it(self) -> None:
        user = UserFactory()
        case = give(note=" see the docs ", user_id=user.pk)
        assert (case.suite.name, case.suite.target) == ("Feedback: Fake answers", targets.NAME)
        assert (case.state, case.origin, case.created_by) == (CaseState.DRAFT, CaseOrigin.FEEDBACK, user)
        assert (case.query, case.expected, case.filters) == ("size of a file", ["a"], {"language": "python"})
        assert case.source | {"trace_id": "t1", **ANSWER} == case.source
        [report] = case.source["reports"]
        assert (report["by"], report["expected"], report["note"]) == (str(user), ["a"], "see the docs")
        assert case.note == f"{user}: right is a. see the docs"
        assert give("other").suite == case.suite

    def test_only_about_ones_own_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asker = UserFactory()
        monkeypatch.setitem(targets.TRACES, "own", {**ANSWER, "of": asker.pk})
        for user_id in (UserFactory().pk, None):
            with pytest.raises(InvalidInput) as caught:
                give("own", user_id=user_id)
            assert list(caught.value.errors) == ["trace_id"]
        assert not Suite.objects.exists()
        assert give("own", user_id=asker.pk).query == ANSWER["query"]

    def test_nothing_may_be_right(self) -> None:
        assert give(expected=[]).expected == []
        assert Case.objects.get().note == "Somebody: there is nothing right"

    def test_a_suite_of_ones_choice(self) -> None:
        suite = SuiteFactory()
        assert give(suite=suite).suite == suite
        with pytest.raises(InvalidInput) as caught:
            give(suite=SuiteFactory(target="functions.search"))
        assert list(caught.value.errors) == ["suite"]

    def test_reports_of_one_question_come_together(self) -> None:
        first, second = UserFactory(), UserFactory()
        give(user_id=first.pk)
        case = give("t2", expected=["c", "a"], note="too", user_id=second.pk)
        assert Case.objects.count() == 1
        assert case.expected == ["a", "c"]
        assert case.note == f"{first}: right is a\n{second}: right is c, a. too"
        assert [report["trace_id"] for report in case.source["reports"]] == ["t1", "t2"]
        assert case.source["trace_id"] == "t1"
        assert case.revisions.get().changed_by == second

    def test_the_same_report_twice_changes_nothing(self) -> None:
        user = UserFactory()
        before = give(user_id=user.pk)
        after = give(user_id=user.pk)
        assert (after.pk, after.note, after.source) == (before.pk, before.note, before.source)
        assert not after.revisions.exists()

    def test_a_dismissed_question_comes_back(self) -> None:
        case = give()
        dismiss_feedback(case=case)
        assert (give("t2").pk, give("t2").state) == (case.pk, CaseState.DRAFT)
        dismiss_feedback(case=case)
        assert give("t2").state == CaseState.DRAFT  # even by the very same report

    def test_an_accepted_question_that_is_answered_wrongly_again_is_another_draft(self) -> None:
        case = accept_feedback(case=give())
        again = give("t2")
        assert again.pk != case.pk
        assert again.state == CaseState.DRAFT
        assert give("t2").pk == again.pk
        set_states(cases=[again], state=CaseState.ACTIVE)
        with pytest.raises(Conflict, match="a case already"):
            give("t2")

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"trace_id": "gone"}, "trace_id"),
            ({"target": "none.such"}, "target"),
            ({"expected": "a"}, "expected"),
            ({"expected": None}, "expected"),
            ({"expected": ["a\0"]}, "expected"),
            ({"note": "x" * (MAX_NOTE + 1)}, "note"),
            ({"note": "\0"}, "note"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_made(self, options: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            give(**options)
        assert list(caught.value.errors) == [field]
        assert not Suite.objects.exists()


class TestAccept:
    def test_makes_it_a_case(self) -> None:
        user = UserFactory()
        case = accept_feedback(case=give(), expected=["c"], user_id=user.pk)
        case.refresh_from_db()
        assert (case.state, case.expected, case.version) == (CaseState.ACTIVE, ["c"], 2)
        assert case.revisions.get().changed_by == user
        with pytest.raises(Conflict, match="no draft"):
            accept_feedback(case=case)
        with pytest.raises(Conflict, match="no draft"):
            dismiss_feedback(case=case)

    def test_in_another_suite(self) -> None:
        draft, suite = give(), SuiteFactory()
        CaseFactory(suite=suite, external_id=draft.external_id, state=CaseState.RETIRED)
        version = suite.version
        case = accept_feedback(case=draft, suite=suite)
        assert (case.suite, case.state) == (suite, CaseState.ACTIVE)
        assert case.external_id == f"{draft.external_id}-{draft.pk}"
        suite.refresh_from_db()
        assert suite.version == version + 1
        assert not draft.suite.cases.exists()

    def test_a_question_that_the_suite_has_is_said(self) -> None:
        suite = SuiteFactory()
        other = CaseFactory(suite=suite, query=ANSWER["query"], input={}, filters=ANSWER["filters"])
        draft = give()
        with pytest.raises(InvalidInput, match=f"case {other.pk}"):
            accept_feedback(case=draft, suite=suite)
        draft.refresh_from_db()
        assert (draft.state, draft.suite.name) == (CaseState.DRAFT, "Feedback: Fake answers")
        CaseFactory(suite=draft.suite, query=ANSWER["query"], input={})  # asked without the filter
        assert accept_feedback(case=draft).state == CaseState.ACTIVE

    def test_not_for_another_target(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            accept_feedback(case=give(), suite=SuiteFactory(target="functions.search"))
        assert list(caught.value.errors) == ["suite"]


def test_dismissed() -> None:
    case = dismiss_feedback(case=give())
    assert case.state == CaseState.RETIRED
    with pytest.raises(Conflict, match="retired"):
        dismiss_feedback(case=case)
