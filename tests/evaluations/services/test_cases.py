"""Cases: checked, stored, changed with their history, accepted and retired."""

import pytest

from apps.core.errors import InvalidInput
from apps.core.targets.types import CaseRecord
from apps.evaluations.models import Case, CaseOrigin, CaseState
from apps.evaluations.services import cases
from tests.evaluations.factories import CaseFactory, SuiteFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def record(number: int, **changes: object) -> CaseRecord:
    return CaseRecord(**{"external_id": f"c{number}", "query": f"question {number}", "expected": ["a"], **changes})


def test_cases_are_added_changed_and_left_alone() -> None:
    suite = SuiteFactory()
    first = cases.store_cases(suite=suite, records=[record(1), record(2)], origin=CaseOrigin.FILE)
    assert (first.as_dict(), suite.version) == ({"created": 2, "changed": 0, "unchanged": 0}, 2)
    again = cases.store_cases(suite=suite, records=[record(1), record(2, expected=["b"])], origin=CaseOrigin.FILE)
    assert (again.as_dict(), suite.version) == ({"created": 0, "changed": 1, "unchanged": 1}, 3)
    changed = suite.cases.get(external_id="c2")
    assert (changed.expected, changed.version) == (["b"], 2)
    assert changed.revisions.get().data["expected"] == ["a"]
    same = cases.store_cases(suite=suite, records=[record(1)], origin=CaseOrigin.FILE)
    assert (same.unchanged, suite.version) == (1, 3)


def test_storing_is_all_or_none() -> None:
    suite = SuiteFactory()

    def broken() -> object:
        yield record(1)
        raise InvalidInput({"line 2": "is broken"})

    with pytest.raises(InvalidInput):
        cases.store_cases(suite=suite, records=broken(), origin=CaseOrigin.FILE)
    assert not suite.cases.exists()


def test_only_a_change_of_the_question_makes_another_version() -> None:
    case = CaseFactory()
    assert cases.update_case(case=case, changes={"tags": ["slow"]}).version == 1
    assert cases.update_case(case=case, changes={"query": "another question"}).version == 2
    assert cases.update_case(case=case, changes={"query": "another question"}).version == 2
    assert [revision.version for revision in case.revisions.all()] == [1, 1]


def test_an_impossible_change_changes_nothing() -> None:
    case = CaseFactory()
    for changes in ({"colour": "red"}, {"state": "lost"}, {"query": "", "input": {}}, {"tags": [""]}):
        with pytest.raises(InvalidInput) as error:
            cases.update_case(case=case, changes=changes)
        assert set(error.value.errors) & set(changes)
    case.refresh_from_db()
    assert case.as_data() == CaseFactory.build(external_id=case.external_id).as_data()


def test_the_same_question_is_no_second_case() -> None:
    suite = SuiteFactory()
    asked = CaseRecord("", query="how to sort", expected=[], filters={"language": "go"})
    case = cases.add_case(suite=suite, record=asked)
    assert (case.origin, case.state, len(case.external_id)) == (CaseOrigin.WRITTEN, CaseState.ACTIVE, 16)
    with pytest.raises(InvalidInput) as error:
        cases.add_case(suite=suite, record=asked)
    assert error.value.code == "taken"
    cases.add_case(suite=suite, record=CaseRecord("", query="how to sort", expected=[]))
    assert suite.cases.count() == 2


def test_a_case_becomes_active_only_when_no_other_asks_the_same() -> None:
    case = CaseFactory()
    draft = CaseFactory(suite=case.suite, query=case.query, state=CaseState.DRAFT)
    elsewhere = CaseFactory(query=case.query, state=CaseState.DRAFT)
    with pytest.raises(InvalidInput) as error:
        cases.update_case(case=draft, changes={"state": CaseState.ACTIVE})
    assert (error.value.code, str(case.pk) in error.value.errors["state"]) == ("taken", True)
    assert Case.objects.drafts().count() == 2
    cases.update_case(case=elsewhere, changes={"state": CaseState.ACTIVE})
    cases.update_case(case=case, changes={"state": CaseState.RETIRED})
    assert cases.update_case(case=draft, changes={"state": CaseState.ACTIVE}).state == CaseState.ACTIVE


def test_drafts_are_accepted_and_cases_retired_in_bulk() -> None:
    suite = SuiteFactory()
    drafts = [CaseFactory(suite=suite, state=CaseState.DRAFT) for _ in range(3)]
    assert cases.set_states(cases=drafts, state=CaseState.ACTIVE) == 3
    assert cases.set_states(cases=list(Case.objects.all()), state=CaseState.ACTIVE) == 0
    assert suite.cases.active().count() == 3


def test_another_right_answer_is_added_once() -> None:
    case = CaseFactory(expected=["a"])
    assert cases.accept_answer(case=case, answer="b").expected == ["a", "b"]
    case.refresh_from_db()
    with pytest.raises(InvalidInput):
        cases.accept_answer(case=case, answer="b")


def test_every_fault_of_a_record_is_named() -> None:
    suite = SuiteFactory()
    bad = CaseRecord("x" * 201, query="\0", group="g" * 501, made_by="m" * 101, tags=("",), input={"right": True})
    assert sorted(cases.find_errors(suite, bad)) == ["expected", "group", "id", "made_by", "query", "tags"]
    for text in ("\ud800", "a\0b"):
        assert "input" in cases.find_errors(suite, record(1, input={"text": [text]}))
        assert "query" in cases.find_errors(suite, record(1, query=text))


def test_many_change_at_once_and_each_keeps_what_was() -> None:
    suite, user = SuiteFactory(), UserFactory()
    stored = CaseFactory.create_batch(3, suite=suite)
    drafts = [CaseFactory(suite=suite, state=CaseState.DRAFT), CaseFactory(state=CaseState.DRAFT)]
    version, made = suite.version, {case.pk: case.created_at for case in Case.objects.all()}
    assert cases.set_states(cases=[*stored, *drafts], state=CaseState.ACTIVE, user_id=user.pk) == 2
    revision = drafts[0].revisions.get()
    assert (revision.data["state"], revision.version, revision.changed_by) == (CaseState.DRAFT, 1, user)
    assert not stored[0].revisions.exists()
    suite.refresh_from_db()
    assert suite.version == version + 1
    assert {case.pk: case.created_at for case in Case.objects.all()} == made
    assert set(Case.objects.values_list("version", "state")) == {(1, CaseState.ACTIVE)}


def test_none_changes_when_one_cannot_be_asked() -> None:
    good, bad = CaseFactory(state=CaseState.DRAFT), CaseFactory(state=CaseState.DRAFT)
    Case.objects.filter(pk=bad.pk).update(query="", input={})
    with pytest.raises(InvalidInput):
        cases.set_states(cases=[good, bad], state=CaseState.ACTIVE)
    assert cases.set_states(cases=[good, bad], state=CaseState.RETIRED) == 2
