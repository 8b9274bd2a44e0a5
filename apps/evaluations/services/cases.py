"""Cases: checked, stored, changed with their history, accepted and retired."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson
from django.db import transaction
from django.db.models import F

from apps.core.audit import record as record_audit
from apps.core.errors import InvalidInput
from apps.core.live import announce
from apps.core.targets.registry import get_target
from apps.core.targets.types import CaseRecord
from apps.evaluations.models import ASKED_FIELDS, CASE_FIELDS, Case, CaseOrigin, CaseRevision, CaseState, Suite

BATCH = 1000
MAX_DEPTH = 100
MAX_NUMBER = 2.0**63
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
RECORD_FIELDS = ("query", "input", "expected", "filters", "tags", "group", "made_by")


@dataclass(slots=True)
class Stored:
    """How many cases were new, changed, and as they were before."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def as_dict(self) -> dict[str, int]:
        return {"created": self.created, "changed": self.changed, "unchanged": self.unchanged}


@dataclass(frozen=True, slots=True)
class _Edit:
    """A changed case, and its fields before."""

    case: Case
    before: dict[str, Any]


def make_id(record: CaseRecord) -> str:
    """An id for a case that brings none: the same question has the same one."""
    asked = orjson.dumps([record.query, record.input, record.filters], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(asked).hexdigest()[:16]


def store_cases(
    *, suite: Suite, records: Iterable[CaseRecord], origin: CaseOrigin, user_id: int | None = None
) -> Stored:
    """Adds the cases or changes those whose ids are known, all or none. The records have been checked."""
    stored = Stored()
    remaining = iter(records)
    with transaction.atomic():
        Suite.objects.select_for_update().get(pk=suite.pk)
        while batch := list(islice(remaining, BATCH)):
            _store_batch(suite, batch, origin, user_id, stored)
        if stored.created or stored.changed:
            _raise_version(suite)
            facts: dict[str, Any] = stored.as_dict()
            record_audit("cases.stored", subject=suite, actor_id=user_id, origin=origin, **facts)
    return stored


def add_case(
    *,
    suite: Suite,
    record: CaseRecord,
    origin: CaseOrigin = CaseOrigin.WRITTEN,
    state: CaseState = CaseState.ACTIVE,
    note: str = "",
    source: dict[str, Any] | None = None,
    user_id: int | None = None,
) -> Case:
    """One new case. Raises InvalidInput naming the field at fault."""
    check_record(suite, record)
    record = replace(record, external_id=record.external_id or make_id(record))
    with transaction.atomic():
        Suite.objects.select_for_update().get(pk=suite.pk)
        if suite.cases.filter(external_id=record.external_id).exists():
            raise InvalidInput({"query": "the suite has this case already"}, code="taken")
        case = _new_case(suite, record, origin, user_id)
        case.state, case.note, case.source = state, note, source or {}
        case.save()
        _raise_version(suite)
    return case


def update_case(*, case: Case, changes: dict[str, Any], user_id: int | None = None) -> Case:
    """Changes fields of `CASE_FIELDS` and keeps what was. Raises InvalidInput naming the field at fault."""
    unknown = sorted(set(changes) - set(CASE_FIELDS))
    if unknown:
        raise InvalidInput({unknown[0]: f"cannot be changed; known are {', '.join(CASE_FIELDS)}"})
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).select_related("suite").get(pk=case.pk)
        before = case.as_data()
        for field, value in changes.items():
            setattr(case, field, value)
        if case.as_data() == before:
            return case
        if case.state not in CaseState.values:
            raise InvalidInput({"state": f"is none of {', '.join(CaseState.values)}"})
        check_record(case.suite, to_record(case))
        if case.state == CaseState.ACTIVE and before["state"] != CaseState.ACTIVE:
            _refuse_duplicate(case)
        _make_revision(_Edit(case, before), user_id).save()
        case.save()
        _raise_version(case.suite)
    return case


def set_states(*, cases: Sequence[Case], state: CaseState, user_id: int | None = None) -> int:
    """Accepts or retires many cases; returns how many changed. Raises InvalidInput when one cannot be asked."""
    keys, changed = sorted(case.pk for case in cases), 0
    with transaction.atomic():
        for start in range(0, len(keys), BATCH):
            batch = Case.objects.filter(pk__in=keys[start : start + BATCH]).exclude(state=state)
            changed += _set_states(list(batch.select_for_update(of=("self",)).select_related("suite")), state, user_id)
        if changed:
            record_audit("cases.set_state", actor_id=user_id, state=state, changed=changed, cases=keys)
    return changed


def _set_states(cases: list[Case], state: CaseState, user_id: int | None) -> int:
    edits = [_Edit(case, case.as_data()) for case in cases]
    for case in cases:
        case.state = state
        if state == CaseState.ACTIVE:
            check_record(case.suite, to_record(case))
    _save_edits(edits, ("state",), user_id)
    for suite in {case.suite_id: case.suite for case in cases}.values():
        _raise_version(suite)
    return len(cases)


def _refuse_duplicate(case: Case) -> None:
    if other := find_same(case, case.suite):
        reason = f"cannot be active: case {other.pk} of the suite asks the same"
        raise InvalidInput({"state": reason}, code="taken")


def find_same(case: Case, suite: Suite) -> Case | None:
    """An active case of the suite that asks what this one asks."""
    same = suite.cases.active().filter(query=case.query, input=case.input, filters=case.filters)
    return same.exclude(pk=case.pk).first()


def accept_answer(*, case: Case, answer: Any, user_id: int | None = None) -> Case:
    """Another right answer of a case."""
    if answer in case.expected:
        raise InvalidInput({"answer": "is one of the right answers already"})
    return update_case(case=case, changes={"expected": [*case.expected, answer]}, user_id=user_id)


def check_record(suite: Suite, record: CaseRecord) -> None:
    """Raises InvalidInput with every field that the suite's target cannot take."""
    errors = find_errors(suite, record)
    if errors:
        raise InvalidInput(errors)


def find_errors(suite: Suite, record: CaseRecord) -> dict[str, str]:
    """What is wrong with a case, by field."""
    errors = dict(get_target(suite.target).check_case(record))
    for field, most in (("external_id", 200), ("group", 500), ("made_by", 100)):
        if len(getattr(record, field)) > most:
            errors["id" if field == "external_id" else field] = f"is longer than {most} characters"
    if any(not tag or len(tag) > 100 for tag in record.tags):
        errors["tags"] = "must each have 1 to 100 characters"
    if record.expected is None:
        errors.setdefault("expected", "is missing")
    for field in ("external_id", *RECORD_FIELDS):
        if reason := _explain_unfit(getattr(record, field)):
            errors.setdefault("id" if field == "external_id" else field, reason)
    return errors


def _explain_unfit(value: Any) -> str:
    """Why the database or an id cannot take this value; empty when they can. Walks: recursion would end in the deep."""
    remaining: list[tuple[Any, int]] = [(value, 0)]
    while remaining:
        one, depth = remaining.pop()
        if depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} levels deep"
        if isinstance(one, str) and UNSTORABLE.search(one):
            return "has characters that no database stores: NUL, or half of a pair"
        if isinstance(one, int | float) and not -MAX_NUMBER < one < MAX_NUMBER:
            return "has a number that is too large"
        if isinstance(one, Mapping):
            one = [*one, *one.values()]
        if isinstance(one, list | tuple):
            remaining.extend((part, depth + 1) for part in one)
    return ""


def to_record(case: Case) -> CaseRecord:
    return CaseRecord(
        external_id=case.external_id,
        query=case.query,
        input=case.input,
        expected=case.expected,
        filters=case.filters,
        tags=tuple(case.tags),
        group=case.group,
        made_by=case.made_by,
    )


def _store_batch(
    suite: Suite, batch: list[CaseRecord], origin: CaseOrigin, user_id: int | None, stored: Stored
) -> None:
    by_id = {record.external_id: record for record in batch}
    known = {case.external_id: case for case in suite.cases.filter(external_id__in=by_id)}
    edits = [_Edit(case, case.as_data()) for case in known.values()]
    for edit in edits:
        _apply(edit.case, by_id[edit.case.external_id])
    changed = [edit for edit in edits if edit.case.as_data() != edit.before]
    _save_edits(changed, (*RECORD_FIELDS, "version"), user_id)
    stored.changed += len(changed)
    stored.unchanged += len(known) - len(changed)
    new = [_new_case(suite, record, origin, user_id) for key, record in by_id.items() if key not in known]
    Case.objects.bulk_create(new)
    stored.created += len(new)


def _new_case(suite: Suite, record: CaseRecord, origin: CaseOrigin, user_id: int | None) -> Case:
    case = Case(suite=suite, external_id=record.external_id, origin=origin, created_by_id=user_id)
    _apply(case, record)
    return case


def _apply(case: Case, record: CaseRecord) -> None:
    for field in RECORD_FIELDS:
        value = getattr(record, field)
        setattr(case, field, list(value) if isinstance(value, tuple) else value)


def _make_revision(edit: _Edit, user_id: int | None) -> CaseRevision:
    """What was; the case's version rises when it asks something else now."""
    case = edit.case
    revision = CaseRevision(case=case, version=case.version, data=edit.before, changed_by_id=user_id)
    if any(edit.before[field] != getattr(case, field) for field in ASKED_FIELDS):
        case.version += 1
    return revision


def _save_edits(edits: list[_Edit], fields: Sequence[str], user_id: int | None) -> None:
    """Two statements a batch: ten thousand changed cases take seconds, not the better part of a minute."""
    CaseRevision.objects.bulk_create([_make_revision(edit, user_id) for edit in edits])
    Case.objects.bulk_create(
        [edit.case for edit in edits],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*fields, "updated_at"],
    )


def _raise_version(suite: Suite) -> None:
    Suite.objects.filter(pk=suite.pk).update(version=F("version") + 1)
    suite.refresh_from_db(fields=["version"])
    announce("case", suite.pk)
