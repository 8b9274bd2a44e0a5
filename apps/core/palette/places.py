"""The pages that the side bar and the palette lead to. Who may open them says the gate, which `apps.users` sets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.urls import reverse

from apps.core.palette.options import Option


@dataclass(frozen=True, slots=True)
class Place:
    """A page. `within` are patterns of the view names below it, `words` what else it may be asked by."""

    title: str
    icon: str
    view: str
    within: tuple[str, ...] = ()
    words: str = ""

    def mark(self, view: str) -> str:
        """The value of aria-current on the page of the view named `view`."""
        if self.view == view:
            return "page"
        return "true" if any(fnmatchcase(view, pattern) for pattern in self.within) else ""


MAIN = (
    Place("Home", "home", "core:home", words="start overview dashboard"),
    Place("Search", "search", "functions:search", ("functions:[ders]*",), "find functions"),
    Place("Functions", "function", "functions:browse", ("functions:new",), words="catalogue browse list all"),
    Place("Sweeps", "sweep", "evaluations:suites", ("evaluations:*",), "suites runs evaluations reports"),
    Place(
        "Inference", "gauge", "inference:performance", ("inference:*",), "models cost latency tokens caches performance"
    ),
    Place("Import", "upload", "functions:import", words="upload load functions file"),
    Place("Jobs", "jobs", "core:jobs", ("core:job",), "work queue background"),
    Place("Members", "users", "users:members", ("users:member*", "users:invit*"), "people accounts roles invite"),
)
ASIDE = (
    Place("API docs", "code", "api:docs", words="rest openapi reference"),
    Place("Admin", "sliders", "admin:index", words="back office"),
)
ACCOUNT = (
    Place("Profile", "user", "users:account", words="account name email password second factor passkey"),
    Place("API keys", "key", "users:keys", words="tokens account"),
    Place("Sessions", "screen", "users:sessions", words="signed in devices account"),
)
ELSEWHERE = (
    Place("My calls", "gauge", "inference:calls", words="models inference cost tokens kept texts retention"),
    Place("Runs", "sweep", "evaluations:runs", words="sweeps list"),
    Place("Reports", "sweep", "evaluations:reports", words="sweeps verdicts acknowledged"),
    Place("Wrong answers", "inbox", "evaluations:drafts", words="feedback drafts cases"),
    Place("Schedules", "clock", "evaluations:schedules", words="sweeps regular"),
    Place("Providers", "sliders", "admin:inference_provider_changelist", words="models servers addresses keys"),
    Place("Models", "sliders", "admin:inference_servedmodel_changelist", words="inference prices providers"),
    Place("Aliases", "sliders", "admin:inference_alias_changelist", words="models names order"),
    Place("Budgets", "sliders", "admin:inference_budget_changelist", words="models cost dollars tokens limits"),
    Place("Calls of models", "sliders", "admin:inference_call_changelist", words="cost tokens latency log"),
    Place("Design system", "palette", "core:design", words="components tokens styles"),
)
BEGINNINGS = (
    Place("Write a function", "plus", "functions:new", words="new add create"),
    Place("New suite", "plus", "evaluations:new_suite", words="add create sweep cases"),
    Place("New schedule", "plus", "evaluations:new_schedule", words="add create sweep regular"),
)
GROUPS = {"main": MAIN, "aside": ASIDE, "account": ACCOUNT}


@dataclass(frozen=True, slots=True)
class Link:
    """A place as somebody sees it on one page. `current` is the value of aria-current, or nothing."""

    title: str
    icon: str
    href: str
    current: str


Gate = Callable[[Any, str], bool]

_gates: list[Gate] = []


def register_gate(may_open: Gate) -> None:
    """`may_open(user, view)` says whether the user may open the page of the view of that name."""
    _gates[:] = [may_open]


def list_links(places: tuple[Place, ...], *, user: Any, view: str) -> Iterator[Link]:
    """Those that `user` may open, on the page of the view named `view`."""
    for place, href in _open_places(places, user):
        yield Link(place.title, place.icon, href, place.mark(view))


def list_options(places: tuple[Place, ...], *, user: Any) -> Iterator[Option]:
    for place, href in _open_places(places, user):
        yield Option(title=place.title, icon=place.icon, href=href, words=place.words)


def _open_places(places: tuple[Place, ...], user: Any) -> Iterator[tuple[Place, str]]:
    for place in places:
        if all(may_open(user, place.view) for may_open in _gates):
            yield place, reverse(place.view)
