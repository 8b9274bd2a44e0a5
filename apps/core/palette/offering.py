"""What the palette offers for what was typed: pages, things to do, and what apps look up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from apps.core.palette.options import Option
from apps.core.palette.places import ACCOUNT, ASIDE, BEGINNINGS, ELSEWHERE, MAIN, list_options

MOST_TYPED = 200
THEME = Option(title="Light or dark theme", icon="moon", control="[data-theme-toggle]", words="switch mode colours")
SIGN_OUT = Option(title="Sign out", icon="leave", form="sign-out", words="log out leave account")

Lookup = Callable[[str, Any], list[Option]]
"""`look_up(query, user)`, for a query that is not empty."""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    options: list[Option]


_lookups: dict[str, str] = {}


def register_lookup(title: str, path: str) -> None:
    """`path` is where a Lookup is, which is imported when somebody types."""
    _lookups[title] = path


def offer(*, user: Any, query: str) -> list[Group]:
    """The groups that have something. Without a query: the pages, and what can be done anywhere."""
    typed = query[:MOST_TYPED].strip()
    pages = list_options((*MAIN, *ELSEWHERE, *ACCOUNT, *ASIDE), user=user)
    actions = (*list_options(BEGINNINGS, user=user), THEME, SIGN_OUT)
    groups = [Group("Pages", _fitting(pages, typed)), Group("Actions", _fitting(actions, typed))]
    if typed:
        groups += [Group(title, import_string(path)(typed, user)) for title, path in _lookups.items()]
    return [group for group in groups if group.options]


def _fitting(options: Iterable[Option], typed: str) -> list[Option]:
    """Those in which each word of what was typed begins a word; first those whose title it begins."""
    wanted = typed.lower().split()
    fitting = [option for option in options if all(_begins_any(part, option) for part in wanted)]
    return sorted(fitting, key=lambda option: not option.title.lower().startswith(typed.lower()))


def _begins_any(part: str, option: Option) -> bool:
    return any(word.startswith(part) for word in f"{option.title} {option.words}".lower().split())
