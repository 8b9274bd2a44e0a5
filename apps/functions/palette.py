"""Functions in the palette, found as the search page finds them."""

from typing import Any

from apps.core.errors import InvalidInput
from apps.core.palette.options import Option
from apps.functions.rendering import name_language
from apps.functions.services.searching import search_functions

MOST = 7


def look_up_functions(query: str, user: Any) -> list[Option]:
    """Nothing for who may not see functions, and for what search refuses."""
    if not user.has_perm("functions.view_function"):
        return []
    try:
        answer = search_functions(query=query, language=None, library=None, limit=MOST, user_id=user.pk)
    except InvalidInput:
        return []
    return [
        Option(
            title=str(result.function),
            icon="function",
            href=result.function.get_absolute_url(),
            note=name_language(result.function.language),
        )
        for result in answer.results
    ]
