"""Answers that somebody marked wrong: each becomes a draft case, which a curator accepts or dismisses."""

from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.core.targets.registry import get_target
from apps.core.targets.types import CaseRecord
from apps.evaluations.models import Case, CaseOrigin, CaseState, Suite
from apps.evaluations.services.cases import add_case, find_same, make_id, update_case
from apps.evaluations.services.suites import get_or_create_suite

MAX_NOTE = 2000
MADE_BY = "feedback"


def give_feedback(
    *,
    target: str,
    trace_id: str,
    expected: list[Any],
    note: str = "",
    suite: Suite | None = None,
    user_id: int | None = None,
) -> Case:
    """The draft that says what the right answers would have been; `expected` is [] when there is nothing right.

    Reports of one question come together in one draft. Raises InvalidInput naming target, trace_id (the answer is
    forgotten, or another's), expected, note or suite; Conflict when this answer's case was accepted already.
    """
    user = get_user_model().objects.filter(pk=user_id).first() if user_id else None
    answer = get_target(target).find_answer(trace_id, user=user)
    if answer is None:
        raise InvalidInput({"trace_id": "is of no answer of yours of the last day: ask again, and report that answer"})
    _check(expected, note)
    report = _describe_report(trace_id, expected, note.strip(), str(user or ""))
    record = CaseRecord("", answer["query"], expected=expected, filters=answer["filters"], made_by=MADE_BY)
    with transaction.atomic():
        suite = _choose_suite(suite, target, user_id)
        question = make_id(record)
        for external_id in (question, f"{question}-{trace_id[:16]}"):
            known = suite.cases.select_for_update().filter(external_id=external_id).first()
            if known is None:
                record = replace(record, external_id=external_id)
                return _add_draft(suite, record, {"trace_id": trace_id, **answer}, report, user_id)
            if known.origin == CaseOrigin.FEEDBACK and known.state != CaseState.ACTIVE:
                return _add_report(known, report, user_id)
    raise Conflict("This answer was reported before, and is a case already.", code="accepted_before")


def accept_feedback(
    *, case: Case, suite: Suite | None = None, expected: list[Any] | None = None, user_id: int | None = None
) -> Case:
    """Makes the draft a case that sweeps ask, in another suite of the same target where one is given.

    Raises Conflict when it is no draft any more, InvalidInput naming suite (which may have this question already) or
    expected.
    """
    with transaction.atomic():
        case = _lock_draft(case)
        destination = suite or case.suite
        if destination.target != case.suite.target:
            raise InvalidInput({"suite": f"is for {destination.target}, and the answer came from {case.suite.target}"})
        _refuse_duplicate(case, destination)
        if destination.pk != case.suite_id:
            _move(case, destination)
        changes: dict[str, Any] = {"state": CaseState.ACTIVE}
        if expected is not None:
            changes["expected"] = expected
        return update_case(case=case, changes=changes, user_id=user_id)


def dismiss_feedback(*, case: Case, user_id: int | None = None) -> Case:
    """Retires the draft; another report of the same question brings it back. Conflict when it is no draft any more."""
    with transaction.atomic():
        return update_case(case=_lock_draft(case), changes={"state": CaseState.RETIRED}, user_id=user_id)


def _check(expected: object, note: str) -> None:
    if not isinstance(expected, list):
        raise InvalidInput({"expected": 'must be a list; "[]" says that there is nothing right'})
    if len(note) > MAX_NOTE or "\0" in note:
        raise InvalidInput({"note": f"must have at most {MAX_NOTE:,} characters, and no NUL among them"})


def _describe_report(trace_id: str, expected: list[Any], note: str, by: str) -> dict[str, Any]:
    return {
        "by": by,
        "at": timezone.now().isoformat(timespec="seconds"),
        "trace_id": trace_id,
        "expected": expected,
        "note": note,
    }


def _choose_suite(suite: Suite | None, target: str, user_id: int | None) -> Suite:
    """Locked, so that two reports of one question do not both make a draft of it."""
    if suite is None:
        suite = _feedback_suite(target, user_id)
    if suite.target != target:
        raise InvalidInput({"suite": f"is for {suite.target}, and the answer came from {target}"})
    return Suite.objects.select_for_update().get(pk=suite.pk)


def _feedback_suite(target: str, user_id: int | None) -> Suite:
    name = f"Feedback: {get_target(target).title}"
    try:
        return get_or_create_suite(name=name, target=target, user_id=user_id)
    except InvalidInput as error:
        if error.code != "taken":
            raise
        return get_or_create_suite(name=name, target=target)  # somebody made it in between


def _add_draft(
    suite: Suite, record: CaseRecord, source: dict[str, Any], report: dict[str, Any], user_id: int | None
) -> Case:
    return add_case(
        suite=suite,
        record=record,
        origin=CaseOrigin.FEEDBACK,
        state=CaseState.DRAFT,
        note=_say(report),
        source={**source, "reports": [report]},
        user_id=user_id,
    )


def _add_report(case: Case, report: dict[str, Any], user_id: int | None) -> Case:
    """The same report once more changes nothing: somebody pressed the button twice."""
    reports = case.source.get("reports", [])
    told = ("by", "trace_id", "expected", "note")
    if any(all(old[key] == report[key] for key in told) for old in reports) and case.state == CaseState.DRAFT:
        return case
    known = case.expected or []
    changes = {
        "state": CaseState.DRAFT,
        "expected": [*known, *(one for one in report["expected"] if one not in known)],
        "note": "\n".join(filter(None, [case.note, _say(report)])),
    }
    case = update_case(case=case, changes=changes, user_id=user_id)
    case.source = {**case.source, "reports": [*reports, report]}
    case.save(update_fields=["source", "updated_at"])
    return case


def _say(report: dict[str, Any]) -> str:
    """The report as a line of the case's note."""
    right = ", ".join(str(one) for one in report["expected"])
    said = f"right is {right}" if right else "there is nothing right"
    return f"{report['by'] or 'Somebody'}: {said}" + (f". {report['note']}" if report["note"] else "")


def _lock_draft(case: Case) -> Case:
    case = Case.objects.select_for_update(of=("self",)).select_related("suite").get(pk=case.pk)
    if case.state != CaseState.DRAFT:
        raise Conflict(f"Case {case.pk} is no draft any more: it is {case.state}.", code="no_draft")
    return case


def _refuse_duplicate(case: Case, suite: Suite) -> None:
    if other := find_same(case, suite):
        reason = f"has this question already, as case {other.pk}: add the right answer there, and dismiss this draft"
        raise InvalidInput({"suite": reason}, code="taken")


def _move(case: Case, suite: Suite) -> None:
    """Drafts have no outcomes yet that would belong to the old suite's runs."""
    Suite.objects.select_for_update().get(pk=suite.pk)
    if suite.cases.filter(external_id=case.external_id).exists():
        case.external_id = f"{case.external_id}-{case.pk}"
    case.suite = suite
    case.save(update_fields=["suite", "external_id", "updated_at"])
