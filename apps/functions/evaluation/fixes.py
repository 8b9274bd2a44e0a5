"""What curators do about a cause from the report: each fix is a change of the catalogue, with its history."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import transaction

from apps.core.errors import InvalidInput
from apps.core.targets.types import Failure
from apps.functions.models import Function, FunctionState, Origin
from apps.functions.references import find_referred, refer_to
from apps.functions.services import catalogue, synonyms

MAX_NOTE = 300

Apply = Callable[[Failure, Mapping[str, str], int | None], str]


def apply_fix(name: str, failure: Failure, values: Mapping[str, str], *, user_id: int | None) -> str:
    """Does what `Fix` proposed, with the values of its form. Raises InvalidInput naming the field."""
    if name not in FIXES:
        raise InvalidInput({"fix": f"is none of {', '.join(FIXES)}"})
    return FIXES[name](failure, values, user_id)


def _add_keyword(failure: Failure, values: Mapping[str, str], user_id: int | None) -> str:
    function = _find_function("function", values, failure.question.expected, "no right answer of this case")
    words = [word for part in values.get("keywords", "").split(",") if (word := part.strip())]
    if not words:
        raise InvalidInput({"keywords": "is empty"})
    chosen = Function.objects.filter(pk=function.pk)
    changed = catalogue.add_keywords(functions=chosen, add=words, remove=[], user_id=user_id, origin=Origin.PAGE)
    named = f"{'keywords' if len(words) > 1 else 'keyword'} {', '.join(words)}"
    return f"{refer_to(function)} has the {named} {'now' if changed else 'already'}."


def _add_synonym(failure: Failure, values: Mapping[str, str], user_id: int | None) -> str:
    words = {field: values.get(field, "").strip().lower() for field in ("word", "synonym")}
    for field, word in words.items():
        if reason := synonyms.refuse_word(word) if word else "is empty":
            raise InvalidInput({field: reason})
    try:
        group = synonyms.add_synonym(word=words["word"], synonym=words["synonym"], user_id=user_id)
    except InvalidInput as error:
        # Each word is fine by itself: it is the two that do not go together.
        raise InvalidInput({"synonym": error.errors["words"]}) from error
    return f"These mean the same to search now: {group}."


@transaction.atomic
def _merge_duplicates(failure: Failure, values: Mapping[str, str], user_id: int | None) -> str:
    known = [*failure.question.expected, *(answer["id"] for answer in failure.outcome.got)]
    kept, retired = (
        _find_function(field, values, known, "no answer to this case, right or given") for field in ("keep", "retire")
    )
    if kept.pk == retired.pk:
        raise InvalidInput({"retire": "is the one to keep"})
    # Locked in one order, so that two people cannot retire each in favour of the other.
    locked = Function.objects.select_for_update().filter(pk__in=[kept.pk, retired.pk]).order_by("pk")
    states: dict[Any, str] = dict(locked.values_list("pk", "state"))
    if states.get(kept.pk) != FunctionState.PUBLISHED:
        raise InvalidInput({"keep": "is not published: nothing would be left"})
    changed = catalogue.set_state(
        functions=Function.objects.filter(pk=retired.pk),
        state=FunctionState.RETIRED,
        user_id=user_id,
        origin=Origin.PAGE,
        note=f"a duplicate of {refer_to(kept)}"[:MAX_NOTE],
    )
    return f"{refer_to(retired)} is retired {'now' if changed else 'already'}: {refer_to(kept)} stands for it."


def _find_function(field: str, values: Mapping[str, str], allowed: Collection[str], otherwise: str) -> Function:
    """The function that a field names, of those that the case is about."""
    reference = values.get(field, "").strip()
    if not reference:
        raise InvalidInput({field: "is empty"})
    found = find_referred({*allowed, reference})
    keys = {function.pk for one in allowed for function in found.get(one, ())}
    function = next((function for function in found.get(reference, ()) if function.pk in keys), None)
    if function is None:
        raise InvalidInput({field: f"is {otherwise}"})
    return function


FIXES: dict[str, Apply] = {
    "add_keyword": _add_keyword,
    "add_synonym": _add_synonym,
    "merge_duplicates": _merge_duplicates,
}
