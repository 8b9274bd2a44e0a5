"""The back office's side bar: what each role may open, and nothing else."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

OVERVIEW = "admin:index"


@dataclass(frozen=True, slots=True)
class Item:
    """One line; without a permission it is for all."""

    title: str
    icon: str
    url: str
    permission: str = ""


GROUPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    ("", (Item("Overview", "dashboard", OVERVIEW),)),
    (
        "Catalogue",
        (
            Item("Functions", "function", "admin:functions_function_changelist", "functions.view_function"),
            Item("Libraries", "library_books", "admin:functions_library_changelist", "functions.view_library"),
            Item(
                "Synonyms",
                "compare_arrows",
                "admin:functions_synonymgroup_changelist",
                "functions.view_synonymgroup",
            ),
            Item("Import", "upload_file", "admin:functions_function_import", "functions.add_function"),
            Item("Try a search", "search", "admin:functions_function_try", "functions.view_function"),
            Item("Search index", "database", "admin:functions_function_index", "functions.view_function"),
        ),
    ),
    (
        "Evaluation",
        (
            Item("Suites", "checklist", "admin:evaluations_suite_changelist", "evaluations.view_suite"),
            Item("Cases", "quiz", "admin:evaluations_case_changelist", "evaluations.view_case"),
            Item("Runs", "speed", "admin:evaluations_run_changelist", "evaluations.view_run"),
            Item("Outcomes", "rule", "admin:evaluations_caseoutcome_changelist", "evaluations.view_caseoutcome"),
            Item("Reports", "lab_profile", "admin:evaluations_report_changelist", "evaluations.view_report"),
            Item(
                "Scheduled sweeps", "event_repeat", "admin:evaluations_schedule_changelist", "evaluations.view_schedule"
            ),
            Item("Messages", "outgoing_mail", "admin:evaluations_delivery_changelist", "evaluations.view_delivery"),
        ),
    ),
    (
        "Models",
        (
            Item("Providers", "dns", "admin:inference_provider_changelist", "inference.view_provider"),
            Item("Models", "neurology", "admin:inference_servedmodel_changelist", "inference.view_servedmodel"),
            Item("Aliases", "alt_route", "admin:inference_alias_changelist", "inference.view_alias"),
            Item("Budgets", "savings", "admin:inference_budget_changelist", "inference.view_budget"),
            Item("Caches", "cached", "admin:inference_cachesetting_changelist", "inference.change_caches"),
            Item("Calls", "receipt_long", "admin:inference_call_changelist", "inference.view_call"),
        ),
    ),
    (
        "Work",
        (
            Item("Background jobs", "pending_actions", "admin:core_job_changelist", "core.view_job"),
            Item(
                "Schedules",
                "schedule",
                "admin:django_celery_beat_periodictask_changelist",
                "django_celery_beat.view_periodictask",
            ),
        ),
    ),
    (
        "People",
        (
            Item("Users", "group", "admin:users_user_changelist", "users.view_user"),
            Item("API keys", "key", "admin:users_apikey_changelist", "users.view_apikey"),
            Item("Tokens", "generating_tokens", "admin:users_tokenfamily_changelist", "users.view_tokenfamily"),
            Item("Audit log", "history", "admin:core_auditentry_changelist", "core.view_audit"),
        ),
    ),
    (
        "Elsewhere",
        (
            Item("Search page", "open_in_new", "functions:search"),
            Item("Sweeps page", "open_in_new", "evaluations:suites"),
            Item("API reference", "api", "api:docs"),
        ),
    ),
)


def build_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's SIDEBAR navigation."""
    groups = []
    addresses = {item.url: reverse(item.url) for _, items in GROUPS for item in items}
    current = _find_current(request.path, addresses)
    for title, items in GROUPS:
        shown = [
            {"title": item.title, "icon": item.icon, "link": addresses[item.url], "active": item.url == current}
            for item in items
            if not item.permission or request.user.has_perm(item.permission)
        ]
        if shown:
            groups.append({"title": title, "separator": bool(title), "items": shown})
    return groups


def _find_current(path: str, addresses: dict[str, str]) -> str:
    """The item whose address is the longest that the page's begins with; the overview only for itself."""
    fitting = [
        name
        for name, address in addresses.items()
        if path == address or (name != OVERVIEW and path.startswith(address))
    ]
    return max(fitting, key=lambda name: len(addresses[name]), default="")
