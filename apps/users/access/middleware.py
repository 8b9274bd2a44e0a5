"""The one place that lets a page be asked for, or not."""

from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from apps.core.errors import render_error
from apps.users.access.deciding import may
from apps.users.access.rules import Rule, Surface, Who
from apps.users.access.scraping import may_scrape
from apps.users.access.table import find_rule

NO_METRICS = "Metrics are read from the addresses of METRICS_NETWORKS, or with a key that has metrics:read."

log = structlog.get_logger(__name__)


class AccessMiddleware:
    """Refuses by the row of the route before its view runs. API views answer by the same row (`HasScope`).

    Belongs behind the middleware that says who asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        route = request.resolver_match.view_name if request.resolver_match else ""
        rule = find_rule(route)
        if rule is None:
            log.error("route_without_row", route=route)
            return render_error(request, 403, "no_access_rule", "Nobody may open this: it is in no row of the table.")
        return None if rule.surface is Surface.API else refuse(request, rule)


def refuse(request: HttpRequest, rule: Rule) -> HttpResponse | None:
    """What somebody gets who may not do this; None for who may."""
    need = rule.need_of(str(request.method))
    if need is None:
        return HttpResponseNotAllowed(rule.methods)
    if need == Who.SCRAPER:
        return None if may_scrape(request) else render_error(request, 403, "metrics_not_allowed", NO_METRICS)
    if all(may(request.user, asked) for asked in rule.all_of(need)):
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    detail = f"The role {request.user.role} does not allow this. An admin can give you another."
    return render_error(request, 403, "role_not_allowed", detail)
