"""Revisions paired with the ones before them, to show what each changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.functions.models import Function, Revision
from apps.functions.services.catalogue import FieldChange, diff_revisions


@dataclass(frozen=True, slots=True)
class RevisionChange:
    """A revision and what it changed against the one before."""

    revision: Revision
    changes: list[FieldChange]


def describe_revisions(function: Function, revisions: Sequence[Revision]) -> list[RevisionChange]:
    """What each of some revisions of a function changed, with one query for all that came before them."""
    numbers = [revision.number - 1 for revision in revisions]
    older = {revision.number: revision for revision in function.revisions.filter(number__in=numbers)}
    return [
        RevisionChange(revision, diff_revisions(older.get(revision.number - 1), revision)) for revision in revisions
    ]
