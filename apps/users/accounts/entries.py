"""A wide limit on the forms that strangers send: guesses of many accounts at once come from few networks."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.addresses import client_network
from apps.core.errors import render_error
from apps.users.limits import counting
from apps.users.limits.policies import Limit


def limit_entries(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, taking so many forms a minute from one network."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and (wait := count_entry(request)):
            detail = f"Too many forms came from your network. Try again in {wait} seconds."
            response = render_error(request, 429, "rate_limited", detail)
            response["Retry-After"] = str(wait)
            return response
        return view(request, *args, **kwargs)

    return answer


def count_entry(request: HttpRequest) -> int:
    """Counts one form; the seconds to wait when there were too many, else 0."""
    limit = Limit("sign_in", client_network(request) or "-", settings.LIMIT_SIGN_INS_PER_MINUTE)
    verdict = counting.count(limit)
    return verdict.wait(timezone.now()) if verdict.code else 0
