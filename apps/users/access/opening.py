"""Whether a page may be opened, for the lists of links that lead to pages."""

from typing import Any

from apps.users.access.deciding import may
from apps.users.access.table import find_rule


def may_open(user: Any, route: str) -> bool:
    """Whether the user's GET of the route of this name would be answered."""
    rule = find_rule(route)
    need = rule.need_of("GET") if rule else None
    return need is not None and may(user, need)
