"""Test cases out of the catalogue as it is published now."""

from collections.abc import Iterator

from apps.core.errors import InvalidInput
from apps.core.targets.types import CaseRecord
from apps.functions.generation import GeneratedCase, Subject, generate
from apps.functions.models import Function

MAX_COUNT = 100_000
CHUNK = 2_000


def generate_cases(*, count: int, seed: int) -> Iterator[CaseRecord]:
    """Up to `count` cases, the same for the same catalogue and seed. Raises InvalidInput naming count or catalogue."""
    if not 1 <= count <= MAX_COUNT:
        raise InvalidInput({"count": f"must be from 1 to {MAX_COUNT:,}"})
    subjects = list(_read_subjects())
    if not subjects:
        raise InvalidInput(
            {"catalogue": "has no published function to make cases of: import some first, with import_functions"},
            code="empty",
        )
    return map(_to_record, generate(subjects, count=count, seed=seed))


def _read_subjects() -> Iterator[Subject]:
    fields = ("library__name", "external_id", "name", "language", "qualified_name", "description", "signature")
    rows = Function.objects.published().order_by("pk").values_list(*fields, "keywords", "action", "data_type")
    for library, external_id, name, language, qualified_name, description, *texts in rows.iterator(chunk_size=CHUNK):
        signature, keywords, action, data_type = texts
        yield Subject(
            key=f"{library}/{external_id}",
            name=name,
            language=language,
            qualified_name=qualified_name,
            description=description,
            signature=signature,
            keywords=tuple(keywords),
            action=action,
            data_type=data_type,
        )


def _to_record(case: GeneratedCase) -> CaseRecord:
    return CaseRecord(
        external_id=case.external_id,
        query=case.query,
        expected=case.expected,
        filters=case.filters,
        tags=case.tags,
        group=case.group,
        made_by=case.made_by,
    )
