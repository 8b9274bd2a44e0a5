"""Sends whoever must have a second factor and has none to set one up, before anything else."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.errors import problem_response, wants_json
from apps.users.accounts.second_factor import has_second_factor, must_have_second_factor

# What is needed to set one up, and to leave.
OPEN_ROUTES = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "users:session_state",
        "users:renew_session",
    }
)


class SecondFactorMiddleware:
    """Looks at people's sessions only: programs come with keys and tokens, which nobody can be asked a code for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if settings.REQUIRE_SECOND_FACTOR == "off" or not request.user.is_authenticated:
            return None
        route = request.resolver_match.view_name if request.resolver_match else ""
        if route in OPEN_ROUTES or not must_have_second_factor(request.user) or has_second_factor(request.user):
            return None
        if wants_json(request):
            detail = "This account must have a second factor: set one up in its profile."
            return problem_response(request, 403, code="second_factor_missing", detail=detail)
        return redirect("mfa_index")
