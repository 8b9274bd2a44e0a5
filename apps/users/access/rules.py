"""What a row of the access table may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType

from apps.users.roles import USE_BACK_OFFICE

ACTIONS = ("add", "change", "delete")


class Who(StrEnum):
    """For what no single permission says. Anything else that a row asks for is a permission, or a scope of the API."""

    PUBLIC = "everybody"
    SIGNED_IN = "signed-in people"
    OWN = "signed-in people, for what is their own"
    ANY_KEY = "signed-in people, and any live key or token"
    SCRAPER = "who asks from METRICS_NETWORKS, and keys with `metrics:read`"
    NOBODY = "nobody"


class Surface(Enum):
    """How an answer reads: a page sends strangers to sign in, the API answers 401 and 403.

    The back office is pages for those who may use it, whatever else a page of it asks.
    """

    PAGE = "page"
    BACK_OFFICE = "back office"
    API = "API"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks, by method. A method that is not named is not allowed there; HEAD and OPTIONS are as GET."""

    surface: Surface
    needs: Mapping[str, str]

    def need_of(self, method: str) -> str | None:
        return self.needs.get("GET" if method in ("HEAD", "OPTIONS") else method)

    def all_of(self, need: str) -> tuple[str, ...]:
        """The need, and what everything on the rule's surface asks besides."""
        return (USE_BACK_OFFICE, need) if self.surface is Surface.BACK_OFFICE else (need,)

    @property
    def methods(self) -> list[str]:
        return [*self.needs, *(("HEAD", "OPTIONS") if "GET" in self.needs else ())]


def page(**needs: str) -> Rule:
    """`page(GET="functions.view_function", POST="functions.change_function")`"""
    return Rule(Surface.PAGE, MappingProxyType(needs))


def reads(need: str) -> Rule:
    return page(GET=need)


def form(need: str) -> Rule:
    """A page that shows a form, and takes it."""
    return page(GET=need, POST=need)


def acts(need: str) -> Rule:
    """A button's address."""
    return page(POST=need)


def api(**needs: str) -> Rule:
    """`api(GET="functions:read", POST="functions:write")`: scopes, each of which stands for a permission."""
    return Rule(Surface.API, MappingProxyType(needs))


def in_back_office(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    return {name: Rule(Surface.BACK_OFFICE, rule.needs) for name, rule in rules.items()}


def admin_model(
    model: str, may: str = "", *, view: str = "", more: Mapping[str, Rule] | None = None
) -> dict[str, Rule]:
    """The back office's pages of a model, `app.model`; `may` has those of "add change delete" that are open at all.

    Its list, its history and each row ask for the permission to view it, or for `view`. `more` are pages of its own.
    """
    app, _, name = model.partition(".")
    prefix, view = f"admin:{app}_{name}", view or f"{app}.view_{name}"
    allowed = {action: f"{app}.{action}_{name}" if action in may.split() else Who.NOBODY for action in ACTIONS}
    return {
        f"{prefix}_changelist": page(GET=view, POST=view),
        f"{prefix}_add": form(allowed["add"]),
        f"{prefix}_change": page(GET=view, POST=allowed["change"]),
        f"{prefix}_delete": form(allowed["delete"]),
        f"{prefix}_history": reads(view),
        **{f"{prefix}_{own}": rule for own, rule in (more or {}).items()},
    }
