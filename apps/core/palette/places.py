"""The pages that the side bar and the palette lead to, each for those who may open it."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from django.urls import NoReverseMatch, reverse

from apps.core.palette.options import Option


class Person(Protocol):
    """What is asked of whoever looks at a page."""

    @property
    def is_staff(self) -> bool: ...

    def has_perm(self, perm: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A page. `within` are patterns of view names that stand below it; `words` are what else it may be asked by."""

    title: str
    icon: str
    view: str
    permission: str = ""
    staff: bool = False
    within: tuple[str, ...] = ()
    words: str = ""

    def allows(self, user: Person) -> bool:
        if self.staff:
            return user.is_staff
        return not self.permission or user.has_perm(self.permission)

    def covers(self, view: str) -> bool:
        return any(fnmatchcase(view, pattern) for pattern in self.within)


MAIN = (
    Place("Home", "home", "core:home", words="start overview dashboard"),
    Place(
        "Search",
        "search",
        "functions:search",
        "functions.view_function",
        within=("functions:detail", "functions:edit", "functions:revision"),
        words="find functions",
    ),
    Place(
        "Sweeps",
        "sweep",
        "evaluations:suites",
        "evaluations.view_suite",
        within=("evaluations:*",),
        words="suites runs evaluations reports",
    ),
    Place(
        "Import",
        "upload",
        "functions:import",
        "functions.add_function",
        within=("functions:new",),
        words="upload load functions file",
    ),
    Place("Jobs", "jobs", "core:jobs", "core.view_job", within=("core:job",), words="work queue background"),
    Place("Members", "users", "users:members", "users.view_user", within=("users:member*", "users:invit*")),
)
ASIDE = (
    Place("API docs", "code", "api:docs", words="rest openapi reference"),
    Place("Admin", "sliders", "admin:index", staff=True, words="back office"),
)
ACCOUNT = (
    Place("Profile", "user", "users:account", words="account name email password second factor passkey"),
    Place("API keys", "key", "users:keys", words="tokens account"),
    Place("Sessions", "screen", "users:sessions", words="signed in devices account"),
)
ELSEWHERE = (
    Place("Wrong answers", "inbox", "evaluations:drafts", "evaluations.change_case", words="feedback drafts cases"),
    Place("Schedules", "clock", "evaluations:schedules", "evaluations.view_schedule", words="sweeps regular cron"),
    Place("Design", "palette", "core:design", words="components tokens styles"),
)
PLACES = (*MAIN, *ASIDE, *ACCOUNT, *ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Link:
    """A place as somebody sees it on one page. `current` is the value of aria-current, or nothing."""

    title: str
    icon: str
    href: str
    current: str = ""


def list_links(places: tuple[Place, ...], *, user: Person, view: str) -> Iterator[Link]:
    """Those of the places that `user` may open, on the page of the view named `view`."""
    for place in places:
        if place.allows(user) and (href := _address(place.view)):
            current = "page" if place.view == view else "true" if place.covers(view) else ""
            yield Link(place.title, place.icon, href, current)


def list_places(user: Person) -> Iterator[Option]:
    """What the palette offers of them."""
    for place in PLACES:
        if place.allows(user) and (href := _address(place.view)):
            yield Option(title=place.title, icon=place.icon, href=href, words=place.words)


def _address(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""
