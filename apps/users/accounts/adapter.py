"""Where django-allauth asks what is particular to Touchstone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.addresses import client_address
from apps.users.accounts.lockout import one_guess_at_a_time
from apps.users.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This email address and password do not go together.",
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        with one_guess_at_a_time(request, credentials.get("email", "")):
            user: User | None = super().authenticate(request, **credentials)
        return user

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only places on the host that was asked: no other of ALLOWED_HOSTS has to be ours."""
        secure = self.request.is_secure()
        return url_has_allowed_host_and_scheme(url, {self.request.get_host()}, require_https=secure)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "-"
