"""Curation: every change of a function goes through here and leaves a revision."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.audit import record as record_audit
from apps.core.errors import Conflict, InvalidInput
from apps.core.live import announce
from apps.core.models import Job
from apps.functions.models import RECORD_FIELDS, Function, FunctionState, Library, Origin, Revision
from apps.functions.records import FunctionRecord, RecordError, parse_record
from apps.functions.services.embedding import embed_quietly

STATES = tuple(FunctionState.values)
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, by which way in, and for which job."""

    origin: Origin
    user_id: int | None = None
    note: str = ""
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's change between two revisions; `diff` has the lines of a unified diff without its header."""

    field: str
    before: Any
    after: Any
    diff: list[str]


def create_function(*, data: dict[str, Any], library: str, user_id: int | None, origin: Origin) -> Function:
    """Raises InvalidInput naming the field; an id that the library has already is such a field."""
    state = _check_state(data.get("state", FunctionState.PUBLISHED))
    record = _parse({**data, "library": library})
    function = Function(external_id=record.external_id, state=state)
    function.apply_record(record)
    try:
        with transaction.atomic():
            function.library, _ = Library.objects.get_or_create(name=library)
            function.save()
            record_revisions([function], Author(origin, user_id))
            embed_quietly([function])
            announce("function", function.pk)
    except IntegrityError as error:
        reason = f"the library {library} has a function with this id already"
        raise InvalidInput({"id": reason}, code="duplicate") from error
    return function


def update_function(
    *,
    function: Function,
    changes: dict[str, Any],
    user_id: int | None,
    origin: Origin,
    note: str = "",
    expected_revision: int | None = None,
) -> Function:
    """Changes fields of the record or the state. Nothing changed, nothing written.

    Raises InvalidInput naming the field, or Conflict when `expected_revision` is not the current one any more.
    """
    with transaction.atomic():
        current = Function.objects.select_for_update(of=("self",)).with_library().get(pk=function.pk)
        if expected_revision is not None and expected_revision != current.revision:
            raise Conflict(
                f"Somebody changed it meanwhile: it is at revision {current.revision}, not {expected_revision}.",
                code="stale_revision",
            )
        before = current.as_data()
        _apply_changes(current, changes)
        if current.as_data() != before:
            current.revision += 1
            current.save()
            record_revisions([current], Author(origin, user_id, note))
            # In the same transaction: whoever sees the new text sees its vector too.
            embed_quietly([current])
            announce("function", current.pk)
    return current


def set_state(*, functions: QuerySet[Function], state: str, user_id: int | None, origin: Origin, note: str = "") -> int:
    """Publishes, retires or drafts many; returns how many changed."""
    _check_state(state)

    def change(function: Function) -> None:
        function.state = state

    return _change_many(functions.exclude(state=state), "state", change, Author(origin, user_id, note))


def add_keywords(
    *, functions: QuerySet[Function], add: Sequence[str], remove: Sequence[str], user_id: int | None, origin: Origin
) -> int:
    """Adds and removes keywords of many; returns how many changed."""

    def change(function: Function) -> None:
        kept = [word for word in function.keywords if word not in remove]
        function.apply_record(_parse({**_record_of(function), "keywords": [*kept, *add]}))

    return _change_many(functions, "keywords", change, Author(origin, user_id))


def restore_revision(*, function: Function, number: int, user_id: int | None, origin: Origin) -> Function:
    """Makes the function what it was at a revision, as a new revision."""
    revision = function.revisions.filter(number=number).first()
    if revision is None:
        raise InvalidInput({"number": f"there is no revision {number}"})
    changes = {field: revision.data[field] for field in RECORD_FIELDS if field in revision.data}
    note = f"restored revision {number}"
    return update_function(function=function, changes=changes, user_id=user_id, origin=origin, note=note)


def diff_revisions(older: Revision | None, newer: Revision) -> list[FieldChange]:
    """What `newer` changed; with no older one, every field that is not empty."""
    before = older.data if older else {}
    return [
        FieldChange(
            field, before.get(field), newer.data.get(field), _diff_lines(before.get(field), newer.data.get(field))
        )
        for field in RECORD_FIELDS
        if (before.get(field) or None) != (newer.data.get(field) or None)
    ]


def record_revisions(functions: Sequence[Function], author: Author) -> None:
    """Writes the current state of each as its revision number `function.revision`."""
    Revision.objects.bulk_create(
        Revision(
            function=function,
            number=function.revision,
            data=function.as_data(),
            changed_by_id=author.user_id,
            origin=author.origin,
            note=author.note,
            job=author.job,
        )
        for function in functions
    )


def _change_many(functions: QuerySet[Function], field: str, change: Callable[[Function], None], author: Author) -> int:
    """Changes one field of many, all or none; chunks bound the memory."""
    changed = 0
    ids = list(functions.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        for start in range(0, len(ids), CHUNK):
            rows = Function.objects.select_for_update(of=("self",)).filter(pk__in=ids[start : start + CHUNK])
            touched = [row for row in rows.with_library().order_by("pk") if _changes(row, change)]
            for row in touched:
                row.revision += 1
                row.updated_at = timezone.now()
            Function.objects.bulk_update(touched, [field, "revision", "updated_at"])
            record_revisions(touched, author)
            changed += len(touched)
        if changed:
            announce("function")
            record_audit("functions.changed", actor_id=author.user_id, field=field, changed=changed, functions=ids)
    return changed


def _changes(function: Function, change: Callable[[Function], None]) -> bool:
    before = function.as_data()
    change(function)
    return function.as_data() != before


def _apply_changes(function: Function, changes: dict[str, Any]) -> None:
    unknown = sorted(set(changes) - set(RECORD_FIELDS))
    if unknown:
        raise InvalidInput({unknown[0]: "is no field that can be changed"})
    if "state" in changes:
        function.state = _check_state(changes["state"])
    rest = {key: value for key, value in changes.items() if key != "state"}
    if "name" in rest and "qualified_name" not in rest:
        rest["qualified_name"] = _requalify(function, str(rest["name"]))
    if rest:
        function.apply_record(_parse({**_record_of(function), **rest}))


def _requalify(function: Function, name: str) -> str:
    """The qualified name of a renamed function: what came before its name stays."""
    return function.qualified_name.removesuffix(function.name) + name


def _record_of(function: Function) -> dict[str, Any]:
    data = function.as_data()
    data.pop("state")
    return {**data, "id": function.external_id, "library": function.library.name}


def _parse(data: dict[str, Any]) -> FunctionRecord:
    fields = {key: value for key, value in data.items() if key != "state"}
    try:
        return parse_record(fields)
    except RecordError as error:
        raise InvalidInput({error.field: error.reason}) from error


def _check_state(state: str) -> str:
    if state not in STATES:
        raise InvalidInput({"state": f"is none of {', '.join(STATES)}"})
    return state


def _diff_lines(before: Any, after: Any) -> list[str]:
    return list(difflib.unified_diff(_as_lines(before), _as_lines(after), lineterm="", n=2))[2:]


def _as_lines(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    return [str(item) for item in value] if isinstance(value, list) else str(value).splitlines()
