"""The tables of docs/access.md, made of the tables that are asked: `python scripts/access_page.py` writes them."""

from collections.abc import Iterable

from apps.users.access.deciding import permission_of, person_may
from apps.users.access.routes import Route, walk_routes
from apps.users.access.rules import ACTIONS, Rule, Surface, Who
from apps.users.access.table import ROUTES
from apps.users.roles import RIGHTS, Role, grants
from apps.users.scopes import SCOPES

BEGIN = "<!-- Made by scripts/access_page.py: from here -->"
END = "<!-- to here -->"
ROLES = (Role.VIEWER, Role.SERVICE, Role.CURATOR, Role.ADMIN)
BACK_OFFICE = "admin:"
LIST = "_changelist"


def update_page(text: str) -> str:
    """The page with its tables as they are now. Raises ValueError for one without the two marks."""
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n\n{build_tables()}\n{END}{tail}"


def build_tables() -> str:
    routes = [route for route in walk_routes() if route.name in ROUTES]
    own = [route for route in routes if not route.name.startswith(BACK_OFFICE)]
    return "\n".join(
        (
            "### Rights\n",
            table(("it lets somebody", "permissions", *ROLES), rights_rows()),
            "### Scopes of keys\n",
            table(("scope", "it lets a key", "permission", "for keys of"), scope_rows()),
            "### Pages\n",
            table(("address", "method", "asks", "who"), route_rows(own, Surface.PAGE)),
            "### API\n",
            table(("address", "method", "asks", "who"), route_rows(own, Surface.API)),
            "### Back office\n",
            table(("pages of", "look", *ACTIONS), model_rows(routes)),
            table(("address", "method", "asks", "who"), route_rows(odd_pages(routes), Surface.BACK_OFFICE)),
        )
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rights_rows() -> list[list[str]]:
    return [
        [right.what.lower(), code(right.permissions), *("yes" if role in right.roles else "" for role in ROLES)]
        for right in RIGHTS
    ]


def scope_rows() -> list[list[str]]:
    return [
        [code([scope.name]), scope.label.lower(), code([scope.permission]), roles_with(scope.permission)]
        for scope in SCOPES.values()
    ]


def route_rows(routes: Iterable[Route], surface: Surface) -> list[list[str]]:
    rows = []
    for route in routes:
        rule = ROUTES[route.name]
        if rule.surface is not surface:
            continue
        address = "/" + route.pattern.replace("^", "").replace("$", "").replace("|", ", ")
        for need in dict.fromkeys(rule.needs.values()):
            methods = ", ".join(method for method, asked in rule.needs.items() if asked == need)
            asks = "" if isinstance(need, Who) else code([need])
            rows.append([code([address]), methods, asks, who_may(rule, need)])
    return rows


def model_rows(routes: Iterable[Route]) -> list[list[str]]:
    """Of each model its usual pages: who sees the list, the history and the rows, and who changes them."""
    rows = []
    for route in lists_of(routes):
        app, model = route.pattern.split("/")[1:3]
        pages = route.name.removesuffix(LIST)
        look = who_may(ROUTES[route.name], ROUTES[route.name].needs["GET"])
        acts = (ROUTES[f"{pages}_{action}"] for action in ACTIONS)
        rows.append([code([f"{app}.{model}"]), look, *(who_may(rule, rule.needs["POST"]) for rule in acts)])
    return rows


def odd_pages(routes: list[Route]) -> list[Route]:
    """What of the back office is none of a model's usual pages."""
    usual = {
        f"{route.name.removesuffix(LIST)}_{page}"
        for route in lists_of(routes)
        for page in (*ACTIONS, "history", "changelist")
    }
    return [route for route in routes if route.name.startswith(BACK_OFFICE) and route.name not in usual]


def lists_of(routes: Iterable[Route]) -> list[Route]:
    return [route for route in routes if route.name.startswith(BACK_OFFICE) and route.name.endswith(LIST)]


def who_may(rule: Rule, need: str) -> str:
    """The roles; for what no role says, the words of it."""
    if isinstance(need, Who):
        return need.value
    if rule.surface is Surface.API:
        return roles_with(permission_of(need))
    return ", ".join(role for role in ROLES if all(person_may(role, asked) for asked in rule.all_of(need)))


def roles_with(permission: str) -> str:
    return ", ".join(role for role in ROLES if grants(role, permission))


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
